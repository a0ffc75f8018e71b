"""Several provinces in one repository: a transfer opens the records it brought, and no others."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from hocba.home import Home
from hocba.index.migrate import migrate
from hocba.index.rows import TokenKind
from hocba.transfer.errors import TransferRefused
from hocba.transfer.taking_in import accept_package
from hocba.web.repository import open_repository
from tests.support import signed_home
from tests.support.transfers import SENT_AT, entries, make_package, office_of, package_of
from tests.support.web import served

PUPIL, VICTIM = signed_home.PUPIL, signed_home.RECORD
OTHER = "00000000-0000-4000-8000-000000000099"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """25 has a record of a pupil; 79 has one that names the same pupil, and sent that to 10."""
    home = signed_home.make_home(tmp_path)
    for masogd, data in (
        ("25", signed_home.version()),
        (
            "79",
            signed_home.version(madinhdanhhocba=OTHER, masogd="79", namhoc="2025-2026"),
        ),
    ):
        assert signed_home.take_in(home, data, masogd=masogd)[0].counts.accepted == 1
    path = make_package(home, tmp_path, sender="79", receiver="10")
    with office_of(home) as office:
        arrival = accept_package(office, package_of(path), masogd="10", by="B", actor="cli")
    assert (arrival.counts.accepted, arrival.counts.duplicate) == (0, 1)
    return home


@pytest.fixture
def site(home: Home) -> Iterator[object]:
    repository = replace(open_repository(home), clock=lambda: SENT_AT)
    with served(repository, work_batches=False) as site:
        yield site


def test_a_transfer_opens_only_the_records_that_it_brought(site) -> None:
    with site.client(site.token(TokenKind.PROVINCE, masogd="10")) as client:
        assert client.get(f"/v1/records/{OTHER}").status_code == 200
        assert client.get(f"/v1/records/{OTHER}/versions/1/document").status_code == 200
        for path in ("", "/versions", "/versions/1/document", "/issues"):
            assert client.get(f"/v1/records/{VICTIM}{path}").status_code == 404
        shown = client.get(f"/v1/students/{PUPIL}/records").json()["records"]
        assert [each["madinhdanhhocba"] for each in shown] == [OTHER]


def test_only_what_came_in_may_be_sent_on(home: Home, tmp_path: Path) -> None:
    path = make_package(home, tmp_path, sender="10", receiver="01")
    documents = [name for name in entries(path) if name.startswith("documents/")]
    assert len(documents) == 1
    assert OTHER in documents[0]
    with pytest.raises(TransferRefused) as raised:
        make_package(home, tmp_path, sender="77", receiver="01")
    assert raised.value.finding.code == "HB-I112"


def test_the_migration_notes_what_came_in_before_it(home: Home) -> None:
    url = home.index_url
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE transferred_versions"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0006'"))
    engine.dispose()
    migrate(url)
    with closing(home.open_index()) as index, index.reading() as tx:
        assert tx.transfers.came_in(OTHER, "10")
        assert not tx.transfers.came_in(VICTIM, "10")
        assert not tx.transfers.came_in(OTHER, "77")
