"""Tokens for every test of keys."""

from tests.support.services.softhsm import softhsm

__all__ = ["softhsm"]
