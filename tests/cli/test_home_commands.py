import csv
import io
import re
import shutil
import signal
import sqlite3
import subprocess
import zipfile
from pathlib import Path

import httpx
import pytest

from cli.commands.history import show_timeline
from cli.session import Session
from hocba.home import Home
from hocba.index.index import HEAD
from hocba.index.rows import RecordHistory, Timeline
from hocba.model.record import Event, RecordStatus
from hocba.receipts import Receipt, read_public_key, verify_receipt
from tests.support import rows
from tests.support.command import HOCBA, Ran, call, environment
from tests.support.sample import Province

BATCH = {
    "id",
    "state",
    "total",
    "accepted",
    "duplicate",
    "rejected",
    "unreadable",
    "deferred",
    "started_at",
    "finished_at",
}


@pytest.fixture
def empty_home(tmp_path: Path, province: Province) -> Path:
    path = tmp_path / "kho mới"
    ran = call("init", "--home", path, "--trust", province.trust, "--roster", province.roster)
    assert ran.code == 0, ran.said
    return path


def ingest(batch: str | Path, home: Path, *options: str | Path) -> Ran:
    """Take in without worker processes, which only take long to start for a few documents."""
    return call("ingest", batch, "--home", home, "--jobs", "1", *options)


def pupil_of(home: Path) -> str:
    """A pupil with several records."""
    with sqlite3.connect(home / "index.sqlite3") as connection:
        query = "SELECT mahocsinh FROM records GROUP BY mahocsinh ORDER BY count(*) DESC LIMIT 1"
        return str(connection.execute(query).fetchone()[0])


class TestInit:
    def test_says_what_to_do_next(self, tmp_path: Path) -> None:
        ran = call("init", "--home", tmp_path / "kho")
        assert ran.code == 0
        assert "Chưa có kho tin cậy" in ran.out
        assert "Chưa có danh sách người ký" in ran.out
        assert "hocba ingest" in ran.out
        assert call("init", "--home", tmp_path / "khác", "--format=json").json["trust"] is False

    def test_refuses_a_home_that_exists(self, empty_home: Path) -> None:
        before = (empty_home / "keys" / "receipt-key.pem").read_bytes()
        ran = call("init", "--home", empty_home)
        assert ran.code == 2
        assert "HB-I105" in ran.err
        assert (empty_home / "keys" / "receipt-key.pem").read_bytes() == before

    def test_leaves_nothing_behind_when_the_trust_store_is_broken(self, tmp_path: Path) -> None:
        (tmp_path / "trust").mkdir()
        ran = call("init", "--home", tmp_path / "kho", "--trust", tmp_path / "trust")
        assert ran.code == 2
        assert [each.name for each in tmp_path.iterdir()] == ["trust"]


