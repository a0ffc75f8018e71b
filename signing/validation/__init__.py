"""The validation processes of ETSI EN 319 102-1."""
