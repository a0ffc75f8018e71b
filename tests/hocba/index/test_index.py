"""Opening an index, and what a transaction promises, on both databases."""

import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from hocba.errors import IndexConflict, IndexOutdated, IndexUnavailable
from hocba.index.engine import open_engine
from hocba.index.index import HEAD, Index
from hocba.index.migrate import migrate, newest_migration
from hocba.index.rows import NewAuditEvent
from hocba.index.tables import metadata
from schemas.findings import Language, finding
from tests.support.rows import NOW, batch, fill, record


def test_migrations_make_the_tables_that_the_program_uses(index_url: str) -> None:
    migrate(index_url)
    engine = open_engine(index_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_known_head_is_the_newest_migration() -> None:
    assert newest_migration() == HEAD


def test_migrating_twice_keeps_what_is_there(index_url: str) -> None:
    migrate(index_url)
    with Index.open(index_url) as index:
        fill(index, record())
    migrate(index_url)
    with Index.open(index_url) as index, index.reading() as tx:
        assert tx.records.find("hb-1") == record()


def test_two_migrations_at_once_go_one_after_the_other(index_url: str) -> None:
    code = "import sys; from hocba.index.migrate import migrate; migrate(sys.argv[1])"
    runs = [
        subprocess.Popen([sys.executable, "-c", code, index_url], stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    assert [(run.communicate()[1], run.returncode) for run in runs] == [(b"", 0)] * 3
    Index.open(index_url).close()


def test_threads_migrate_one_after_the_other(index_url: str) -> None:
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(migrate, [index_url] * 3))
    Index.open(index_url).close()


def test_an_index_that_was_never_migrated_names_the_command(index_url: str, tmp_path: Path) -> None:
    (tmp_path / "index.sqlite3").touch()
    with pytest.raises(IndexOutdated) as raised:
        Index.open(index_url)
    for language in Language:
        assert "hocba migrate" in raised.value.finding.message(language)


def test_an_index_of_another_version_is_refused(index_url: str) -> None:
    migrate(index_url)
    engine = open_engine(index_url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(IndexOutdated, match="9999"):
        Index.open(index_url)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite:////nowhere/at/all.sqlite3", "does not exist"),
        ("sqlite://", "in memory"),
        ("mysql://localhost/x", "neither sqlite nor postgresql"),
        ("no url", "not a database URL"),
        ("postgresql://nobody@localhost:1/x", "OperationalError"),
    ],
)
def test_what_cannot_be_an_index_is_unavailable(url: str, reason: str) -> None:
    with pytest.raises(IndexUnavailable, match=reason):
        Index.open(url)


def test_an_error_rolls_the_whole_transaction_back(index: Index) -> None:
    class Crash(Exception):  # noqa: N818 -- a crash
        pass

    def crash() -> None:
        with index.transaction() as tx:
            tx.batches.create(batch())
            raise Crash

    with pytest.raises(Crash):
        crash()
    with index.reading() as tx:
        assert tx.batches.find("batch-1") is None


def test_reading_cannot_write(index: Index) -> None:
    def write() -> None:
        with index.reading() as tx:
            tx.batches.create(batch())

    with pytest.raises(IndexUnavailable):
        write()
    with index.transaction() as tx:  # the same connection may write again afterwards
        tx.batches.create(batch())


def test_reading_sees_one_state(index: Index) -> None:
    with index.reading() as before:
        assert before.batches.find("batch-1") is None
        with index.transaction() as tx:
            tx.batches.create(batch())
        assert before.batches.find("batch-1") is None
    with index.reading() as after:
        assert after.batches.find("batch-1") is not None


def test_writers_wait_for_each_other(index: Index) -> None:
    fill(index, record())

    def bump() -> None:
        for _ in range(10):
            with index.transaction() as tx:
                current = tx.records.current(["hb-1"], lock=True)["hb-1"]
                tx.records.replace([record(phienban=current.phienban + 1)])

    threads = [threading.Thread(target=bump) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    with index.reading() as tx:
        found = tx.records.find("hb-1")
    assert found is not None
    assert found.phienban == 41


def test_a_row_that_another_wrote_first_is_a_conflict(index: Index) -> None:
    fill(index, record())
    with pytest.raises(IndexConflict):
        fill(index, record())


@pytest.mark.postgresql
def test_a_deadlock_is_a_conflict_to_be_tried_again(postgresql_url: str) -> None:
    migrate(postgresql_url)
    with Index.open(postgresql_url) as index:
        fill(index, record(), record(madinhdanhhocba="hb-2"))
        both_hold_one = threading.Barrier(2)

        def lock(first: str, second: str) -> str:
            try:
                with index.transaction() as tx:
                    tx.records.current([first], lock=True)
                    both_hold_one.wait()
                    tx.records.current([second], lock=True)
            except IndexConflict:
                return "conflict"
            return "done"

        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(lock, ["hb-1", "hb-2"], ["hb-2", "hb-1"]))
    assert sorted(found) == ["conflict", "done"]


def test_an_error_goes_to_another_process_whole() -> None:
    error = IndexOutdated(finding("HB-I101", expected="2", found="1"))
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 -- our own bytes
    assert (type(again), again.finding, str(again)) == (type(error), error.finding, str(error))


def test_a_conflict_does_not_show_the_values_of_the_row(index: Index) -> None:
    fill(index, record())
    with pytest.raises(IndexConflict) as raised:
        fill(index, record())
    assert "Nguyễn" not in str(raised.value)


@pytest.mark.parametrize("table", ["audit_events", "versions"])
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET phienban = 7", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
def test_the_database_itself_keeps_a_table_append_only(
    index: Index, index_url: str, table: str, statement: str
) -> None:
    fill(index, record())
    with index.transaction() as tx:
        tx.audit.append(NewAuditEvent(at=NOW, actor="x", action="y", phienban=1))
    engine = open_engine(index_url)
    with (
        pytest.raises(sqlalchemy.exc.DBAPIError, match=r"append-only|syntax error"),
        engine.begin() as connection,
    ):
        connection.execute(sqlalchemy.text(statement.format(table)))
    with engine.begin() as connection:
        count = connection.scalar(sqlalchemy.text(f"SELECT count(*) FROM {table}"))  # noqa: S608
    engine.dispose()
    assert count == 1


def test_sqlite_cannot_replace_a_row_of_the_audit_trail(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'index.sqlite3'}"
    migrate(url)
    engine = open_engine(url)
    insert = "INTO audit_events (id, at, actor, action) VALUES (1, '2026-01-01', 'a', 'b')"
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text(f"INSERT {insert}"))
    with (
        pytest.raises(sqlalchemy.exc.DBAPIError, match="append-only"),
        engine.begin() as connection,
    ):
        connection.execute(sqlalchemy.text(f"INSERT OR REPLACE {insert}"))
    engine.dispose()


def test_sqlite_is_durable_and_checks_foreign_keys(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'index.sqlite3'}"
    migrate(url)
    engine = open_engine(url)
    with engine.connect() as connection:
        names = ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]
    engine.dispose()
    assert found == ["wal", 2, 1, 1]


def test_an_index_can_be_checked_while_it_is_open(index: Index, index_url: str) -> None:
    index.check()
    engine = open_engine(index_url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("DELETE FROM alembic_version"))
    engine.dispose()
    with pytest.raises(IndexOutdated):
        index.check()