class TestIngest:
    def test_takes_everything_in_once(self, empty_home: Path, province: Province) -> None:
        first = ingest(province.batch, empty_home, "--format=json")
        assert first.code == 0
        assert set(first.json) == BATCH
        assert first.json["state"] == "done"
        assert first.json["accepted"] == first.json["total"] == len(province.records)
        again = ingest(province.batch, empty_home, "--format=json")
        assert again.code == 0
        assert again.json["duplicate"] == len(province.records)
        assert first.err == again.err == ""

    def test_says_of_every_bad_file_what_is_wrong(
        self, tmp_path: Path, bad_province: Province
    ) -> None:
        home, report = tmp_path / "kho", tmp_path / "báo cáo.csv"
        trust, roster = bad_province.trust, bad_province.roster
        assert call("init", "--home", home, "--trust", trust, "--roster", roster).code == 0
        ran = ingest(bad_province.batch, home, "--report", report)
        assert ran.code == 1
        expected = [
            each["file"]
            for each in bad_province.bad
            if each["outcome"] in {"rejected", "unreadable", "indeterminate"}
        ]
        assert expected
        for name in expected:
            assert re.search(
                rf"^✗ không (đạt|đọc được)  {re.escape(name)}$", ran.out, re.MULTILINE
            ), name
        lines = list(csv.DictReader(io.StringIO(report.read_text("utf-8-sig"))))
        assert set(expected) <= {each["file"] for each in lines}
        assert {each["severity"] for each in lines} <= {"error", "warning", ""}

    def test_takes_only_the_named_province(self, empty_home: Path, province: Province) -> None:
        ran = ingest(province.records[0], empty_home, "--masogd", "79", "--lang=en")
        assert ran.code == 1
        assert "HB-I030" in ran.out

    def test_ignores_what_a_system_left_behind(
        self, empty_home: Path, province: Province, tmp_path: Path
    ) -> None:
        batch = tmp_path / "lô.zip"
        with zipfile.ZipFile(batch, "w") as archive:
            archive.write(province.records[0], "học bạ của Ánh.xml")
            archive.writestr("__MACOSX/._x", b"junk")
        ran = ingest(batch, empty_home, "--lang=en")
        assert ran.code == 0
        assert "1 files that an operating system left behind" in ran.out

    def test_nothing_in_it_is_unusable(self, empty_home: Path, tmp_path: Path) -> None:
        (tmp_path / "trống").mkdir()
        ran = ingest(tmp_path / "trống", empty_home, "--format=json")
        assert ran.code == 2
        assert ran.json["state"] == "failed"

    def test_needs_a_home_and_a_batch(self, tmp_path: Path, province: Province) -> None:
        no_home = ingest(province.batch, tmp_path)
        assert no_home.code == 2
        assert "HB-I106" in no_home.err
        assert "hocba init" in no_home.err
        missing = call("ingest", province.batch)
        assert missing.code == 2
        assert "Thiếu --home" in missing.err

    def test_no_batch_at_that_path(self, empty_home: Path) -> None:
        ran = ingest("không có.zip", empty_home)
        assert ran.code == 2
        assert "không có.zip" in ran.err

    def test_a_store_that_is_away_pauses_the_batch(
        self, empty_home: Path, province: Province
    ) -> None:
        store, away = empty_home / "store", empty_home / "away"
        store.rename(away)
        store.write_text("not a folder", "utf-8")
        paused = ingest(province.batch, empty_home)
        assert paused.code == 3
        assert "đang tạm dừng" in paused.out
        assert "HB-I040" in paused.out
        store.unlink()
        away.rename(store)
        resumed = ingest(province.batch, empty_home, "--format=json")
        assert resumed.code == 0
        assert resumed.json["accepted"] == len(province.records)


