import json
import os
import signal
import subprocess
import tarfile
import zipfile
from contextlib import suppress
from hashlib import sha256
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from signing.certificates.trust import read_trust_store
from signing.constraints import default_constraints
from signing.xmldsig.algorithms import default_policy
from tests.support.command import HOCBA, call, environment
from tests.support.sample import Province

SIGNATURE = {
    "id",
    "role",
    "indication",
    "sub_indication",
    "signer",
    "claimed_signing_time",
    "best_signature_time",
    "covers",
    "signature_algorithm",
    "timestamps",
    "revocation",
    "messages",
}
RECORD = {"madinhdanhhocba", "mahocsinh", "namhoc", "matruong", "phienban", "definition"}


def trusted(province: Province) -> list[str | Path]:
    return ["--trust", province.trust, "--roster", province.roster]


def on_a_terminal(
    *arguments: str | Path, stdout: Any = None, stderr: Any = None, **changes: str | None
) -> tuple[int, str]:
    """The exit code, and what a terminal sees of every stream that is not led elsewhere."""
    reader, writer = os.openpty()
    process = subprocess.Popen(
        [*HOCBA, *map(str, arguments)],
        env=environment(TERM="xterm", **changes),
        stdout=writer if stdout is None else stdout,
        stderr=writer if stderr is None else stderr,
    )
    os.close(writer)
    seen = b""
    with suppress(OSError):  # what Linux answers once the other side is closed
        while piece := os.read(reader, 65536):
            seen += piece
    os.close(reader)
    return process.wait(60), seen.decode()


def alter_a_mark(file: Path) -> None:
    """Change one character inside what everybody signed."""
    text = file.read_text("utf-8")
    start = text.index("<hovaten>") + len("<hovaten>")
    letter = "B" if text[start] != "B" else "C"
    file.write_text(text[:start] + letter + text[start + 1 :], "utf-8")


def test_accepts_every_record_of_a_sample(province: Province) -> None:
    ran = call("verify", province.folder / "records", *trusted(province), "--format", "json")
    assert ran.code == 0, ran.said
    assert [each["outcome"] for each in ran.lines] == ["accepted"] * len(province.records)


def test_writes_one_object_a_document_in_the_agreed_shape(province: Province) -> None:
    ran = call("verify", province.records[0], *trusted(province), "--format=json")
    body = ran.json
    assert set(body) == {"file", "outcome", "record", "schema", "signatures", "record_validation"}
    assert body["file"] == str(province.records[0])
    assert set(body["record"]) == RECORD
    assert set(body["schema"]) == {"definition", "valid", "findings"}
    assert body["signatures"]
    for each in body["signatures"]:
        assert set(each) == SIGNATURE
        assert each["indication"] == "TOTAL-PASSED"
        assert set(each["signer"]) == {"subject", "personal_id", "organization_id"}
    assert ran.err == ""


def test_names_in_every_report_what_the_verdict_rests_on(province: Province) -> None:
    options = (*trusted(province), "--at", "2026-06-30", "--format=json")
    rests_on = call("verify", province.records[0], *options).json["record_validation"]
    assert rests_on["validated_at"] == "2026-06-30T16:59:59+00:00"
    assert rests_on["algorithms"] == default_policy().reference
    assert rests_on["algorithms_sha256"] == default_policy().sha256
    assert rests_on["constraints"] == default_constraints().reference
    assert rests_on["constraints_sha256"] == default_constraints().sha256
    assert rests_on["trust_store"] == read_trust_store(province.folder / "trust").digest
    roster = (province.folder / "roster.csv").read_bytes()
    assert rests_on["roster"] == sha256(roster).hexdigest()
    assert rests_on["engine"] == f"hocba/{version('hocba')}"
    nothing = call("verify", province.records[0], "--format=json").json["record_validation"]
    assert (nothing["trust_store"], nothing["roster"]) == (None, None)
    spoken = call("verify", province.records[0], *trusted(province), "--lang", "en").out
    assert f"algorithm table {default_policy().reference}" in spoken
    assert f"validation constraints {default_constraints().reference}" in spoken


