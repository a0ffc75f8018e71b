"""Structural checks: what a definition demands beyond its XSD, by name and parameters."""
