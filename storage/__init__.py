"""Versioned object storage: a contract and its implementations. Knows bytes only."""
