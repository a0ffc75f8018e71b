"""The HTTP interface for systems: routes under /v1, and those for operators."""
