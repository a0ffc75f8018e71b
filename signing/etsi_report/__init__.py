"""The validation report in the form that validators exchange: ETSI TS 119 102-2 (XML)."""
