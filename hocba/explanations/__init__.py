"""What was found over many documents, as people work through it: grouped, and as tables."""