class TestHistory:
    def test_lists_the_versions_of_a_record_that_was_corrected(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        record = rows.record(phienban=2, status=RecordStatus.RECALLED)
        first = rows.version_of(record, phienban=1)
        second = rows.version_of(record, position=2, event=Event.CANCEL)
        timeline = Timeline(record.mahocsinh, (RecordHistory(record, (first, second)),))
        show_timeline(timeline, Session())
        out = capsys.readouterr().out
        assert "đã thu hồi" in out
        assert "phiên bản 1 (lập mới)" in out
        assert "phiên bản 2 (huỷ)" in out

    def test_says_in_words_that_a_pupil_is_unknown(self, home: Path) -> None:
        ran = call("history", "0000000000", "--home", home)
        assert ran.code == 1
        assert "Kho không có học bạ nào của học sinh có mã 0000000000" in ran.out

    def test_shows_every_year_of_a_pupil(self, home: Path) -> None:
        pupil = pupil_of(home)
        ran = call("history", pupil, "--home", home, "--format=json")
        assert ran.code == 0
        assert set(ran.json) == {"mahocsinh", "records"}
        assert len(ran.json["records"]) > 1
        for record in ran.json["records"]:
            assert set(record) == {
                "namhoc",
                "makhoi",
                "macaphoc",
                "matruong",
                "madinhdanhhocba",
                "phienban",
                "status",
                "trichluc",
                "versions",
            }
            for version in record["versions"]:
                assert set(version) == {"phienban", "version_id", "sha256", "accepted_at"}
        years = [each["namhoc"] for each in ran.json["records"]]
        assert years == sorted(years)

    def test_text_is_a_table_by_school_year(self, home: Path) -> None:
        ran = call("history", pupil_of(home), "--home", home)
        assert ran.code == 0
        assert "Năm học" in ran.out
        assert "có hiệu lực" in ran.out

    def test_an_unknown_pupil_is_a_failure(self, home: Path) -> None:
        ran = call("history", "0000000000", "--home", home, "--format=json")
        assert ran.code == 1
        assert ran.json == {"mahocsinh": "0000000000", "records": []}

    def test_is_an_audit_event(self, home: Path) -> None:
        pupil = pupil_of(home)
        with Home.open(home).open_index() as index, index.reading() as tx:
            record = tx.records.timeline(pupil).records[0].record.madinhdanhhocba
            before = len(tx.audit.events(madinhdanhhocba=record).rows)
        call("history", pupil, "--home", home)
        with Home.open(home).open_index() as index, index.reading() as tx:
            events = tx.audit.events(madinhdanhhocba=record).rows
        assert len(events) == before + 1
        assert (events[-1].actor, events[-1].action) == ("cli", "timeline.read")


class TestExport:
    def test_stands_alone(self, home: Path, province: Province, tmp_path: Path) -> None:
        out = tmp_path / "bản xuất"
        ran = call("export", "--home", home, "--out", out, "--format=json")
        assert ran.code == 0, ran.said
        assert ran.json["documents"] == len(province.records)
        verified = call(
            *("verify", out / "documents", "--trust", out / "trust"),
            *("--roster", out / "roster.csv", "--format=json"),
        )
        assert verified.code == 0
        assert len(verified.lines) == len(province.records)
        given = {each.read_bytes() for each in province.records}
        assert {each.read_bytes() for each in out.rglob("*.xml")} == given
        sums = subprocess.run(
            ["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=out, check=False
        )
        assert sums.returncode == 0

    def test_every_document_has_its_receipt(self, home: Path, tmp_path: Path) -> None:
        out = tmp_path / "x"
        assert call("export", "--home", home, "--out", out).code == 0
        key = read_public_key(out / "receipt-key.pub.pem")
        manifest = list(csv.DictReader((out / "manifest.csv").open(encoding="utf-8")))
        assert manifest
        for row in manifest:
            receipt = verify_receipt((out / row["receipt"]).read_text("ascii").strip(), key)
            assert isinstance(receipt, Receipt)
            assert receipt.sha256 == row["sha256"]
            assert receipt.madinhdanhhocba == row["madinhdanhhocba"]
            assert (out / row["document"]).stat().st_size == receipt.size

    @pytest.mark.parametrize("by", ["pupil", "school", "year", "batch"])
    def test_a_part_is_exactly_that_part(self, home: Path, tmp_path: Path, by: str) -> None:
        with Home.open(home).open_index() as index, index.reading() as tx:
            timeline = tx.records.timeline(pupil_of(home))
            (batch,) = tx.batches.page().rows
        record = timeline.records[0].record
        value = {
            "pupil": record.mahocsinh,
            "school": record.matruong,
            "year": record.namhoc,
            "batch": batch.id,
        }[by]
        out = tmp_path / "x"
        ran = call("export", "--home", home, "--out", out, f"--{by}", value, "--format=json")
        assert ran.code == 0
        column = {"pupil": "mahocsinh", "school": "matruong", "year": "namhoc"}.get(by)
        with sqlite3.connect(home / "index.sqlite3") as connection:
            where = f"WHERE {column} = ?" if column else ""
            count = f"SELECT count(*) FROM records {where}"  # noqa: S608 -- names from above
            expected = connection.execute(count, [value] if column else []).fetchone()[0]
        assert ran.json["documents"] == expected

    def test_nothing_selected_leaves_nothing_behind(self, home: Path, tmp_path: Path) -> None:
        ran = call("export", "--home", home, "--out", tmp_path / "x", "--pupil", "0")
        assert ran.code == 2
        assert "HB-I112" in ran.err
        assert list(tmp_path.iterdir()) == []

    def test_never_writes_into_a_folder_with_something_in_it(
        self, home: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "x").mkdir()
        (tmp_path / "x" / "quý.txt").write_text("giữ", "utf-8")
        ran = call("export", "--home", home, "--out", tmp_path / "x")
        assert ran.code == 2
        assert "HB-I111" in ran.err
        assert [each.name for each in (tmp_path / "x").iterdir()] == ["quý.txt"]

    def test_damaged_bytes_are_never_exported(
        self, empty_home: Path, province: Province, tmp_path: Path
    ) -> None:
        assert ingest(province.records[0], empty_home).code == 0
        files = [each for each in (empty_home / "store").rglob("*") if each.is_file()]
        (stored,) = [each for each in files if b"<hovaten>" in each.read_bytes()]
        stored.chmod(0o600)
        stored.write_bytes(stored.read_bytes().replace(b"hovaten", b"hovatem"))
        ran = call("export", "--home", empty_home, "--out", tmp_path / "x")
        assert ran.code == 2
        assert "không còn đúng như khi được lưu" in ran.err
        assert not (tmp_path / "x").exists()

    def test_every_issue_is_an_audit_event(self, home: Path, tmp_path: Path) -> None:
        pupil = pupil_of(home)
        assert call("export", "--home", home, "--out", tmp_path / "x", "--pupil", pupil).code == 0
        with Home.open(home).open_index() as index, index.reading() as tx:
            record = tx.records.timeline(pupil).records[0].record.madinhdanhhocba
            actions = [each.action for each in tx.audit.events(madinhdanhhocba=record).rows]
        assert "version.exported" in actions


class TestToken:
    def test_a_token_is_shown_once_listed_and_revoked(self, empty_home: Path) -> None:
        command = ["token", "create", "province", "--masogd", "15", "--home", empty_home]
        made = call(*command, "--label", "Phần mềm Sở", "--format=json")
        assert made.code == 0
        assert made.json["token"].startswith("hocba_")
        listed = call("token", "list", "--home", empty_home, "--format=json")
        assert made.json["token"] not in listed.out
        assert listed.json["id"] == made.json["id"]
        assert listed.json["state"] == "valid"
        revoked = call("token", "revoke", made.json["id"], "--home", empty_home, "--format=json")
        assert revoked.code == 0
        assert revoked.json["state"] == "revoked"
        assert (
            call("token", "list", "--home", empty_home, "--format=json").json["state"] == "revoked"
        )
        text = call("token", "list", "--home", empty_home)
        assert "đã thu hồi" in text.out
        assert "Phần mềm Sở" in text.out

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["guardian"], "--pupil"),
            (["province"], "--masogd"),
            (["operator", "--masogd", "15"], "--masogd"),
            (["guardian", "--pupil", "1", "--masogd", "15"], "--masogd"),
            (["teacher"], "province, guardian, operator"),
            (["operator", "--expires", "2001-01-01"], "--expires"),
        ],
    )
    def test_refuses_bounds_that_make_no_sense(
        self, empty_home: Path, arguments: list[str], said: str
    ) -> None:
        ran = call("token", "create", *arguments, "--home", empty_home)
        assert ran.code == 2
        assert said in ran.err
        assert call("token", "list", "--home", empty_home, "--format=json").lines == []

    def test_an_unknown_pupil_is_pointed_out(self, empty_home: Path) -> None:
        ran = call("token", "create", "guardian", "--pupil", "42", "--home", empty_home)
        assert ran.code == 0
        assert "42" in ran.err
        assert re.search(r"hocba_\S{40,}", ran.out)

    def test_revokes_nothing_unknown(self, empty_home: Path) -> None:
        ran = call("token", "revoke", "0" * 16, "--home", empty_home)
        assert ran.code == 2
        assert "0" * 16 in ran.err


