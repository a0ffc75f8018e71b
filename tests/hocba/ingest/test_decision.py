"""Every decision of taking in, from examinations and the state of the index alone."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocba.index.rows import Pupil
from hocba.ingest.decision import (
    _IDENTIFIER,
    MAX_FINDINGS,
    Decision,
    Known,
    Taken,
    decide,
    examined_outcome,
    record_of,
)
from hocba.ingest.entry import BadEntry, Document
from hocba.model.examination import AcceptedDocument
from hocba.model.outcome import Outcome
from hocba.model.record import RecordStatus
from schemas.findings import Language, Severity, finding
from storage.contract import is_key
from tests.support.stand_in import NOON, document, examine

_NOTHING = Known({}, {}, {})


def _decide(
    *documents: bytes, known: Known = _NOTHING, masogd: str | None = "15"
) -> tuple[Decision, ...]:
    entries = [
        (Document(n, f"{n}.xml", data), examine(data, f"{n}.xml", NOON))
        for n, data in enumerate(documents, 1)
    ]
    return decide(entries, known, masogd=masogd)


def _known(data: bytes, file_name: str | None = None) -> Known:
    """The state of an index that has accepted *data*, in this batch if *file_name* is given."""
    examination = examine(data, "x", NOON)
    assert examination.transcript is not None
    record = record_of(examination.transcript)
    taken = Taken(examination.sha256, record.masogd, "2026-06-01T05:00:00+00:00", file_name)
    return Known(
        {record.madinhdanhhocba: record},
        {(record.madinhdanhhocba, record.phienban): taken},
        {record.mahocsinh: Pupil(mahocsinh=record.mahocsinh, sodinhdanh=record.sodinhdanh)},
    )


def _one(data: bytes, **more: Any) -> tuple[str, list[str]]:
    [decision] = _decide(data, **more)
    for each in decision.findings:
        assert each.message(Language.VI) != each.message(Language.EN)
    return decision.outcome.value, [each.code for each in decision.findings]


def test_a_new_record_is_accepted() -> None:
    [decision] = _decide(document())
    assert decision.outcome is Outcome.ACCEPTED
    assert decision.findings == ()
    assert decision.accepted is not None
    assert decision.accepted.data == document()
    assert decision.reference == ("00000000-0000-4000-8000-000000000001", 1)


def test_a_first_version_may_have_any_number() -> None:
    assert _one(document(phienban=7)) == ("accepted", [])


@pytest.mark.parametrize("event", ["UPDATE", "CANCEL"])
def test_an_unknown_record_can_only_be_new(event: str) -> None:
    assert _one(document(event=event)) == ("rejected", ["HB-I034"])


@pytest.mark.parametrize(
    ("event", "findings"),
    [("UPDATE", ["HB-I053"]), ("CANCEL", ["HB-I053"]), ("NEW", ["HB-I035", "HB-I053"])],
)
def test_a_higher_version_of_a_known_record_is_accepted(event: str, findings: list[str]) -> None:
    data = document(phienban=5, event=event)
    assert _one(data, known=_known(document())) == ("accepted", findings)


@pytest.mark.parametrize(
    ("event", "status", "expected"),
    [
        ("NEW", "1", RecordStatus.VALID),
        ("NEW", "2", RecordStatus.RECALLED),
        ("CANCEL", "1", RecordStatus.RECALLED),
        ("CANCEL", "2", RecordStatus.RECALLED),
        ("UPDATE", "1", RecordStatus.VALID),
    ],
)
def test_a_cancel_recalls_the_record(event: str, status: str, expected: RecordStatus) -> None:
    transcript = examine(document(event=event, status=status), "x", NOON).transcript
    assert transcript is not None
    assert record_of(transcript).status is expected


def test_a_recalled_record_may_be_issued_anew_with_a_higher_version() -> None:
    known = _known(document(phienban=2, event="CANCEL"))
    with_new_version = document(phienban=3, event="UPDATE")
    assert _one(with_new_version, known=known) == ("accepted", ["HB-I053"])


def test_the_identical_bytes_are_a_duplicate() -> None:
    assert _one(document(), known=_known(document())) == ("duplicate", [])


def test_the_identical_bytes_are_a_duplicate_whatever_is_said_of_them_today() -> None:
    data = document(outcome="indeterminate", silent=True)
    known = _known(document())
    digest = examine(data, "x", NOON).sha256
    versions = {key: replace(each, sha256=digest) for key, each in known.versions.items()}
    assert _one(data, known=replace(known, versions=versions)) == ("duplicate", [])


def test_an_older_version_that_is_known_comes_again_as_a_duplicate() -> None:
    old, new = _known(document()), _known(document(phienban=2, event="UPDATE"))
    known = Known(new.records, {**old.versions, **new.versions}, new.pupils)
    assert _one(document(), known=known) == ("duplicate", [])


def test_another_province_does_not_learn_what_is_known() -> None:
    assert _one(document(), known=_known(document()), masogd="16") == ("rejected", ["HB-I030"])


@pytest.mark.parametrize("number", [1, 2])
def test_a_version_at_or_below_the_current_one_is_refused(number: int) -> None:
    known = _known(document(phienban=3))
    [decision] = _decide(document(phienban=number, event="UPDATE"), known=known)
    assert [each.code for each in decision.findings] == ["HB-I031"]
    assert dict(decision.findings[0].parameters) == {
        "found": str(number),
        "current": "3",
        "next": "4",
    }


def test_the_same_version_with_other_bytes_is_refused() -> None:
    [decision] = _decide(document(tenlop="1B"), known=_known(document()))
    assert [(each.code, each.path) for each in decision.findings] == [("HB-I032", "PhienBan")]
    assert "01/06/2026 12:00:00 (UTC+7)" in decision.findings[0].message()


def test_the_same_version_in_the_same_batch_names_the_other_file() -> None:
    known = _known(document(), file_name="lớp/trước.xml")
    [decision] = _decide(document(tenlop="1B"), known=known)
    assert [each.code for each in decision.findings] == ["HB-I033"]
    assert "lớp/trước.xml" in decision.findings[0].message()


def test_documents_of_one_chunk_know_of_each_other() -> None:
    decisions = _decide(
        document(),
        document(),
        document(tenlop="1B"),
        document(phienban=2, event="UPDATE"),
        document(phienban=1, event="UPDATE"),
        document(phienban=3, event="CANCEL"),
        document(phienban=3, event="UPDATE"),
    )
    assert [each.outcome.value for each in decisions] == [
        "accepted",
        "duplicate",
        "rejected",
        "accepted",
        "rejected",
        "accepted",
        "rejected",
    ]
    assert dict(decisions[2].findings[0].parameters)["other"] == "1.xml"
    assert dict(decisions[6].findings[0].parameters)["other"] == "6.xml"


def test_a_refused_document_leaves_no_trace_for_the_next() -> None:
    decisions = _decide(document(masogd="16"), document())
    assert [each.outcome.value for each in decisions] == ["rejected", "accepted"]


def test_deciding_does_not_change_what_is_known() -> None:
    known = _known(document())
    before = (dict(known.records), dict(known.versions), dict(known.pupils))
    _decide(document(phienban=2, event="UPDATE"), known=known)
    assert (known.records, known.versions, known.pupils) == before


@pytest.mark.parametrize(
    ("masogd", "outcome"), [("15", "accepted"), (None, "accepted"), ("16", "rejected")]
)
def test_a_province_brings_its_own_records_only(masogd: str | None, outcome: str) -> None:
    assert _one(document(), masogd=masogd)[0] == outcome


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mahocsinh", "1599999999"),
        ("namhoc", "2026-2027"),
        ("matruong", "15000002"),
        ("masogd", "16"),
    ],
)
def test_an_id_stays_with_its_pupil_year_school_and_province(field: str, value: str) -> None:
    data = document(phienban=2, event="UPDATE", **{field: value})
    [decision] = _decide(data, known=_known(document()), masogd=None)
    assert [each.code for each in decision.findings] == ["HB-I036"]
    assert dict(decision.findings[0].parameters) == {"field": field, "found": value}


def test_another_personal_id_of_a_known_pupil_is_worth_a_look() -> None:
    data = document(phienban=2, event="UPDATE", sodinhdanh="015219999999")
    assert _one(data, known=_known(document())) == ("accepted", ["HB-I053", "HB-I037"])


@pytest.mark.parametrize("number", [0, -1, 2**31, 10**30])
def test_a_version_number_has_a_range(number: int) -> None:
    [decision] = _decide(document(phienban=number))
    assert [each.code for each in decision.findings] == ["HB-I038"]
    assert decision.reference is None


def test_the_highest_version_number_is_accepted() -> None:
    assert _one(document(phienban=2**31 - 1))[0] == "accepted"


@pytest.mark.parametrize("field", ["madinhdanhhocba", "mahocsinh", "namhoc", "matruong", "masogd"])
@pytest.mark.parametrize("value", ["", "..", "a/b", "trường", "x" * 65, "a b", "a\n", "-\x00"])
def test_what_keys_are_made_of_is_plain(field: str, value: str) -> None:
    [decision] = _decide(document(**{field: value}), masogd=None)
    assert [each.code for each in decision.findings] == ["HB-I039"]
    assert dict(decision.findings[0].parameters)["field"] == field


@pytest.mark.parametrize("outcome", ["rejected", "indeterminate"])
def test_what_does_not_pass_is_rejected_with_its_reasons(outcome: str) -> None:
    assert _one(document(outcome=outcome)) == ("rejected", ["HB-U006"])


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [("rejected", "HASH_FAILURE"), ("indeterminate", "NO_CERTIFICATE_CHAIN_FOUND")],
)
def test_a_verdict_without_a_finding_still_gives_a_reason(outcome: str, reason: str) -> None:
    [decision] = _decide(document(outcome=outcome, silent=True))
    assert [each.code for each in decision.findings] == ["HB-I043"]
    assert reason in decision.findings[0].message()


def test_what_is_no_document_is_unreadable() -> None:
    assert _one(b"no document") == ("unreadable", ["HB-U001"])


def test_a_bad_entry_and_a_fault_are_unreadable_with_their_finding() -> None:
    bad = BadEntry(1, "../x", finding("HB-I004"))
    crashed = Document(2, "b.xml", b"x")
    decisions = decide([(bad, None), (crashed, finding("HB-I020"))], _NOTHING, masogd=None)
    assert [(each.outcome.value, each.findings[0].code) for each in decisions] == [
        ("unreadable", "HB-I004"),
        ("unreadable", "HB-I020"),
    ]


def test_a_document_that_was_not_examined_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="was not examined"):
        decide([(Document(1, "a", b"x"), None)], _NOTHING, masogd=None)


def test_very_many_findings_are_shortened_and_counted() -> None:
    [decision] = _decide(document(outcome="rejected", findings=500))
    assert len(decision.findings) == MAX_FINDINGS
    assert decision.findings[-1].code == "HB-I042"
    assert decision.findings[-1].severity is Severity.WARNING
    assert "401" in decision.findings[-1].message()
    [whole] = _decide(document(outcome="rejected", findings=MAX_FINDINGS))
    assert whole.findings[-1].code == "HB-U006"


@pytest.mark.parametrize("outcome", [Outcome.DUPLICATE, Outcome.DEFERRED])
def test_no_examination_ends_as_taking_in_does(outcome: Outcome) -> None:
    examination = replace(
        examine(document(outcome="rejected"), "x", NOON), outcome=outcome, transcript=None
    )
    with pytest.raises(ValueError, match="no outcome of an examination"):
        examined_outcome(examination)


def test_an_impossible_decision_cannot_be_made() -> None:
    accepted = AcceptedDocument(document(), examine(document(), "x", NOON))
    fields: dict[str, Any] = {"position": 1, "file_name": "x", "findings": ()}
    with pytest.raises(ValueError, match="bytes to store"):
        Decision(**fields, outcome=Outcome.ACCEPTED)
    with pytest.raises(ValueError, match="bytes to store"):
        Decision(**fields, outcome=Outcome.DUPLICATE, accepted=accepted)
    with pytest.raises(ValueError, match="without a reason"):
        Decision(**fields, outcome=Outcome.REJECTED)


@pytest.mark.parametrize("field", ["madinhdanhhocba", "matruong"])
@pytest.mark.parametrize("value", ["HB1.", "79.001", "HB..1", "a/b", "Ă", "", "x" * 65])
def test_an_identifier_that_no_key_can_be_made_of_is_refused(field: str, value: str) -> None:
    examination = examine(document(), "x", NOON)
    assert examination.transcript is not None
    reference = replace(examination.transcript.reference, **{field: value})
    odd = replace(
        examination,
        transcript=replace(examination.transcript, reference=reference),
        record=reference,
    )
    [decision] = decide([(Document(1, "1.xml", document()), odd)], _NOTHING, masogd="15")
    assert decision.outcome is Outcome.REJECTED
    assert [each.code for each in decision.findings if each.code == "HB-I039"]


@given(st.from_regex(_IDENTIFIER, fullmatch=True), st.from_regex(_IDENTIFIER, fullmatch=True))
def test_what_may_come_in_can_be_stored(identity: str, school: str) -> None:
    examination = examine(document(), "x", NOON)
    assert examination.transcript is not None
    reference = replace(examination.transcript.reference, madinhdanhhocba=identity, matruong=school)
    assert is_key(replace(examination.transcript, reference=reference).storage_key)


@pytest.mark.parametrize(
    ("codes", "outcome"),
    [
        (("HB-S060",), Outcome.DEFERRED),
        (("HB-S061", "HB-S064", "HB-S066", "HB-S067", "HB-S060"), Outcome.DEFERRED),
        (("HB-S060", "HB-W003"), Outcome.DEFERRED),  # a warning stands in nobody's way
        (("HB-S060", "HB-S107"), Outcome.REJECTED),  # without a roster, data will not help
        (("HB-S062",), Outcome.REJECTED),
        (("HB-S041",), Outcome.REJECTED),
        ((), Outcome.REJECTED),
    ],
)
def test_waits_only_where_newer_revocation_data_alone_would_decide(
    codes: tuple[str, ...], outcome: Outcome
) -> None:
    examination = replace(
        examine(document(outcome="indeterminate", silent=True), "x", NOON),
        findings=tuple(finding(each) for each in codes),
    )
    assert examined_outcome(examination) is outcome
