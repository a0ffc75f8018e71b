"""The columns of a roster file, and what is wrong with one of its lines.

Every fault of a line is found at once: a person who mends a file wants to open it once.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Final

from schemas.findings import Finding, finding
from signing.certificates.certificate import tax_code
from signing.mandate import Engagement, RosterEntry, Substitution

COLUMNS: Final = ("matruong", "vaitro", "sodinhdanh", "masothue", "hovaten", "tungay", "denngay")
"""What every roster file has."""

OPTIONAL_COLUMNS: Final = (
    "hinhthuc",
    "donviquanly",
    "truongchinh",
    "thaycho",
    "lydo",
    "nguoipheduyet",
    "soquyetdinh",
    "ngayquyetdinh",
    "trangthai",
    "chungthu",
)
"""What a roster file may have beside."""

ALL_COLUMNS: Final = COLUMNS + OPTIONAL_COLUMNS
NEVER_HELD: Final = "huybo"
"""`trangthai` of a line that takes a mandate back: it was entered by mistake and never held."""

MAX_CELL = 1000
MAX_DIGESTS = 100 * 65

_PERSONAL_ID = re.compile(r"[0-9]{12}\Z")
_ORGANIZATION_ID = re.compile(r"[0-9]{10}(-?[0-9]{3})?\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_DAY_FIRST = re.compile(r"\A([0-9]{2})/([0-9]{2})/([0-9]{4})\Z")
_DAYS = ("tungay", "denngay", "ngayquyetdinh")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# A spreadsheet takes a cell that begins so for a formula; no name and no id does.
_FORMULA_STARTS = ("=", "+", "-", "@")
_STATES = frozenset({"hieuluc", NEVER_HELD})
_OF_A_SUBSTITUTION = ("nguoipheduyet", "soquyetdinh", "ngayquyetdinh")

Row = Mapping[str, str]


def cleaned(raw: Mapping[str | None, str | list[str] | None]) -> dict[str, str]:
    """The cells of one line by column, without white space around; a missing cell is empty.

    A day that a spreadsheet wrote as 29/05/2026 stands there as 2026-05-29.
    """
    values = {name: raw.get(name) for name in ALL_COLUMNS}
    cells = {name: v.strip() if isinstance(v, str) else "" for name, v in values.items()}
    for name in _DAYS:
        if "/" in cells[name]:
            turned = _DAY_FIRST.sub(r"\3-\2-\1", cells[name])
            cells[name] = turned if day_or_none(turned) else cells[name]
    return cells


def entry_of(row: Row) -> RosterEntry:
    """The mandate in a line; ValueError for what no mandate can be."""
    if not row["matruong"] or not row["vaitro"]:
        raise ValueError("matruong and vaitro must not be empty")
    substitution = None
    if row["thaycho"]:
        substitution = Substitution(
            person=row["thaycho"],
            reason=row["lydo"],
            approver=row["nguoipheduyet"],
            decision=row["soquyetdinh"],
            decided_on=day_of(row["ngayquyetdinh"]),
        )
    return RosterEntry(
        school=row["matruong"],
        role=row["vaitro"],
        personal_id=row["sodinhdanh"] or None,
        organization_id=row["masothue"] or None,
        name=row["hovaten"],
        valid_from=day_of(row["tungay"]),
        valid_to=day_of(row["denngay"]),
        engagement=Engagement(row["hinhthuc"]) if row["hinhthuc"] else None,
        governing_body=row["donviquanly"],
        home_school=row["truongchinh"],
        substitution=substitution,
        certificates=certificates_of(row),
    )


def row_of(entry: RosterEntry) -> dict[str, str]:
    """The cells of the line that *entry* is written as."""
    substitution = entry.substitution
    row = dict.fromkeys(ALL_COLUMNS, "") | {
        "matruong": entry.school,
        "vaitro": entry.role,
        "sodinhdanh": entry.personal_id or "",
        "masothue": entry.organization_id or "",
        "hovaten": entry.name,
        "tungay": _written(entry.valid_from),
        "denngay": _written(entry.valid_to),
        "hinhthuc": entry.engagement.value if entry.engagement else "",
        "donviquanly": entry.governing_body,
        "truongchinh": entry.home_school,
        "chungthu": " ".join(entry.certificates),
    }
    if substitution is not None:
        row |= {
            "thaycho": substitution.person,
            "lydo": substitution.reason,
            "nguoipheduyet": substitution.approver,
            "soquyetdinh": substitution.decision,
            "ngayquyetdinh": _written(substitution.decided_on),
        }
    return row


def holder_of(row: Row) -> str:
    """The id that a certificate of the line's holder names."""
    return row["sodinhdanh"] or tax_code(row["masothue"])


