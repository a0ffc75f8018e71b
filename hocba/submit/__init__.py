"""Sending documents to a server: compared, packed, uploaded over lines that break, promised."""
