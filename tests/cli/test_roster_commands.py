"""`hocba roster` over a repository: import, history, who could sign, certificates."""

import shutil
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from tests.support import signing_kit
from tests.support.command import Ran, call
from tests.support.roster_files import HOMEROOM, OTHER_SCHOOL, SCHOOL, SUBSTITUTE, staff, written
from tests.support.sample import Province

BY = ("--by", "Lò Thị Nhập", "--reason", "đầu năm học")


@pytest.fixture
def empty_home(tmp_path: Path) -> Path:
    """A home without any roster."""
    path = tmp_path / "kho"
    assert call("init", "--home", path, "--masogd", "15").code == 0
    return path


def file(folder: Path, lines: list[dict[str, str]], name: str = "danh-sach.csv") -> Path:
    path = folder / name
    path.write_bytes(written(lines))
    return path


def imported(home: Path, path: Path, *options: object) -> Ran:
    return call("roster", "import", path, "--home", home, *BY, *options)


def test_an_import_is_in_the_history_and_answers_who_may_sign(
    empty_home: Path, tmp_path: Path
) -> None:
    ran = imported(empty_home, file(tmp_path, staff(SUBSTITUTE)), "--effective", "2026-06-01")
    assert ran.code == 0, ran.said
    assert "+ thêm: 5" in ran.out
    assert "Đã nhập, thay đổi số 1" in ran.out
    history = call("roster", "history", "--home", empty_home)
    assert "Lò Thị Nhập nhập danh-sach.csv. Lý do: đầu năm học." in history.out
    (change,) = call("roster", "history", "--home", empty_home, "--format=json").lines
    assert (change["number"], change["added"], change["by"]) == (1, 5, "Lò Thị Nhập")
    who = call("roster", "who", "--home", empty_home, "--school", SCHOOL, "--on", "2026-05-29")
    assert who.code == 0
    assert "hợp đồng" not in who.out
    assert "thỉnh giảng; trường chính 15900020002; đơn vị quản lý: Trường Cao đẳng" in who.out
    assert f"ký thay {HOMEROOM['sodinhdanh']} (nghỉ thai sản; phê duyệt: Lù Thị Mẫu" in who.out
    assert change["digest"] in who.out


def test_a_dry_run_shows_the_changes_and_makes_none(empty_home: Path, tmp_path: Path) -> None:
    imported(empty_home, file(tmp_path, staff(SUBSTITUTE)))
    later = file(tmp_path, staff(HOMEROOM | {"denngay": "2026-03-31"}, without=[HOMEROOM]))
    ran = imported(empty_home, later, "--dry-run", "--effective", "2026-06-01")
    assert ran.code == 0
    assert "~ sửa: 1" in ran.out
    assert "denngay: … → 31/03/2026" in ran.out
    assert "– kết thúc, vì không còn trong tệp: 1" in ran.out
    assert "denngay: 31/07/2026 → 31/05/2026" in ran.out
    assert "cần thêm --yes" in ran.out
    assert len(call("roster", "history", "--home", empty_home, "--format=json").lines) == 1


def test_who_could_sign_is_answered_as_it_is_known_and_as_it_was(
    empty_home: Path, tmp_path: Path
) -> None:
    imported(empty_home, file(tmp_path, staff()))
    (first,) = call("roster", "history", "--home", empty_home, "--format=json").lines
    left = staff(HOMEROOM | {"denngay": "2026-03-31"}, without=[HOMEROOM])
    assert imported(empty_home, file(tmp_path, left), "--yes").code == 0
    asked = ["roster", "who", "--home", empty_home, "--school", SCHOOL, "--on", "2026-05-29"]
    asked += ["--role", "GVCN", "--format=json"]
    assert call(*asked).code == 1
    before = call(*asked, "--known-at", first["at"])
    assert [(each["hovaten"], each["change"]) for each in before.lines] == [
        (HOMEROOM["hovaten"], 1)
    ]


def test_nothing_is_imported_with_errors_and_all_are_told(empty_home: Path, tmp_path: Path) -> None:
    bad = [*staff(), *staff(SUBSTITUTE | {"lydo": "", "nguoipheduyet": ""})[4:]]
    path = file(tmp_path, bad)
    ran = imported(empty_home, path)
    assert ran.code == 1
    assert "danh-sach.csv, dòng 6, cột lydo: HB-I127" in ran.out
    assert "danh-sach.csv, dòng 6, cột nguoipheduyet: HB-I127" in ran.out
    assert "HB-I139" in ran.err
    told = imported(empty_home, path, "--format=json").json
    assert (told["imported"], told["errors"], told["refused"]["code"]) == (False, 2, "HB-I139")
    assert call("roster", "history", "--home", empty_home, "--format=json").lines == []


def test_an_unusual_import_needs_a_yes(empty_home: Path, tmp_path: Path) -> None:
    imported(empty_home, file(tmp_path, staff()))
    fewer = file(tmp_path, staff(without=[HOMEROOM]))
    refused = imported(empty_home, fewer)
    assert refused.code == 1
    assert "HB-I138" in refused.err
    assert imported(empty_home, fewer, "--yes").code == 0


