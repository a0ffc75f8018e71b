"""Signing keys where users have them."""
