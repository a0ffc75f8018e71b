"""A batch goes in: sources, chunks, decisions, receipts."""
