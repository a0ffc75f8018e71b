"""Reason and approval: requests on either database, and what taking in makes of them."""

from dataclasses import replace

import pytest

from hocba.configuration import Configuration, read_configuration
from hocba.errors import HomeError
from hocba.index.rows import Request, RequestDecision
from hocba.model.lifecycle import Approval, Reason, Step
from hocba.model.record import RecordStatus
from hocba.requests import MAX_TEXT, RequestRefused, decide_request, open_request
from schemas.findings import Language
from tests.support import signed_home
from tests.support.rows import NOW, fill, record

REASON = "Nhập nhầm điểm học kỳ 2"


def opened(index, kind=Step.CORRECTION, **changes) -> Request:
    values = {"reason": Reason.ENTRY_ERROR, "text": REASON, "by": "Trường A", "at": NOW}
    with index.transaction() as tx:
        return open_request(tx, "hb-1", kind, **{**values, "actor": "cli", **changes})


def decided(index, number=1, decision=RequestDecision.APPROVED, by="Sở") -> Request:
    with index.transaction() as tx:
        return decide_request(tx, "hb-1", number, decision, by=by, at=NOW, actor="cli")


def refusal(call, *arguments, **named) -> str:
    with pytest.raises(RequestRefused) as raised:
        call(*arguments, **named)
    found = raised.value.finding
    assert "{" not in found.message(Language.VI) + found.message(Language.EN)
    return found.code


@pytest.fixture
def filled(index):
    fill(index, record())
    return index


def test_a_request_waits_is_approved_and_comes_back_the_same(filled) -> None:
    assert opened(filled).state == "waiting"
    assert decided(filled).state == "approved"
    with filled.reading() as tx:
        [request] = tx.requests.of_record("hb-1")
        assert tx.requests.approved(["hb-1"]) == {("hb-1", Step.CORRECTION, "15"): 1}
    assert (request.requested_by, request.decided_by) == ("Trường A", "Sở")
    assert (request.reason, request.text) == (Reason.ENTRY_ERROR, REASON)


def test_who_asked_may_not_decide(filled) -> None:
    opened(filled)
    assert refusal(decided, filled, by=" trường  a ") == "HB-I058"
    with filled.reading() as tx:
        assert tx.requests.of_record("hb-1")[0].state == "waiting"


def test_a_decision_does_not_change(filled) -> None:
    opened(filled)
    decided(filled, decision=RequestDecision.DECLINED)
    assert refusal(decided, filled) == "HB-I057"
    with filled.reading() as tx:
        assert tx.requests.approved(["hb-1"]) == {}


def test_one_request_of_a_kind_at_a_time(filled) -> None:
    opened(filled)
    assert refusal(opened, filled) == "HB-I055"
    assert opened(filled, Step.RECALL, reason=Reason.WRONG_RECORD).number == 2
    decided(filled, decision=RequestDecision.DECLINED)
    assert opened(filled).number == 3


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (RecordStatus.VALID, Step.REVERSAL),
        (RecordStatus.VALID, Step.ISSUE),
        (RecordStatus.RECALLED, Step.CORRECTION),
        (RecordStatus.RECALLED, Step.RECALL),
    ],
)
def test_what_the_record_does_not_allow_cannot_be_asked_for(index, status, kind) -> None:
    fill(index, record(status=status))
    assert refusal(opened, index, kind) == "HB-I054"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": "  "}, "HB-I059"),
        ({"text": "x" * (MAX_TEXT + 1)}, "HB-I059"),
        ({"by": " "}, "HB-I061"),
        ({"by": "x" * 300}, "HB-I061"),
    ],
)
def test_a_request_says_why_and_by_whom(filled, changes, code) -> None:
    assert refusal(opened, filled, **changes) == code


def test_what_is_not_there_cannot_be_decided(filled) -> None:
    assert refusal(decided, filled) == "HB-I056"


def test_a_record_that_is_not_there_has_no_requests(index) -> None:
    assert refusal(opened, index) == "HB-I060"


