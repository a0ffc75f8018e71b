"""The province's roster with its history: checked, imported, asked, and the certificates in it."""
