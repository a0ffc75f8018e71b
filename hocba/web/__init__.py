"""HTTP and the pages. The one home of FastAPI."""
