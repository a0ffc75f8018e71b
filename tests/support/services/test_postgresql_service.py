"""The PostgreSQL of the tests is real, and each test has a database of its own."""

import pytest
import sqlalchemy

from tests.support.services.postgresql import PostgreSQL

pytestmark = pytest.mark.postgresql


def test_url_opens_an_empty_database(postgresql_url: str) -> None:
    engine = sqlalchemy.create_engine(postgresql_url)
    with engine.begin() as connection:
        assert (
            connection.scalar(sqlalchemy.text("SELECT current_setting('server_encoding')"))
            == "UTF8"
        )
        connection.execute(sqlalchemy.text("CREATE TABLE hoc_ba (id int)"))
    assert sqlalchemy.inspect(engine).get_table_names() == ["hoc_ba"]
    engine.dispose()


def test_databases_are_separate(postgresql: PostgreSQL, postgresql_url: str) -> None:
    with postgresql.database() as other:
        assert other != postgresql_url
        engine = sqlalchemy.create_engine(other)
        assert sqlalchemy.inspect(engine).get_table_names() == []
        engine.dispose()


def test_orders_by_code_point_and_knows_vietnamese_letters(postgresql_url: str) -> None:
    engine = sqlalchemy.create_engine(postgresql_url)
    with engine.connect() as connection:
        assert connection.scalar(sqlalchemy.text("SELECT lower('ĐẶNG')")) == "đặng"
        assert connection.scalar(sqlalchemy.text("SELECT 'Z' < 'a'")) is True
    engine.dispose()


def test_drops_a_database_that_is_still_in_use(postgresql: PostgreSQL) -> None:
    name = postgresql.create_database()
    with postgresql.connect(name):
        postgresql.drop_database(name)
    with postgresql.connect() as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        assert found.fetchone() is None