class TestMigrate:
    def test_makes_an_old_index_usable(self, empty_home: Path, province: Province) -> None:
        (empty_home / "index.sqlite3").unlink()
        refused = ingest(province.records[0], empty_home)
        assert refused.code == 2
        assert call("migrate", "--home", empty_home).code == 0
        assert ingest(province.records[0], empty_home).code == 0

    def test_needs_exactly_one_index(self, empty_home: Path) -> None:
        url = f"sqlite:///{empty_home / 'index.sqlite3'}"
        assert call("migrate", "--url", url, "--format=json").json == {"version": HEAD}
        assert call("migrate").code == 2
        assert call("migrate", "--url", url, "--home", empty_home).code == 2
        assert call("migrate", "--url", "mysql://x/y").code == 2


class TestServe:
    def test_answers_and_ends_on_ctrl_c(self, home: Path) -> None:
        process = subprocess.Popen(
            [*HOCBA, "serve", "--home", str(home), "--port", "0", "--format", "json"],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            address = re.search(r"http://[0-9.:]+", line)
            assert address, line + process.communicate(timeout=30)[1]
            assert httpx.get(f"{address[0]}/healthz", timeout=30).status_code == 200
        finally:
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        assert process.returncode == 0
        assert "Traceback" not in err

    def test_says_when_the_port_is_taken(self, home: Path) -> None:
        import socket

        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            ran = call("serve", "--home", home, "--port", str(taken.getsockname()[1]))
        assert ran.code == 2
        assert "đang được chương trình khác dùng" in ran.err

    def test_needs_a_home(self, tmp_path: Path) -> None:
        assert call("serve", "--home", tmp_path).code == 2
        assert call("serve", "--home", tmp_path, "--port", "99999").code == 2


def test_a_home_can_be_moved(empty_home: Path, province: Province) -> None:
    moved = empty_home.with_name("nơi khác")
    shutil.move(empty_home, moved)
    assert ingest(province.records[0], moved).code == 0
