import json
import shutil
from pathlib import Path

import pytest

from hocba.home import Home
from tests.support.command import Ran, call, run


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """A demonstration, made as a newcomer makes it; and what that said."""
    home = tmp_path_factory.mktemp("demo") / "kho mẫu"
    return home, run("demo", "--home", home, "--records", "40", "--seed", "5")


def test_shows_outcomes_reasons_a_timeline_a_receipt_and_what_to_try_next(
    demo: tuple[Path, Ran],
) -> None:
    home, ran = demo
    assert ran.code == 0, ran.said
    for heading in (
        "Kết quả tiếp nhận",
        "Những học bạ bị làm sai có chủ ý",
        "Quá trình học tập của một học sinh",
        "Biên nhận của học bạ mới nhất, đã kiểm tra",
        "Kiểm toán viên xác minh bản xuất",
        "http://127.0.0.1:8000/phu-huynh",
        "http://127.0.0.1:8000/kiem-tra",
        "Thử tiếp",
    ):
        assert heading in ran.out
    for level in ("tiểu học", "THCS", "THPT", "GDTX"):
        assert f"  {level}: " in ran.out
    assert f"serve --home {home}" in ran.out
    assert "\x1b" not in ran.said


def test_every_bad_record_has_its_reason(demo: tuple[Path, Ran]) -> None:
    home, ran = demo
    sheet = json.loads((home / "sample" / "defects.json").read_text("utf-8"))
    assert len(sheet) >= 28
    lines = ran.out.splitlines()
    for each in sheet:
        (number,) = [at for at, line in enumerate(lines) if f"({each['file']})" in line]
        if each["ingest"] != "accepted":
            assert "✓" not in lines[number] or each["defect"] == "same-version-twice"
        if each["finding"]:
            assert each["finding"] in lines[number + 1]


def test_the_suggested_commands_work(demo: tuple[Path, Ran], tmp_path: Path) -> None:
    home, ran = demo
    suggested = ran.out[ran.out.index("Thử tiếp") :].splitlines()[1:]
    pupil = next(line.split()[2] for line in suggested if " history " in line)
    sample = home / "sample"
    assert call("history", pupil, "--home", home).code == 0
    trusted = ("--trust", sample / "trust", "--roster", sample / "roster.csv")
    assert call("verify", sample / "records", *trusted).code == 1
    assert call("check", sample / "unsigned").code == 0
    assert call("roster", "check", sample / "roster.csv").code == 0
    export = home / "export"
    assert call("verify", export / "documents", *trusted).code == 0
    assert (export / "README.txt").is_file()


def test_the_access_code_opens_the_pupils_records(demo: tuple[Path, Ran]) -> None:
    home, ran = demo
    token = next(word for word in ran.out.split() if word.startswith("hocba_"))
    opened = Home.open(home)
    with opened.open_index() as index, index.reading() as tx:
        from datetime import UTC, datetime

        found = tx.tokens.authenticate(token, datetime.now(UTC))
        assert found is not None
        assert tx.records.timeline(found.mahocsinh[0]).records


def test_run_again_it_says_what_to_do(demo: tuple[Path, Ran]) -> None:
    home, first = demo
    again = call("demo", "--home", home)
    assert again.code == 0
    assert "đã có từ trước" in again.out
    start = "Kết quả tiếp nhận"
    end = "Các trang để xem"
    assert between(again.out, start, end) == between(first.out, start, end)


def test_tells_programs_the_same(demo: tuple[Path, Ran]) -> None:
    home, _ = demo
    body = call("demo", "--home", home, "--format", "json").json
    assert set(body) == {"home", "batch", "bad", "pupil", "verified", "token"}
    assert body["batch"]["state"] == "done"
    assert body["verified"] == {"accepted": body["batch"]["accepted"]}


def test_an_interrupted_demo_goes_on(demo: tuple[Path, Ran], tmp_path: Path) -> None:
    home = tmp_path / "kho"
    shutil.copytree(demo[0], home)
    (home / "demo.json").unlink()
    shutil.rmtree(home / "export")
    ran = call("demo", "--home", home)
    assert ran.code == 0
    assert (home / "demo.json").is_file()
    assert (home / "export" / "manifest.csv").is_file()


def test_leaves_a_repository_that_is_no_demo_alone(home: Path) -> None:
    before = sorted(each.name for each in home.iterdir())
    ran = call("demo", "--home", home)
    assert ran.code == 2
    assert "hocba demo" in ran.err
    assert sorted(each.name for each in home.iterdir()) == before


def between(text: str, start: str, end: str) -> str:
    return text[text.index(start) : text.index(end)]
