"""Many machines: worker hosts that take batches in together, over one PostgreSQL and one depot."""
