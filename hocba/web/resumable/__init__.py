"""Resumable uploads: the tus protocol 1.0 over files that survive a crash."""
