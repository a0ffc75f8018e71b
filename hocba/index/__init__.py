"""Who has which records: tables, migrations and queries. The one home of SQLAlchemy."""
