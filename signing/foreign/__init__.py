"""Signatures of any XML document: other transforms, keys and places than a record's may use."""