def test_every_step_is_an_audit_event_without_words(filled) -> None:
    opened(filled)
    decided(filled)
    with filled.reading() as tx:
        events = tx.audit.events(madinhdanhhocba="hb-1").rows
    assert [each.action for each in events] == ["request.opened", "request.approved"]
    for each in events:
        assert dict(each.detail) == {
            "request": "1",
            "kind": "correction",
            "reason": "entry-error",
        }


class TestTakingIn:
    """Signed versions into a home whose configuration demands approval."""

    @pytest.fixture
    def home(self, tmp_path):
        made = signed_home.make_home(tmp_path)
        return replace(made, configuration=replace(made.configuration, approval=Approval.REQUIRED))

    def approve(self, home, kind, reason=Reason.ENTRY_ERROR):
        with home.open_index() as index, index.transaction() as tx:
            request = open_request(
                tx,
                signed_home.RECORD,
                kind,
                reason=reason,
                text=REASON,
                by="Trường",
                at=NOW,
                actor="cli",
            )
            return decide_request(
                tx,
                signed_home.RECORD,
                request.number,
                RequestDecision.APPROVED,
                by="Sở",
                at=NOW,
                actor="cli",
            )

    def outcome(self, home, data):
        _, [item] = signed_home.take_in(home, data)
        return item.outcome.value, [each.code for each in item.findings]

    def state(self, home):
        with home.open_index() as index, index.reading() as tx:
            found = tx.records.find(signed_home.RECORD)
            return found.phienban, found.status.value, tx.requests.of_record(signed_home.RECORD)

    def test_correction_recall_and_reversal_each_need_their_own_request(self, home) -> None:
        correction = signed_home.version(2, "UPDATE", "8.0")
        assert self.outcome(home, signed_home.version()) == ("accepted", [])
        assert self.outcome(home, correction) == ("rejected", ["HB-I052"])
        assert self.state(home) == (1, "1", ())
        self.approve(home, Step.CORRECTION)
        assert self.outcome(home, correction) == ("accepted", [])
        assert self.state(home)[2][0].phienban == 2

        recall = signed_home.version(3, "CANCEL", "8.0", trangthaithongtinhocba="2")
        assert self.outcome(home, recall) == ("rejected", ["HB-I052"])
        self.approve(home, Step.RECALL, Reason.WRONG_RECORD)
        assert self.outcome(home, recall) == ("accepted", [])

        reversal = signed_home.version(4, "UPDATE", "8.0")
        assert self.outcome(home, reversal) == ("rejected", ["HB-I052"])
        self.approve(home, Step.REVERSAL, Reason.RECALLED_IN_ERROR)
        assert self.outcome(home, reversal) == ("accepted", [])
        number, status, requests = self.state(home)
        assert (number, status) == (4, "1")
        assert [each.phienban for each in requests] == [2, 3, 4]

    def test_the_trail_links_a_version_to_its_request(self, home) -> None:
        signed_home.take_in(home, signed_home.version())
        self.approve(home, Step.CORRECTION)
        signed_home.take_in(home, signed_home.version(2, "UPDATE", "8.0"))
        with home.open_index() as index, index.reading() as tx:
            last = tx.audit.events(madinhdanhhocba=signed_home.RECORD).rows[-1]
        assert dict(last.detail) == {"event": "UPDATE", "step": "correction", "request": "1"}


class TestConfiguration:
    def test_approval_is_recorded_unless_the_file_says_more(self, tmp_path) -> None:
        path = tmp_path / "hocba.toml"
        path.write_text(Configuration().as_toml())
        assert read_configuration(path, {}).approval is Approval.RECORDED
        path.write_text(Configuration(approval=Approval.REQUIRED).as_toml())
        assert read_configuration(path, {}).approval is Approval.REQUIRED

    def test_another_word_is_refused(self, tmp_path) -> None:
        path = tmp_path / "hocba.toml"
        path.write_text('[lifecycle]\napproval = "maybe"\n')
        with pytest.raises(HomeError, match=r"lifecycle\.approval"):
            read_configuration(path, {})