def certificates_of(row: Row) -> tuple[str, ...]:
    """The SHA-256 digests in the line's `chungthu`, as they are compared."""
    return tuple(row["chungthu"].replace(":", "").replace(";", " ").lower().split())


def is_withdrawn(row: Row) -> bool:
    """Whether the line says that its mandate was never held."""
    return row["trangthai"] == NEVER_HELD


def row_findings(row: Row, line: int) -> Iterator[Finding]:
    """Everything that is wrong with a line by itself; `path` names the column."""
    for name in ("matruong", "vaitro", "hovaten"):
        if not row[name]:
            yield finding("HB-I120", path=name, line=line)
    if bool(row["sodinhdanh"]) == bool(row["masothue"]):
        yield finding("HB-I121", path="sodinhdanh", line=line)
    malformed = tuple(_malformed(row, line))
    yield from malformed
    if not malformed and row["tungay"] and row["denngay"] and row["tungay"] > row["denngay"]:
        yield finding(
            "HB-I123", path="denngay", line=line, since=row["tungay"], until=row["denngay"]
        )
    yield from _substitution(row, line)
    if is_withdrawn(row) and not row["lydo"]:
        yield finding("HB-I127", path="lydo", line=line, column="trangthai")


def _malformed(row: Row, line: int) -> Iterator[Finding]:
    wrong = [(name, "text") for name, value in row.items() if _is_unfit(name, value)]
    wrong += [
        (name, expected)
        for name, (expected, is_right) in _FORMS.items()
        if row[name] and not is_right(row[name])
    ]
    if not all(_SHA256.match(each) for each in certificates_of(row)):
        wrong.append(("chungthu", "sha256"))
    for name, expected in wrong:
        found = _CONTROLS.sub("\ufffd", row[name][:80])
        yield finding("HB-I122", path=name, line=line, found=found, expected=expected)


def _is_unfit(name: str, value: str) -> bool:
    limit = MAX_DIGESTS if name == "chungthu" else MAX_CELL
    return (
        len(value) > limit
        or value.startswith(_FORMULA_STARTS)
        or _CONTROLS.search(value) is not None
    )


def _substitution(row: Row, line: int) -> Iterator[Finding]:
    if not row["thaycho"]:
        for name in _OF_A_SUBSTITUTION:
            if row[name]:
                yield finding("HB-I128", path=name, line=line)
        return
    for name in ("lydo", "nguoipheduyet", "tungay", "denngay"):
        if not row[name]:
            yield finding("HB-I127", path=name, line=line, column="thaycho")
    if row["thaycho"] == row["sodinhdanh"] or row["masothue"]:
        yield finding("HB-I129", path="thaycho", line=line)


@lru_cache(maxsize=4_096)
def day_of(text: str) -> date | None:
    """The day that a cell says (YYYY-MM-DD), None for an empty one; ValueError for any other."""
    if not text:
        return None
    if not _DAY.match(text):
        raise ValueError(f"{text!r} is no day like 2026-05-29")
    return date.fromisoformat(text)


def day_or_none(text: str) -> date | None:
    """The day that a cell says; None for an empty or malformed one."""
    try:
        return day_of(text)
    except ValueError:
        return None


def _written(day: date | None) -> str:
    return day.isoformat() if day else ""


def _is_day(text: str) -> bool:
    return day_or_none(text) is not None


_FORMS: Final[Mapping[str, tuple[str, Callable[[str], object]]]] = {
    "tungay": ("day", _is_day),
    "denngay": ("day", _is_day),
    "ngayquyetdinh": ("day", _is_day),
    "sodinhdanh": ("personal_id", _PERSONAL_ID.match),
    "thaycho": ("personal_id", _PERSONAL_ID.match),
    "masothue": ("organization_id", _ORGANIZATION_ID.match),
    "hinhthuc": ("engagement", frozenset(Engagement).__contains__),
    "trangthai": ("state", _STATES.__contains__),
}
"""What a filled cell must be: a word of the vocabulary `roster`, and what tells."""
