"""Certificates, trust anchors, paths and revocation (RFC 5280, RFC 6960)."""
