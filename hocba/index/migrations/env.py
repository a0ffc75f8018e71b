"""Run by Alembic: applies the steps on the connection that `migrate` hands over."""

from alembic import context
from sqlalchemy import text

from hocba.index.tables import metadata

_LOCK = 0x686F636261  # "hocba": two processes that migrate at once go one after the other

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    context.run_migrations()
