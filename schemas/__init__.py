"""Documents become trusted structure: hardened parser, definitions, findings."""
