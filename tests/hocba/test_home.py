"""A home is made whole or not at all, and says what is wrong with it."""

import os
import stat
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from hocba.configuration import INDEX_URL, STORE_URL, Configuration, read_configuration
from hocba.errors import HomeError, IndexOutdated, IndexUnavailable, ReceiptKeyError
from hocba.home import DEFINITIONS, Home
from hocba.index.engine import open_engine
from hocba.ingest.entry import SourceLimits
from hocba.web.app import create_app
from schemas.errors import DefinitionError
from schemas.findings import Language
from signing.errors import PolicyError, RosterError, TrustStoreError
from signing.xmldsig.algorithms import default_policy
from storage.errors import StoreMisconfigured
from tests.support.rows import NOW

_ROSTER = (
    "matruong,vaitro,sodinhdanh,masothue,hovaten,tungay,denngay\n"
    "15000001,GVCN,015080000001,,Nguyễn Thị Thử,,\n"
)


def _make(path: Path, **changes: object) -> Home:
    return Home.create(path, **({"trust": None, "roster": None} | changes))  # type: ignore[arg-type]


def test_a_new_home_has_everything_that_belongs_together(tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text(_ROSTER, "utf-8")
    home = _make(tmp_path / "deep" / "kho học bạ?", roster=roster, masogd="15")
    with home.open_index() as index:
        index.check()
    home.open_store().check()
    assert home.configuration.masogd == "15"
    assert home.receipt_key().key_id
    assert home.trust() is None
    found = home.roster()
    assert found is not None
    assert len(found) == 1
    assert len(home.definitions()) >= 2
    assert home.judgement().roster is not None
    assert sorted(each.name for each in home.path.iterdir()) == [
        "hocba.toml",
        "index.sqlite3",
        "keys",
        "roster.csv",
        "store",
    ]
    assert [each.name for each in home.path.parent.iterdir()] == [home.path.name]


def test_a_home_is_for_its_owner_alone(tmp_path: Path) -> None:
    home = _make(tmp_path / "kho")
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(home.keys_folder.stat().st_mode) == 0o700


def test_a_home_that_exists_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    home = _make(tmp_path / "kho")
    key = home.receipt_key().key_id
    with pytest.raises(HomeError) as raised:
        _make(tmp_path / "kho")
    assert raised.value.finding.code == "HB-I105"
    assert Home.open(tmp_path / "kho").receipt_key().key_id == key


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kho").write_text("something")
    with pytest.raises(HomeError):
        _make(tmp_path / "kho")
    with pytest.raises(HomeError) as raised:
        _make(tmp_path / "kho" / "below")
    assert raised.value.finding.code == "HB-I108"


def test_an_empty_folder_becomes_the_home(tmp_path: Path) -> None:
    (tmp_path / "kho").mkdir()
    _make(tmp_path / "kho").open_store().check()


def test_a_home_that_cannot_be_made_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "trust").mkdir()
    (tmp_path / "roster.csv").write_text("nothing")
    attempts = {
        TrustStoreError: {"trust": tmp_path / "trust"},
        RosterError: {"roster": tmp_path / "roster.csv"},
        StoreMisconfigured: {"store_url": "ftp://nowhere"},
        IndexUnavailable: {"index_url": "mysql://nowhere/x"},
        HomeError: {"masogd": "../15"},
    }
    for error, changes in attempts.items():
        with pytest.raises(error):
            _make(tmp_path / "kho", **changes)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["roster.csv", "trust"]


