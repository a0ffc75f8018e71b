"""A register from a file: all of it or nothing, and every bad line named."""

from datetime import date
from pathlib import Path

import pytest

from hocba.identity import imported
from hocba.identity.errors import RegisterFileRefused, RegisterUnusable
from hocba.identity.imported import FILE_NAME, ImportedRegister, import_register
from hocba.identity.model import NotRegistered, Person, Registered

TODAY = date(2026, 6, 1)
HEADING = "sodinhdanh,hovaten,ngaysinh\n"
GOOD = HEADING + "010212043633,Lê A,2012-09-02\n010212043634,Lê  B,02/09/2013\n"


def register(folder: Path, text: str | bytes) -> Path:
    source = folder / "dân cư.csv"
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    target = folder / FILE_NAME
    import_register(source, target, TODAY)
    return target


def ask(target: Path, *ids: str) -> list[object]:
    opened = ImportedRegister.open(target)
    try:
        people = [Person(each, "?") for each in ids]
        answers = opened.ask(people)
        return [answers[each] for each in people]
    finally:
        opened.close()


def refused(folder: Path, text: str | bytes) -> list[tuple[str, int | None]]:
    with pytest.raises(RegisterFileRefused) as raised:
        register(folder, text)
    assert not (folder / FILE_NAME).exists()
    assert [each.name for each in folder.iterdir()] == ["dân cư.csv"]
    return [(each.code, each.line) for each in raised.value.findings]


def test_several_people_are_asked_about_in_one_call(tmp_path: Path) -> None:
    target = register(tmp_path, GOOD)
    assert ask(target, "010212043634", "010212043633", "999999999999") == [
        Registered("Lê B", "2013-09-02"),
        Registered("Lê A", "2012-09-02"),
        NotRegistered(),
    ]
    assert ask(target) == []


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_separators_of_any_spreadsheet_are_read(
    tmp_path: Path, separator: str, mark: str
) -> None:
    target = register(tmp_path, mark + GOOD.replace(",", separator).replace("\n", "\r\n"))
    assert ask(target, "010212043634") == [Registered("Lê B", "2013-09-02")]


def test_more_people_than_one_query_takes_are_found(tmp_path: Path) -> None:
    lines = [f"{number:012},Người {number},2012" for number in range(1_203)]
    target = register(tmp_path, HEADING + "\n".join(lines))
    found = ask(target, *(f"{number:012}" for number in range(1_204)))
    assert found[1_202] == Registered("Người 1202", "2012")
    assert found[1_203] == NotRegistered()


@pytest.mark.parametrize("start", ["\ufeff", ""])
def test_columns_come_in_any_order_with_others_beside_them(tmp_path: Path, start: str) -> None:
    text = f"{start}ghichu,ngaysinh,hovaten,sodinhdanh\n\nx,,Lê A,010212043633\n"
    assert ask(register(tmp_path, text), "010212043633") == [Registered("Lê A", "")]


def test_every_bad_line_is_named(tmp_path: Path) -> None:
    text = GOOD + (
        "1021204363,Lê C,2012\n"
        "010212043635,,2012\n"
        "010212043636,Lê D,2012-02-30\n"
        "010212043637,Lê E,2026-06-02\n"
        "010212043633,Lê F,2012-09-02\n"
        "010212043638,Lê G\n"
        "x,\x07,y\n"
    )
    assert refused(tmp_path, text) == [
        ("HB-I182", 4),
        ("HB-I183", 5),
        ("HB-I184", 6),
        ("HB-I184", 7),
        ("HB-I185", 8),
        ("HB-I187", 9),
        ("HB-I182", 10),
        ("HB-I183", 10),
        ("HB-I184", 10),
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"", ("HB-I181", 1)),
        (b"id,name\n", ("HB-I181", 1)),
        (HEADING.encode(), ("HB-I186", None)),
        (HEADING.encode() + b"010212043633,L\xea A,2012\n", ("HB-I180", 2)),
        (HEADING.encode() + b'010212043633,"L A,2012\n', ("HB-I180", 3)),
        (b"sodinhdanh,sodinhdanh,hovaten,ngaysinh\n", ("HB-I181", 1)),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(tmp_path: Path, text: bytes, found) -> None:
    assert found[0] in [code for code, _ in refused(tmp_path, text)]


def test_a_line_that_says_the_same_again_is_counted(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text(GOOD + "010212043633,Lê A,02/09/2012\n", "utf-8")
    done = import_register(source, tmp_path / FILE_NAME, TODAY)
    assert (done.people, done.repeated) == (2, 1)


def test_a_bad_file_leaves_the_register_as_it_was(tmp_path: Path) -> None:
    target = register(tmp_path, GOOD)
    with pytest.raises(RegisterFileRefused):
        register(tmp_path, GOOD + "x,y,z\n")
    assert ask(target, "010212043633") == [Registered("Lê A", "2012-09-02")]
    register(tmp_path, HEADING + "010212043639,Lê H,2012\n")
    assert ask(target, "010212043633") == [NotRegistered()]


def test_what_is_wrong_is_listed_up_to_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imported, "MOST_FINDINGS", 3)
    source = tmp_path / "a.csv"
    source.write_text(HEADING + "x,Lê A,2012\n" * 10, "utf-8")
    with pytest.raises(RegisterFileRefused) as raised:
        import_register(source, tmp_path / FILE_NAME, TODAY)
    assert (len(raised.value.findings), raised.value.more) == (3, 7)


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\x00" + b"\x00" * 200, b"no database"])
def test_another_file_is_no_register(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / FILE_NAME
    file.write_bytes(content)
    with pytest.raises(RegisterUnusable, match="cannot be read"):
        ImportedRegister.open(file)
