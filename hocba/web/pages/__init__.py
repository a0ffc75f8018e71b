"""The pages for people: parents, and anybody who has a file to check."""
