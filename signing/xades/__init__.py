"""XAdES properties (ETSI EN 319 132-1), signed and unsigned."""
