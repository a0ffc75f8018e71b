"""Whether people in records are who a register of identities (the population database) knows."""
