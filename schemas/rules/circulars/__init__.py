"""Rules of the assessment circulars: small functions over a record view, set up by rule packs."""
