"""The domain in plain Python: outcomes, examined and accepted documents, receipts."""
