"""Which version may follow on what: the whole table, and what decisions make of it."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from hocba.index.rows import Pupil
from hocba.ingest.decision import Decision, Known, Taken, decide, record_of
from hocba.ingest.entry import Document
from hocba.model.lifecycle import (
    TRANSITIONS,
    Approval,
    Standing,
    Step,
    possible_steps,
    standing_of,
    transition,
)
from hocba.model.record import Event, RecordStatus
from schemas.findings import Severity, catalogue
from tests.support.stand_in import NOON, document, examine

RECORD = "00000000-0000-4000-8000-000000000001"


def known_of(*accepted: bytes, requests: dict[tuple[str, Step], int] | None = None) -> Known:
    """The state of an index that has accepted these versions of the record, in this order."""
    known = Known({}, {}, {}, requests or {})
    for data in accepted:
        examination = examine(data, "x", NOON)
        assert examination.transcript is not None
        record = record_of(examination.transcript)
        taken = Taken(examination.sha256, record.masogd, "2026-06-01T05:00:00+00:00", None)
        known = Known(
            {record.madinhdanhhocba: record},
            {**known.versions, (record.madinhdanhhocba, record.phienban): taken},
            {record.mahocsinh: Pupil(mahocsinh=record.mahocsinh, sodinhdanh=record.sodinhdanh)},
            known.requests,
        )
    return known


def decisions(
    *documents: bytes, known: Known, approval: Approval = Approval.RECORDED
) -> tuple[Decision, ...]:
    entries = [
        (Document(n, f"{n}.xml", data), examine(data, f"{n}.xml", NOON))
        for n, data in enumerate(documents, 1)
    ]
    return decide(entries, known, masogd="15", approval=approval)


def codes(decision: Decision) -> list[str]:
    return [each.code for each in decision.findings]


FIRST = document()
RECALL = document(phienban=2, event="CANCEL", status="2")


def test_the_table_has_every_case_and_every_refusal_is_an_error() -> None:
    assert set(TRANSITIONS) == set(product(Standing, Event, RecordStatus))
    refusals = {each for each in TRANSITIONS.values() if not isinstance(each, Step)}
    assert all(catalogue()[each].severity is Severity.ERROR for each in refusals)


@pytest.mark.parametrize("case", list(TRANSITIONS), ids="-".join)
def test_a_step_leads_where_its_name_says(case: tuple[Standing, Event, RecordStatus]) -> None:
    step = transition(*case)
    if isinstance(step, Step):
        data = document(phienban=9, event=case[1].value, status=case[2].value)
        examined = examine(data, "x", NOON)
        assert examined.transcript is not None
        after = standing_of(record_of(examined.transcript).status)
        recalled = step is Step.RECALL
        assert after is (Standing.RECALLED if recalled else Standing.VALID)


def test_only_what_the_table_allows_may_be_asked_for() -> None:
    assert possible_steps(Standing.ABSENT) == {Step.EXTRACT}
    assert possible_steps(Standing.VALID) == {Step.CORRECTION, Step.RECALL}
    signed, extract = ({*each} for each in ([Step.EXTRACT], [Step.ORIGINAL]))
    usual = {Step.CORRECTION, Step.RECALL}
    assert possible_steps(Standing.VALID, trichluc=False) == usual | signed
    assert possible_steps(Standing.VALID, trichluc=True) == usual | extract
    assert possible_steps(Standing.RECALLED, trichluc=True) == {Step.REVERSAL}
    assert possible_steps(Standing.RECALLED) == {Step.REVERSAL}


@pytest.mark.parametrize(
    ("sent", "before", "code"),
    [
        (document(event="UPDATE"), (), "HB-I034"),
        (document(event="CANCEL", status="2"), (), "HB-I034"),
        (document(status="2"), (), "HB-I048"),
        (document(phienban=3, event="CANCEL", status="2"), (FIRST, RECALL), "HB-I049"),
        (document(phienban=3, event="UPDATE", status="2"), (FIRST, RECALL), "HB-I050"),
        (document(phienban=3, status="2"), (FIRST, RECALL), "HB-I050"),
        (document(phienban=2, event="UPDATE"), (FIRST, document(phienban=3)), "HB-I031"),
        (document(tenlop="1B"), (FIRST,), "HB-I032"),
    ],
    ids=[
        "update without a new",
        "recall without a new",
        "first version is recalled",
        "recall of a recalled record",
        "change of a recalled record",
        "new version of a recalled record that stays recalled",
        "out of order",
        "same number with other bytes",
    ],
)
def test_what_is_not_allowed_is_refused_under_its_own_code(
    sent: bytes, before: tuple[bytes, ...], code: str
) -> None:
    [decision] = decisions(sent, known=known_of(*before))
    assert codes(decision) == [code]
    assert (decision.accepted, decision.step, decision.request) == (None, None, None)


@pytest.mark.parametrize(
    ("sent", "before", "step"),
    [
        (FIRST, (), Step.ISSUE),
        (document(phienban=2, event="UPDATE"), (FIRST,), Step.CORRECTION),
        (RECALL, (FIRST,), Step.RECALL),
        (document(phienban=2, event="UPDATE", status="2"), (FIRST,), Step.RECALL),
        (document(phienban=3, event="UPDATE"), (FIRST, RECALL), Step.REVERSAL),
        (document(phienban=3, event="NEW"), (FIRST, RECALL), Step.REVERSAL),
    ],
)
def test_what_is_allowed_says_which_step_it_is(
    sent: bytes, before: tuple[bytes, ...], step: Step
) -> None:
    [decision] = decisions(sent, known=known_of(*before))
    assert decision.step is step


def test_a_refused_version_changes_nothing_for_the_next_one() -> None:
    after_recall = document(phienban=3, event="CANCEL", status="2", tenlop="1B")
    reversal = document(phienban=3, event="UPDATE")
    refused, accepted = decisions(after_recall, reversal, known=known_of(FIRST, RECALL))
    assert codes(refused) == ["HB-I049"]
    assert accepted.step is Step.REVERSAL


class TestApproval:
    CORRECTION = document(phienban=2, event="UPDATE")

    def test_a_change_without_a_request_is_a_warning_where_approval_is_recorded(self) -> None:
        [decision] = decisions(self.CORRECTION, known=known_of(FIRST))
        assert codes(decision) == ["HB-I053"]
        assert decision.findings[0].severity is Severity.WARNING

    def test_and_refused_where_approval_is_required(self) -> None:
        [decision] = decisions(self.CORRECTION, known=known_of(FIRST), approval=Approval.REQUIRED)
        assert codes(decision) == ["HB-I052"]
        assert "đính chính" in decision.findings[0].message()

    def test_a_first_version_needs_no_request(self) -> None:
        [decision] = decisions(FIRST, known=known_of(), approval=Approval.REQUIRED)
        assert codes(decision) == []

    @pytest.mark.parametrize("approval", Approval)
    def test_an_approved_request_of_its_kind_lets_it_in(self, approval: Approval) -> None:
        known = known_of(FIRST, requests={(RECORD, Step.CORRECTION, None): 4})
        [decision] = decisions(self.CORRECTION, known=known, approval=approval)
        assert (codes(decision), decision.request) == ([], 4)

    @pytest.mark.parametrize(("masogd", "expected"), [("15", []), ("79", ["HB-I052"])])
    def test_one_of_another_province_does_not(self, masogd: str, expected: list[str]) -> None:
        known = known_of(FIRST, requests={(RECORD, Step.CORRECTION, masogd): 4})
        [decision] = decisions(self.CORRECTION, known=known, approval=Approval.REQUIRED)
        assert codes(decision) == expected

    def test_one_of_another_kind_does_not(self) -> None:
        known = known_of(FIRST, requests={(RECORD, Step.RECALL, None): 4})
        [decision] = decisions(self.CORRECTION, known=known, approval=Approval.REQUIRED)
        assert codes(decision) == ["HB-I052"]

    def test_a_request_is_fulfilled_by_one_version_only(self) -> None:
        known = known_of(FIRST, requests={(RECORD, Step.CORRECTION, None): 4})
        first, second = decisions(
            self.CORRECTION,
            document(phienban=3, event="UPDATE"),
            known=known,
            approval=Approval.REQUIRED,
        )
        assert first.request == 4
        assert codes(second) == ["HB-I052"]
        assert known.requests == {(RECORD, Step.CORRECTION, None): 4}

    def test_a_refused_version_uses_no_request_up(self) -> None:
        known = known_of(FIRST, requests={(RECORD, Step.CORRECTION, None): 4})
        of_another = document(phienban=2, event="UPDATE", mahocsinh="1500000009")
        refused, accepted = decisions(
            of_another, self.CORRECTION, known=known, approval=Approval.REQUIRED
        )
        assert codes(refused) == ["HB-I036"]
        assert accepted.request == 4

    def test_an_unknown_record_is_told_so_rather_than_that_approval_is_missing(self) -> None:
        [decision] = decisions(
            document(event="UPDATE"), known=replace(known_of()), approval=Approval.REQUIRED
        )
        assert codes(decision) == ["HB-I034"]


class TestOrigin:
    """What was made from paper (trích lục), and what was signed as it was made."""

    PAPER = document(trichluc=True)
    SIGNED = document(trichluc=False)

    def test_an_extract_without_a_request_is_a_warning_where_approval_is_recorded(self) -> None:
        [decision] = decisions(self.PAPER, known=known_of())
        assert (decision.step, codes(decision)) == (Step.EXTRACT, ["HB-I053"])

    def test_and_refused_where_it_is_required_of_all_changes_or_of_extracts(self) -> None:
        entries = [(Document(1, "1.xml", self.PAPER), examine(self.PAPER, "1.xml", NOON))]
        for demands in (
            {"approval": Approval.REQUIRED},
            {"approval": Approval.RECORDED, "extracts": Approval.REQUIRED},
        ):
            [decision] = decide(entries, known_of(), masogd="15", **demands)
            assert codes(decision) == ["HB-I052"]
            assert "trích lục" in decision.findings[0].message()

    def test_an_approved_request_lets_it_in(self) -> None:
        known = known_of(requests={(RECORD, Step.EXTRACT, None): 1})
        [decision] = decisions(self.PAPER, known=known, approval=Approval.REQUIRED)
        assert (codes(decision), decision.request) == ([], 1)

    @pytest.mark.parametrize("approval", [Approval.RECORDED, Approval.REQUIRED])
    @pytest.mark.parametrize(
        ("before", "now", "step"),
        [(SIGNED, True, Step.EXTRACT), (PAPER, False, Step.ORIGINAL)],
        ids=["an extract for a signed one", "a signed one for an extract"],
    )
    def test_neither_takes_the_place_of_the_other_without_approval(
        self, before: bytes, now: bool, step: Step, approval: Approval
    ) -> None:
        sent = document(phienban=2, event="UPDATE", trichluc=now)
        for requests in ({}, {(RECORD, Step.CORRECTION, None): 3}):
            known = known_of(before, requests=requests)
            assert codes(decisions(sent, known=known, approval=approval)[0]) == ["HB-I052"]
        known = known_of(before, requests={(RECORD, step, None): 4})
        [decision] = decisions(sent, known=known, approval=approval)
        assert (decision.step, decision.request, codes(decision)) == (step, 4, [])

    @pytest.mark.parametrize("event", ["UPDATE", "CANCEL"])
    def test_a_recall_does_not_change_it(self, event: str) -> None:
        sent = document(phienban=2, event=event, status="2", trichluc=True)
        assert codes(decisions(sent, known=known_of(self.SIGNED))[0]) == ["HB-I118"]

    def test_nor_does_a_reversal(self) -> None:
        known = known_of(self.PAPER, document(phienban=2, event="CANCEL", trichluc=True))
        sent = document(phienban=3, event="UPDATE", trichluc=False)
        assert codes(decisions(sent, known=known)[0]) == ["HB-I118"]

    def test_a_correction_of_the_same_origin_is_an_ordinary_one(self) -> None:
        sent = document(phienban=2, event="UPDATE", trichluc=True)
        assert decisions(sent, known=known_of(self.PAPER))[0].step is Step.CORRECTION

    def test_a_record_of_which_nothing_is_known_gets_its_origin_with_the_next_version(self) -> None:
        sent = document(phienban=2, event="UPDATE", trichluc=True)
        assert decisions(sent, known=known_of(FIRST))[0].step is Step.CORRECTION

    def test_what_comes_with_a_transfer_was_approved_where_it_was_made(self) -> None:
        [decision] = decisions(self.PAPER, known=known_of(), approval=Approval.ELSEWHERE)
        assert (decision.step, codes(decision)) == (Step.EXTRACT, [])


def test_the_page_names_every_step_and_every_refusal() -> None:
    page = (Path(__file__).parents[3] / "docs" / "lifecycle.md").read_text("utf-8")
    assert [each for each in Step if f"`{each.value}`" not in page] == []
    refusals = {each for each in TRANSITIONS.values() if not isinstance(each, Step)}
    assert [each for each in sorted(refusals) if each not in page] == []
