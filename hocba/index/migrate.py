"""Bring an index to the newest migration."""

from pathlib import Path
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from hocba.index.engine import open_engine
from hocba.index.index import translated_errors

_MIGRATIONS = Path(__file__).with_name("migrations")
_ALONE = Lock()
"""Alembic keeps its state in the module: threads go one after the other. Processes wait for each
other at the database."""


def migrate(url: str) -> None:
    """Make the index at *url* if there is none, and bring it to the newest migration.

    Does nothing to one that is there already; two at once go one after the other.
    """
    engine = open_engine(url, create=True)
    try:
        with _ALONE, translated_errors(), engine.begin() as connection:
            command.upgrade(migrations(connection), "head")
    finally:
        engine.dispose()


def migrations(connection: Connection | None = None) -> Config:
    """Alembic's configuration for the packaged migrations."""
    config = Config()
    # Alembic reads % in the path as a reference to another option.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def newest_migration() -> str | None:
    """The revision that `migrate` leads to."""
    return ScriptDirectory.from_config(migrations()).get_current_head()