@pytest.mark.parametrize("exists", [True, False])
def test_a_folder_that_is_no_home_says_how_to_make_one(tmp_path: Path, *, exists: bool) -> None:
    folder = tmp_path if exists else tmp_path / "nowhere"
    with pytest.raises(HomeError) as raised:
        Home.open(folder)
    for language in Language:
        assert f"hocba init --home {folder}" in raised.value.finding.message(language)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[repository\n", "line 1"),
        ("masogd = '15'\n", "unknown: masogd"),
        ("[repository]\nmasodg = '15'\n", "unknown: repository.masodg"),
        ("[repository]\nmasogd = 15\n", "repository.masogd is not of the kind str"),
        ("[repository]\nmasogd = '1/5'\n", "masogd is '1/5'"),
        ("ingest = 7\n", "ingest is no section"),
        ("[ingest]\nprocesses = -1\n", "processes is -1"),
        ("[ingest]\nprocesses = true\n", "ingest.processes is not of the kind int"),
        ("[ingest]\nchunk = 0\n", "chunk is 0"),
        ("[limits]\nratio = 0\n", "ratio is 0, allowed is 1 to 100000"),
        ("[limits]\ndocument_bytes = 67108865\n", "document_bytes is 67108865"),
        ("[limits]\ndocuments = 'many'\n", "limits.documents is not of the kind int"),
        ("[index]\nurl = ''\n", "index_url is empty"),
        ("[store]\nurl = ''\n", "store_url is empty"),
        ("\udcff", "codec"),
    ],
)
def test_a_configuration_that_cannot_hold_is_refused(
    tmp_path: Path, text: str, reason: str
) -> None:
    (tmp_path / "hocba.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(HomeError) as raised:
        Home.open(tmp_path)
    assert raised.value.finding.code == "HB-I107"
    assert reason in raised.value.finding.message()


def test_a_configuration_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="No such file"):
        read_configuration(tmp_path / "hocba.toml")


def test_settings_come_back_as_they_were_given(tmp_path: Path) -> None:
    given = Configuration(
        masogd="15",
        index_url='postgresql://máy chủ/"x"\\y',
        store_url="s3://b?endpoint=𠮷",
        algorithms="thuật toán.toml",
        constraints="rules/tinh.toml",
    )
    (tmp_path / "hocba.toml").write_text(given.as_toml(), "utf-8")
    assert read_configuration(tmp_path / "hocba.toml", {}) == given


def test_variables_come_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "hocba.toml").write_text("[index]\nurl = 'sqlite:///x'\n")
    environment = {INDEX_URL: "sqlite:///y", STORE_URL: "file:///z"}
    home = Home.open(tmp_path, environment)
    assert (home.index_url, home.store_url) == ("sqlite:///y", "file:///z")
    assert Home.open(tmp_path, {}).index_url == "sqlite:///x"


def test_the_defaults_lie_inside_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hocba.toml").touch()
    monkeypatch.chdir(tmp_path)
    home = Home.open(Path(), {})
    assert home.index_url == f"sqlite:///{tmp_path}/index.sqlite3"
    assert home.store_url == (tmp_path / "store").as_uri()


def test_the_settings_for_taking_in_are_used(tmp_path: Path) -> None:
    home = _make(tmp_path / "kho")
    with home.open_index() as index:
        default = home.ingest(index, home.open_store()).options
        (home.path / "hocba.toml").write_text("[ingest]\nprocesses = 0\nchunk = 7\n")
        changed = Home.open(home.path).ingest(index, home.open_store()).options
    assert default.workers.processes == os.cpu_count()
    assert default.chunk.documents == 200
    assert (changed.workers.processes, changed.chunk.documents) == (0, 7)


def test_limits_hold_for_reading_judging_and_asking(tmp_path: Path) -> None:
    home = _make(tmp_path / "kho")
    assert Home.open(home.path).configuration.limits == SourceLimits()
    text = "[limits]\ndocument_bytes = 100\ndocuments = 2\nbatch_bytes = 5000\nratio = 7\n"
    (home.path / "hocba.toml").write_text(text)
    changed = Home.open(home.path)
    expected = SourceLimits(document_bytes=100, entries=2, total_bytes=5000, archive_ratio=7)
    assert changed.configuration.limits == expected
    assert changed.judgement().limits.max_bytes == 100
    batch = tmp_path / "lô"
    batch.mkdir()
    (batch / "1.xml").write_bytes(b"x" * 101)
    for number in (2, 3, 4):
        (batch / f"{number}.xml").write_bytes(b"<a/>")
    with changed.open_index() as index:
        ingest = changed.ingest(index, changed.open_store())
        workers = replace(ingest.options.workers, processes=1)
        ingest = replace(ingest, options=replace(ingest.options, workers=workers))
        taken = ingest.take_in(batch, sender="cli", masogd=None)
        with index.reading() as tx:
            items = tx.batches.items(taken.id).rows
    assert [each.findings[0].code for each in items] == ["HB-I008", "HB-E001", "HB-I011"]
    assert dict(items[0].findings[0].parameters) == {"limit": "100"}
    assert create_app(changed).state.service.settings.max_document_bytes == 100


