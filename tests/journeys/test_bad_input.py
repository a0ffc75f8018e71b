"""What schools send that is wrong, as they would send it: one finding each, in plain words.

Each rule has its own vectors elsewhere (`tests/schemas/rule_vectors.py`, `tests/signing/attacks`,
`tests/hocba/ingest`); here stand those that come every summer.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest

from schemas.check import check
from schemas.document import parse
from schemas.findings import Finding, Severity
from schemas.registry import DefinitionRegistry
from signing.creation.builder import sign_record
from signing.policy import SignaturePolicy
from signing.report import Indication, SignatureReport
from signing.roster import Roster, RosterEntry
from tests.schemas.rule_records import marks, primary, primary_not_completed, same, upper
from tests.support import records, signed_home, signed_records, signing_kit

REGISTRY = DefinitionRegistry.load()
SEAL_OF_ANOTHER_SCHOOL = "5300100299"
SOMEBODY_ELSE = "025175000099"


def said(each: Finding) -> str:
    """A finding in Vietnamese."""
    return each.message()


@dataclass(frozen=True)
class Wrong:
    """A record with one fault: its only error, and what the message must name."""

    data: bytes
    code: str
    says: tuple[str, ...]


RECORDS = {
    "a mark of 10,5": Wrong(
        upper({"TOC": marks("10,5", "8.0", "8.8")}), "HB-E018", ("“10,5”", "số từ 0 đến 10")
    ),
    "a mark of 7.55": Wrong(
        upper({"TOC": marks("7.55", "8.0", "7.9")}),
        "HB-R2201",
        ("Toán", "“7.55”", "một chữ số thập phân"),
    ),
    "a mark of bảy": Wrong(
        upper({"TOC": marks("bảy", "8.0", "8.0")}), "HB-E018", ("“bảy”", "số từ 0 đến 10")
    ),
    "an average of the year that is off by 0,1": Wrong(
        upper({"TOC": marks("8.0", "8.0", "8.1")}), "HB-R2204", ("8,1", "8,0")
    ),
    "a level of the year that is too high": Wrong(
        upper({"TOC": same("6.0")}, hocky1="K", hocky2="K", canam="T"),
        "HB-R2207",
        ("Tốt", "Khá"),
    ),
    "grade 5 not completed but promoted": Wrong(
        primary_not_completed(5, duoclenlop="1"), "HB-R2714", ("lên lớp",)
    ),
    "a subject twice": Wrong(
        upper().replace(b"<mamonhoc>NVN</mamonhoc>", b"<mamonhoc>TOC</mamonhoc>"),
        "HB-E049",
        ("TOC",),
    ),
    "a subject that the grade does not have": Wrong(
        primary(1, {"TCN": {}}), "HB-R2740", ("lớp 1",)
    ),
}


@pytest.mark.parametrize("fault", RECORDS)
def test_a_wrong_record_has_one_error_in_words(fault: str) -> None:
    wrong = RECORDS[fault]
    errors = [
        each
        for each in check(parse(wrong.data), REGISTRY).findings
        if each.severity is Severity.ERROR
    ]
    assert [each.code for each in errors] == [wrong.code], [said(each) for each in errors]
    for part in wrong.says:
        assert part in said(errors[0])


def roster(role: str, **change: Any) -> Roster:
    """The school's roster with one mandate changed."""
    entries = signed_records.roster().entries()
    return Roster(replace(each, **change) if each.role == role else each for each in entries)


def judged(data: bytes, by: Roster | None = None) -> SignatureReport:
    return signed_records.validate(data, "tieu-hoc", by=by)


def the_only_error(report: SignatureReport, code: str) -> str:
    """What is said of it; the record failed, and everything else about it is in order."""
    assert report.record.indication is Indication.TOTAL_FAILED
    assert signed_records.codes(report) == {code}
    (found,) = report.record.findings
    return said(found)


def test_a_teacher_who_left_in_march_cannot_sign_in_may() -> None:
    left = roster("GVCN", valid_to=date(2026, 3, 31))
    text = the_only_error(judged(signed_records.signed_primary(), left), "HB-S105")
    assert "GVCN" in text


def test_the_seal_of_another_school_is_refused() -> None:
    """The seal is a school's, rightly issued and in the roster: of the school next door."""
    other = replace(
        roster("KY_PHAT_HANH").entries()[-1],
        school="2500001002",
        organization_id=SEAL_OF_ANOTHER_SCHOOL,
    )
    known = Roster([*signed_records.roster().entries(), other])
    data = signed_by("KY_PHAT_HANH", f"MST:{SEAL_OF_ANOTHER_SCHOOL}")
    text = the_only_error(judged(data, known), "HB-S104")
    assert "KY_PHAT_HANH" in text


def test_a_principals_certificate_of_another_personal_id_is_refused() -> None:
    """Though that person is a principal of the school too: the record names somebody else."""
    second = RosterEntry(
        school=signed_records.SCHOOL,
        role="CBQL",
        personal_id=SOMEBODY_ELSE,
        organization_id=None,
        name="",
        valid_from=None,
        valid_to=None,
    )
    known = Roster([*signed_records.roster().entries(), second])
    text = the_only_error(judged(signed_by("CBQL", f"CCCD:{SOMEBODY_ELSE}"), known), "HB-S106")
    assert "CBQL" in text


def signed_by(role: str, uid: str) -> bytes:
    """A primary record with the right signatures, but for one that somebody else put."""
    policy = signed_records.policy("tieu-hoc")
    data = records.primary_record()
    for each in signed_records.roles("tieu-hoc"):
        key = signed_records.signer(each) if each != role else signing_kit.signer(uid, rsa=True)
        data = sign_record(
            data,
            each,
            key,
            policy=_lenient(policy),
            signing_time=signed_records.SIGNED_AT,
        )
    return data


def _lenient(policy: SignaturePolicy) -> SignaturePolicy:
    """Software that does not ask whom the record names."""
    return replace(policy, roles=tuple(replace(r, personal_id=None) for r in policy.roles))


SENT = {
    "an UPDATE without a NEW": ([(1, "UPDATE", "7.5")], "HB-I034"),
    "versions out of order": ([(3, "NEW", "7.5"), (2, "UPDATE", "8.0")], "HB-I031"),
    "the same number with other bytes": ([(1, "NEW", "7.5"), (1, "NEW", "8.0")], "HB-I032"),
    "a recall of a recalled record": (
        [(1, "NEW", "7.5"), (2, "CANCEL", "7.5"), (3, "CANCEL", "7.5")],
        "HB-I049",
    ),
}


@pytest.mark.parametrize("fault", SENT)
def test_a_version_that_may_not_follow_is_refused_and_changes_nothing(
    fault: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    steps, code = SENT[fault]
    *good, bad = [signed_home.version(number, event, mark) for number, event, mark in steps]
    home = signed_home.make_home(tmp_path_factory.mktemp("home"))
    for data in good:
        _, [item] = signed_home.take_in(home, data)
        assert item.outcome.value == "accepted"
    with home.open_index() as index, index.reading() as tx:
        before = tx.records.versions(signed_home.RECORD)
    _, [item] = signed_home.take_in(home, bad)
    assert item.outcome.value == "rejected"
    assert [each.code for each in item.findings] == [code]
    with home.open_index() as index, index.reading() as tx:
        assert tx.records.versions(signed_home.RECORD) == before
