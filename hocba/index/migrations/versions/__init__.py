"""The steps in order; each file is one of them and is never changed once released."""