def test_validates_by_rules_of_ones_own(province: Province, tmp_path: Path) -> None:
    shipped = resources.files("signing")
    table = shipped.joinpath("xmldsig", "algorithms.toml").read_text("utf-8")
    own = tmp_path / "tinh-thuat-toan.toml"
    own.write_text(
        table.replace('name = "hocba-algorithms"', 'name = "tinh"').replace(
            'hash = "sha256"\n', 'hash = "sha256"\nuntil = 2020-01-01\n', 1
        ),
        "utf-8",
    )
    options = (*trusted(province), "--format=json")
    body = call("verify", province.records[0], *options, "--algorithms", own).json
    assert body["outcome"] == "indeterminate"
    assert body["record_validation"]["algorithms"] == f"tinh/{default_policy().version}"
    assert {each["sub_indication"] for each in body["signatures"]} == {
        "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
    }
    text = shipped.joinpath("constraints.toml").read_text("utf-8")
    level = tmp_path / "tinh-rang-buoc.toml"
    level.write_text(text.replace('level = "XML-DSig"', 'level = "T"'), "utf-8")
    body = call("verify", province.records[0], *options, "--constraints", level).json
    assert body["outcome"] == "indeterminate"
    assert {each["sub_indication"] for each in body["signatures"]} == {"SIG_CONSTRAINTS_FAILURE"}
    assert body["record_validation"]["constraints_sha256"] != default_constraints().sha256


def test_refuses_broken_rules_with_a_sentence(province: Province, tmp_path: Path) -> None:
    broken = tmp_path / "hong.toml"
    broken.write_text('name = "x"\n', "utf-8")
    for option in ("--algorithms", "--constraints"):
        ran = call("verify", province.records[0], *trusted(province), option, broken)
        assert ran.code == 2
        assert "hong.toml: missing" in ran.err


def test_rejects_an_altered_record_and_no_other(province: Province, records: Path) -> None:
    altered = sorted(records.iterdir())[3]
    alter_a_mark(altered)
    ran = call("verify", records, *trusted(province), "--format", "json")
    assert ran.code == 1
    outcomes = {Path(each["file"]).name: each for each in ran.lines}
    bad = outcomes.pop(altered.name)
    assert bad["outcome"] == "rejected"
    assert "HASH_FAILURE" in {each["sub_indication"] for each in bad["signatures"]}
    assert {each["outcome"] for each in outcomes.values()} == {"accepted"}


@pytest.mark.parametrize("left_out", ["--trust", "--roster", "both"])
def test_is_indeterminate_without_trust_or_roster(province: Province, left_out: str) -> None:
    options: list[str | Path] = []
    if left_out == "--roster":
        options = ["--trust", province.trust]
    elif left_out == "--trust":
        options = ["--roster", province.roster]
    ran = call("verify", province.folder / "records", *options, "--format", "json")
    assert ran.code == 3
    assert {each["outcome"] for each in ran.lines} == {"indeterminate"}
    if left_out != "both":
        assert left_out in ran.err


def test_gives_every_spoilt_record_the_outcome_of_the_answer_sheet(bad_province: Province) -> None:
    ran = call("verify", bad_province.folder / "records", *trusted(bad_province), "--format=json")
    assert ran.code == 1
    found = {Path(each["file"]).name: each["outcome"] for each in ran.lines}
    assert bad_province.bad
    assert {each["file"]: found[each["file"]] for each in bad_province.bad} == {
        each["file"]: each["outcome"] for each in bad_province.bad
    }


def test_reads_zip_and_tar_with_vietnamese_names(province: Province, tmp_path: Path) -> None:
    first, second = province.records[:2]
    zipped = tmp_path / "lô một.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.write(first, "lớp 5A/học bạ của Ánh.xml")
    tarred = tmp_path / "lô hai.tar.gz"
    with tarfile.open(tarred, "w:gz") as tar:
        tar.add(second, "Nguyễn Văn Ứng.xml")
    ran = call("verify", zipped, tarred, *trusted(province), "--format", "json")
    assert ran.code == 0, ran.said
    assert [each["file"] for each in ran.lines] == [
        f"{zipped}/lớp 5A/học bạ của Ánh.xml",
        f"{tarred}/Nguyễn Văn Ứng.xml",
    ]


def test_goes_on_after_entries_that_are_no_documents(province: Province, tmp_path: Path) -> None:
    bad = tmp_path / "lo.zip"
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr("../../thoat.xml", b"<a/>")
        archive.writestr("rong.xml", b"")
        archive.writestr("lung.xml", b"<HOC_BA_SO><DU_LIEU")
        archive.write(province.records[0], "tot.xml")
    ran = call("verify", bad, *trusted(province), "--format", "json")
    assert ran.code == 1
    assert [each["outcome"] for each in ran.lines] == ["unreadable"] * 3 + ["accepted"]
    assert ran.lines[0]["schema"]["findings"][0]["code"] == "HB-I004"


