"""The application: model, ingest, index, web, sample province."""
