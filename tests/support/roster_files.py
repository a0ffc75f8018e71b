"""Roster files for tests: one school of a GDTX centre, changed line by line."""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from hocba.index.roster_rows import RosterScope
from hocba.roster.checking import CheckedRoster, check_bytes
from hocba.roster.importing import ImportRequest
from signing.policy import SignerKind

ROLES: Mapping[str, SignerKind] = {
    "GVBM": SignerKind.PERSON,
    "GVCN": SignerKind.PERSON,
    "CBQL": SignerKind.PERSON,
    "KY_PHAT_HANH": SignerKind.ORGANIZATION,
}
TODAY = date(2026, 6, 1)
NOW = datetime(2026, 6, 1, 3, tzinfo=UTC)
SCHOOL, OTHER_SCHOOL = "15900010001", "15900020002"
PRINCIPAL = {"vaitro": "CBQL", "sodinhdanh": "010171722092", "hovaten": "Lù Thị Mẫu"}
HOMEROOM = {"vaitro": "GVCN", "sodinhdanh": "015189339455", "hovaten": "Phạm Khánh Mẫu"}
VISITOR = {
    "vaitro": "GVBM",
    "sodinhdanh": "015188123456",
    "hovaten": "Vừ Văn Mẫu",
    "denngay": "2026-08-31",
    "hinhthuc": "thinhgiang",
    "donviquanly": "Trường Cao đẳng Mẫu",
    "truongchinh": OTHER_SCHOOL,
}
SEAL = {
    "vaitro": "KY_PHAT_HANH",
    "masothue": "9900700001",
    "hovaten": "Trung tâm GDNN-GDTX Mẫu",
    "tungay": "2020-01-01",
}
SUBSTITUTE = {
    "vaitro": "GVCN",
    "sodinhdanh": "015190123456",
    "hovaten": "Thào Thị Thay",
    "tungay": "2026-02-01",
    "denngay": "2026-07-31",
    "thaycho": HOMEROOM["sodinhdanh"],
    "lydo": "nghỉ thai sản",
    "nguoipheduyet": "Lù Thị Mẫu, giám đốc",
    "soquyetdinh": "12/QĐ",
    "ngayquyetdinh": "2026-01-28",
}
STAFF = (PRINCIPAL, HOMEROOM, VISITOR, SEAL)


def line(base: Mapping[str, str], **changes: str) -> dict[str, str]:
    """A line of the school's, in office since 2020 unless it says otherwise."""
    return {"matruong": SCHOOL, "tungay": "2020-08-15", **base, **changes}


def staff(
    *more: Mapping[str, str], without: Iterable[Mapping[str, str]] = ()
) -> list[dict[str, str]]:
    """The lines of the whole school, with *more* and *without* some."""
    return [line(each) for each in STAFF if each not in tuple(without)] + [
        line(each) for each in more
    ]


def written(lines: Iterable[Mapping[str, str]], *columns: str) -> bytes:
    """*lines* as a file, with the columns that they use, or with *columns*."""
    rows = list(lines)
    always = ("matruong", "vaitro", "sodinhdanh", "masothue", "hovaten", "tungay", "denngay")
    used = columns or tuple(dict.fromkeys([*always, *(name for row in rows for name in row)]))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, used, restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()


def checked(lines: Iterable[Mapping[str, str]]) -> CheckedRoster:
    """*lines* as a checked file."""
    return check_bytes(written(lines), ROLES, TODAY)


def request(**changes: Any) -> ImportRequest:
    """A request to import, as of `NOW`."""
    values: dict[str, Any] = {
        "source": "danh-sach.csv",
        "made_by": "Lò Thị Nhập",
        "reason": "đầu năm học",
        "scope": RosterScope.PROVINCE,
        "effective": TODAY,
        "at": NOW,
        "actor": "cli",
    }
    return ImportRequest(**(values | changes))