def test_is_unusable_when_nothing_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(b"\x00\x01")
    (tmp_path / "b.xml").write_bytes(b"")
    ran = call("verify", tmp_path, "--format", "json")
    assert ran.code == 2
    assert [each["outcome"] for each in ran.lines] == ["unreadable"] * 2


def test_calls_an_empty_archive_unreadable(tmp_path: Path) -> None:
    empty = tmp_path / "empty.zip"
    with zipfile.ZipFile(empty, "w"):
        pass
    ran = call("verify", empty, "--format", "json")
    assert ran.code == 2
    assert ran.json["schema"]["findings"][0]["code"] == "HB-I002"


def test_refuses_a_path_that_is_not_there_before_any_work(province: Province) -> None:
    ran = call("verify", province.records[0], "không-có.xml", *trusted(province))
    assert ran.code == 2
    assert ran.out == ""
    assert "không-có.xml: không có tệp hoặc thư mục này" in ran.err


def test_gives_the_same_answers_on_several_processes(province: Province) -> None:
    arguments = [
        "verify",
        province.batch,
        *trusted(province),
        "--at",
        "2026-11-01",
        "--format=json",
    ]
    assert call(*arguments, "--jobs", "2") == call(*arguments, "--jobs", "1")


def test_validates_at_the_given_time(province: Province) -> None:
    ran = call(
        "verify", province.records[0], *trusted(province), "--at", "2001-01-01", "--format=json"
    )
    assert ran.code == 3
    assert ran.json["outcome"] == "indeterminate"


def test_text_names_bad_files_and_groups_findings(province: Province, records: Path) -> None:
    files = sorted(records.iterdir())
    for each in files[:4]:
        alter_a_mark(each)
    ran = call("verify", records, *trusted(province))
    assert ran.code == 1
    assert ran.out.count("✗ không đạt  ") == 4
    summary = ran.out[ran.out.index("Phát hiện, gộp theo loại") :]
    group = summary[summary.index("HB-S010") :].split("\n\n")[0]
    assert " – 4 lần trong 4 tệp" in group
    assert "  Cách sửa: Hãy " in group
    assert group.count(str(records)) == 3
    assert "… và 1 tệp khác" in group
    assert "hocba-constraints" in ran.out
    assert "đạt: 8" in ran.out


def test_text_is_english_on_request_and_plain_in_a_pipe(province: Province) -> None:
    ran = call("verify", province.records[0], *trusted(province), "--lang", "en")
    assert "Files checked: 1" in ran.out
    assert "accepted: 1" in ran.out
    assert "\x1b" not in ran.said
    assert ran.err == ""


def test_says_once_what_is_missing(province: Province) -> None:
    ran = call("verify", province.folder / "records", "--lang=en")
    assert ran.err.count("--trust") == 1
    assert "? indeterminate  " not in ran.out


class TestResume:
    def arguments(self, province: Province, journal: Path) -> list[str | Path]:
        records = province.folder / "records"
        return ["verify", records, *trusted(province), "--resume", journal, "--format", "json"]

    def test_gives_the_same_output_from_the_journal(
        self, province: Province, tmp_path: Path
    ) -> None:
        journal = tmp_path / "j"
        first = call(*self.arguments(province, journal))
        again = call(*self.arguments(province, journal))
        assert first.code == again.code == 0
        assert first.out == again.out
        assert f"{len(province.records)} học bạ đã có kết quả" in again.err

    def test_does_not_examine_again_what_is_done(self, province: Province, tmp_path: Path) -> None:
        journal = tmp_path / "j"
        call(*self.arguments(province, journal))
        lines = journal.read_text("utf-8").splitlines()
        marked = json.loads(lines[1])
        marked["result"]["record"]["namhoc"] = "from the journal"
        lines[1] = json.dumps(marked)
        journal.write_text("\n".join(lines) + "\n", "utf-8")
        again = call(*self.arguments(province, journal))
        years = [each["record"]["namhoc"] for each in again.lines]
        assert years.count("from the journal") == 1

    def test_goes_on_after_a_torn_line(self, province: Province, tmp_path: Path) -> None:
        journal = tmp_path / "j"
        first = call(*self.arguments(province, journal))
        data = journal.read_bytes()
        journal.write_bytes(data[: len(data) - 500])
        again = call(*self.arguments(province, journal))
        assert again.out == first.out
        assert journal.read_bytes() == data

    def test_examines_a_document_that_changed(self, province: Province, records: Path) -> None:
        journal = records.parent / "j"
        arguments = ["verify", records, *trusted(province), "--resume", journal, "--format=json"]
        assert call(*arguments).code == 0
        alter_a_mark(min(records.iterdir()))
        ran = call(*arguments)
        assert ran.code == 1
        assert next(each["outcome"] for each in ran.lines) == "rejected"

    def test_shows_a_moved_document_under_its_new_name(
        self, province: Province, records: Path
    ) -> None:
        journal = records.parent / "j"
        arguments = ["verify", records, *trusted(province), "--resume", journal, "--format=json"]
        call(*arguments)
        first = min(records.iterdir())
        first.rename(records / "000-mới.xml")
        ran = call(*arguments)
        assert ran.lines[0]["file"] == f"{records}/000-mới.xml"
        assert ran.code == 0

    @pytest.mark.parametrize("change", ["roster", "time", "language"])
    def test_refuses_the_journal_of_another_run(
        self, province: Province, tmp_path: Path, change: str
    ) -> None:
        journal = tmp_path / "j"
        arguments = self.arguments(province, journal)
        call(*arguments)
        if change == "roster":
            other = tmp_path / "roster.csv"
            other.write_text(province.roster.read_text("utf-8") + "\n", "utf-8")
            arguments[arguments.index("--roster") + 1] = other
        elif change == "time":
            arguments += ["--at", "2026-01-01"]
        else:
            arguments += ["--lang", "en"]
        before = journal.read_bytes()
        ran = call(*arguments)
        assert ran.code == 2
        assert str(journal) in ran.err
        assert journal.read_bytes() == before

    def test_never_touches_a_file_that_is_no_journal(
        self, province: Province, tmp_path: Path
    ) -> None:
        precious = tmp_path / "luan-van.docx"
        precious.write_bytes(b"PK\x03\x04 two years of work")
        ran = call(*self.arguments(province, precious))
        assert ran.code == 2
        assert precious.read_bytes() == b"PK\x03\x04 two years of work"