def test_a_home_without_its_parts_says_which_one_is_missing(tmp_path: Path) -> None:
    (tmp_path / "hocba.toml").touch()
    home = Home.open(tmp_path)
    with pytest.raises(IndexUnavailable):
        home.open_index()
    with pytest.raises(StoreMisconfigured):
        home.open_store().check()
    with pytest.raises(ReceiptKeyError):
        home.receipt_key()


def test_an_outdated_index_names_the_command_that_mends_it(tmp_path: Path) -> None:
    home = _make(tmp_path / "kho")
    engine = open_engine(home.index_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    engine.dispose()
    with pytest.raises(IndexOutdated, match="hocba migrate"):
        home.open_index()


def test_a_broken_definition_folder_stops_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = _make(tmp_path / "kho")
    (home.path / "definitions" / "broken").mkdir(parents=True)
    with pytest.raises(DefinitionError):
        home.definitions()
    monkeypatch.setenv(DEFINITIONS, str(tmp_path / "other"))
    (tmp_path / "other").mkdir()
    assert len(home.definitions()) >= 2


def test_rules_of_a_province_take_the_place_of_those_that_ship(tmp_path: Path) -> None:
    (tmp_path / "hocba.toml").write_text('[signing]\nconstraints = "rules/tinh.toml"\n', "utf-8")
    (tmp_path / "rules").mkdir()
    text = resources.files("signing").joinpath("constraints.toml").read_text("utf-8")
    own = tmp_path / "rules" / "tinh.toml"
    own.write_text(text.replace('"hocba-constraints"', '"tinh"'), "utf-8")
    home = Home.open(tmp_path)
    assert home.rule_files == (None, own)
    by = home.judgement()
    assert by.rules.constraints.name == "tinh"
    assert by.basis.constraints == by.rules.constraints.reference
    assert by.rules.algorithms is default_policy()
    own.write_text("name = 1", "utf-8")
    with pytest.raises(PolicyError, match=r"tinh\.toml"):
        home.judgement()


def test_the_examiner_of_a_home_judges_in_any_process(tmp_path: Path) -> None:
    home = _make(tmp_path / "kho")
    examiner = home.examiner()()
    examination = examiner(b"no xml", "a.xml", NOW)
    assert examination.outcome.value == "unreadable"


def _configured(home: Home, text: str) -> Home:
    file = home.path / "hocba.toml"
    file.write_text(f"[revocation]\n{text}\n", "utf-8")
    return Home.open(home.path)


def test_fetches_nothing_unless_told_to(tmp_path: Path) -> None:
    home = Home.create(tmp_path / "kho", trust=None, roster=None)
    assert home.configuration.fetching is None
    home.judgement()
    assert not (home.path / "revocation").exists()
    listed = _configured(home, 'hosts = ["crl.example.vn"]')
    assert listed.configuration.fetching is None


def test_fetches_from_the_listed_hosts_within_the_bounds(tmp_path: Path) -> None:
    home = Home.create(tmp_path / "kho", trust=None, roster=None)
    text = 'fetch = true\nhosts = ["crl.example.vn", "127.0.0.1:8080"]\ntimeout = 3\n'
    home = _configured(home, f"{text}maximum_bytes = 1000")
    policy = home.configuration.fetching
    assert policy is not None
    assert policy.hosts == {"crl.example.vn", "127.0.0.1:8080"}
    assert (policy.timeout.total_seconds(), policy.maximum_bytes) == (3, 1000)
    home.judgement()
    assert (home.path / "revocation").is_dir()


@pytest.mark.parametrize(
    "text",
    [
        "fetch = true",
        "fetch = true\nhosts = []",
        'fetch = "yes"',
        'fetch = true\nhosts = "crl.example.vn"',
        "fetch = true\nhosts = [1]",
        'fetch = true\nhosts = ["http://crl.example.vn/"]',
        'fetch = true\nhosts = ["*.example.vn"]',
        'fetch = true\nhosts = ["a"]\ntimeout = 0',
        'fetch = true\nhosts = ["a"]\ntimeout = 3600',
        'fetch = true\nhosts = ["a"]\nmaximum_bytes = 0',
        'host = ["a"]',
    ],
)
def test_refuses_a_fetching_that_cannot_be_meant(tmp_path: Path, text: str) -> None:
    home = Home.create(tmp_path / "kho", trust=None, roster=None)
    with pytest.raises(HomeError) as refused:
        _configured(home, text)
    assert refused.value.finding.code == "HB-I107"
