"""Putting signatures into records."""