def test_stops_with_a_sentence_on_ctrl_c(province: Province) -> None:
    many = [str(province.folder / "records")] * 60
    process = subprocess.Popen(
        # A shell that starts tests in the background has them ignore it.
        ["env", "--default-signal=INT", *HOCBA, "verify", *many, "--format", "json"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout is not None
    process.stdout.readline()  # it is at work
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Đã dừng theo yêu cầu" in err
    assert "Traceback" not in err


def test_ends_quietly_when_nobody_reads_on(bad_province: Province) -> None:
    process = subprocess.Popen(
        [*HOCBA, "verify", str(bad_province.folder / "records"), "--format", "json"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read().decode()
    assert process.wait(60) == 141
    assert "Traceback" not in err
    assert "BrokenPipe" not in err


def test_memory_does_not_grow_with_what_is_read(province: Province, tmp_path: Path) -> None:
    """A document that is far too large is refused by its size, not read to its end."""
    huge = tmp_path / "huge.zip"
    with zipfile.ZipFile(huge, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.xml", b"<a>" + b" " * (200 * 1024 * 1024))
        archive.write(province.records[0], "tot.xml")
    ran = call("verify", huge, *trusted(province), "--format", "json")
    assert ran.code == 1
    assert [each["outcome"] for each in ran.lines] == ["unreadable", "accepted"]


def test_a_definition_of_ones_own_needs_no_code(province: Province, tmp_path: Path) -> None:
    """HOCBA_DEFINITIONS is read; a broken one stops the command, and is named."""
    (tmp_path / "rieng").mkdir()
    ran = call("verify", province.records[0], env={"HOCBA_DEFINITIONS": str(tmp_path)})
    assert ran.code == 2
    assert "rieng" in ran.err


def test_shows_progress_on_a_terminal_and_leaves_the_results_alone(
    province: Province, tmp_path: Path
) -> None:
    """Standard error is a terminal, standard output a pipe: the bar goes where nobody reads."""
    results = tmp_path / "results"
    with results.open("wb") as file:
        code, bar = on_a_terminal(
            *("verify", province.batch, *trusted(province), "--format=json"), stdout=file
        )
    assert code == 0
    outcomes = [json.loads(line)["outcome"] for line in results.read_text("utf-8").splitlines()]
    assert outcomes == ["accepted"] * len(province.records)
    assert "Đang kiểm tra" in bar
    assert f"{len(outcomes)}/{len(outcomes)}" in bar


def test_colours_are_for_terminals_that_want_them(province: Province) -> None:
    for wanted in (True, False):
        code, shown = on_a_terminal(
            *("verify", province.records[0]),
            stderr=subprocess.DEVNULL,
            NO_COLOR=None if wanted else "1",
        )
        assert code == 3
        assert ("\x1b[" in shown) is wanted