def test_a_file_of_one_school_leaves_the_others_alone(empty_home: Path, tmp_path: Path) -> None:
    other = [each | {"matruong": OTHER_SCHOOL} for each in staff()]
    imported(empty_home, file(tmp_path, staff() + other))
    only = file(tmp_path, other[1:])
    ran = imported(empty_home, only, "--only-listed-schools", "--yes", "--format=json")
    assert ran.json["plan"]["ended"] == 1
    assert ran.json["change"]["scope"] == "schools"


def test_the_exported_file_has_the_digest_that_reports_name(
    empty_home: Path, tmp_path: Path
) -> None:
    imported(empty_home, file(tmp_path, staff(SUBSTITUTE)))
    out = tmp_path / "ra.csv"
    ran = call("roster", "export", "--home", empty_home, "--out", out, "--format=json")
    assert ran.json["digest"] == sha256(out.read_bytes()).hexdigest()
    again = imported(empty_home, out, "--format=json").json
    assert (again["imported"], again["plan"]["added"]) == (False, 0)
    assert call("roster", "export", "--home", empty_home, "--out", out).code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["who", "--school", SCHOOL],
        ["who", "x.csv", "--home", "kho", "--school", SCHOOL],
        ["who", "x.csv", "--school", SCHOOL, "--known-at", "2026-01-01"],
        ["expiring", "--home", "kho", "--within", "0d"],
        ["expiring", "--home", "kho", "--within", "tháng"],
        ["expiring", "--home", "kho", "--as", "xlsx"],
    ],
)
def test_arguments_that_make_no_sense_are_wrong_usage(arguments: list[str]) -> None:
    assert call("roster", *arguments).code == 2


def test_without_a_roster_there_is_nothing_to_ask(empty_home: Path) -> None:
    for command in (["who", "--school", SCHOOL], ["expiring"], ["export", "--out", "x.csv"]):
        ran = call("roster", *command, "--home", empty_home)
        assert ran.code == 2
        assert "HB-S260" in ran.err
    assert call("roster", "history", "--home", empty_home).code == 0


@pytest.fixture
def sample_home(tmp_path: Path, home: Path) -> Path:
    """A copy of the home that took the sample province in."""
    return Path(shutil.copytree(home, tmp_path / "mẫu"))


def test_accepted_records_tell_whose_certificates_are_about_to_end(
    sample_home: Path, province: Province
) -> None:
    assert imported(sample_home, province.roster).code == 0
    asked = ["roster", "expiring", "--home", sample_home, "--within", "3650d"]
    ran = call(*asked, "--format=json")
    assert ran.code == 1
    assert {each["source"] for each in ran.lines} == {"signature"}
    assert all(each["mandates"] for each in ran.lines)
    table = call(*asked, "--as", "csv")
    assert table.out.startswith("\ufeffngayhethan,matruong,vaitro")
    ids = {line.split(",")[2] for line in province.roster.read_text("utf-8").splitlines()[1:]}
    assert not any(each in table.out for each in ids if each)
    assert call(*asked[:-1], "1d").code == 0


def test_history_begins_with_the_roster_that_the_home_was_made_with(
    sample_home: Path, province: Province
) -> None:
    new = sample_home.parent / "mới.csv"
    lines = province.roster.read_text("utf-8").splitlines()
    new.write_text(
        "\n".join([*lines, "15900010001,GVCN,015189339456,,Lò Mẫu,2026-01-01,"]), "utf-8"
    )
    ran = imported(sample_home, new, "--format=json")
    assert (ran.json["change"]["number"], ran.json["plan"]["added"]) == (2, 1)


def test_a_roster_file_put_beside_an_imported_one_is_refused(
    sample_home: Path, province: Province
) -> None:
    assert imported(sample_home, province.roster).code == 0
    again = ["ingest", province.batch, "--home", sample_home]
    assert call(*again).code == 0
    with (sample_home / "roster.csv").open("a", encoding="utf-8") as added:
        added.write("15900010001,GVCN,015189339456,,Lò Mẫu,2026-01-01,\n")
    refused = call("ingest", province.folder / "records", "--home", sample_home)
    assert refused.code != 0
    assert "HB-S261" in refused.said


def test_bound_certificates_hold_where_the_province_asks_for_it(
    sample_home: Path, tmp_path: Path, province: Province
) -> None:
    row = province.roster.read_text("utf-8").splitlines()[1].split(",")
    other = signing_kit.signer(f"CCCD:{row[2]}").certificate.public_bytes(Encoding.PEM)
    (tmp_path / "khác.pem").write_bytes(other)
    bound = call("roster", "bind", tmp_path / "khác.pem", "--home", sample_home, *BY)
    assert bound.code == 0, bound.said
    assert f"với {row[2]}" in bound.out
    assert call("roster", "bind", tmp_path / "khác.pem", "--home", sample_home, *BY).code == 2
    exported = tmp_path / "gắn.csv"
    assert call("roster", "export", "--home", sample_home, "--out", exported).code == 0
    verify = [
        "verify",
        province.folder / "records",
        "--trust",
        province.trust,
        "--roster",
        exported,
    ]
    assert call(*verify).code == 0
    strict = call(*verify, "--bound-certificates")
    assert strict.code == 1
    assert "HB-S252" in strict.out
    undone = call("roster", "bind", tmp_path / "khác.pem", "--home", sample_home, *BY, "--undo")
    assert undone.code == 0
