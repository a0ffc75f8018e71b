"""Records made from paper (trích lục): asked for with the scan, approved, taken in; withdrawals."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from hocba.index.rows import Request, RequestDecision
from hocba.model.lifecycle import Approval, Reason, Step
from hocba.model.outcome import Outcome
from hocba.requests import Paper, RequestRefused, decide_request, open_request, withdraw_request
from schemas.findings import Language
from tests.support import signed_home
from tests.support.command import call
from tests.support.rows import NOW, fill, record

SCAN = sha256(b"a scanned page").hexdigest()
PAPER = Paper(scan_sha256=SCAN, confirmed_by="Trần Thị Lan", masogd="15")
OF_ITS_PROVINCE = replace(PAPER, masogd="25")


def opened(index, kind=Step.EXTRACT, *, of="hb-9", paper=PAPER, **changes) -> Request:
    values = {"reason": Reason.PAPER_RECORD, "text": "Học bạ giấy năm 2018", "by": "Trường A"}
    with index.transaction() as tx:
        return open_request(
            tx, of, kind, paper=paper, **{**values, "at": NOW, "actor": "cli", **changes}
        )


def approved(index, of="hb-9", number=1) -> Request:
    with index.transaction() as tx:
        return decide_request(
            tx, of, number, RequestDecision.APPROVED, by="Sở", at=NOW, actor="cli"
        )


def withdrawn(index, of="hb-9", number=1, **changes) -> Request:
    values = {"text": "Không cần nữa", "by": "Trường A", "at": NOW, "actor": "cli"}
    with index.transaction() as tx:
        return withdraw_request(tx, of, number, **{**values, **changes})


def refusal(act, *arguments, **named) -> str:
    with pytest.raises(RequestRefused) as raised:
        act(*arguments, **named)
    found = raised.value.finding
    assert "{" not in found.message(Language.VI) + found.message(Language.EN)
    return found.code


def test_an_extract_is_asked_for_before_its_record_is_there(index) -> None:
    asked = opened(index)
    assert (asked.scan_sha256, asked.confirmed_by, asked.masogd) == (SCAN, "Trần Thị Lan", "15")
    assert approved(index).state == "approved"
    with index.reading() as tx:
        assert tx.requests.approved(["hb-9"]) == {("hb-9", Step.EXTRACT, "15"): 1}
        events = tx.audit.events(madinhdanhhocba="hb-9").rows
    assert [each.action for each in events] == ["request.opened", "request.approved"]
    assert all(each.masogd == "15" for each in events)
    assert all(dict(each.detail)["scan"] == SCAN for each in events)


@pytest.mark.parametrize(
    ("kind", "paper"),
    [
        (Step.EXTRACT, None),
        (Step.EXTRACT, replace(PAPER, scan_sha256="")),
        (Step.EXTRACT, replace(PAPER, scan_sha256=SCAN.upper())),
        (Step.CORRECTION, PAPER),
    ],
    ids=["no scan", "empty digest", "no digest", "a scan for a correction"],
)
def test_it_names_its_scan_and_nothing_else_does(index, kind, paper) -> None:
    fill(index, record(trichluc=False))
    assert refusal(opened, index, kind, of="hb-1", paper=paper) == "HB-I117"


def test_it_names_who_compared_both(index) -> None:
    assert refusal(opened, index, paper=replace(PAPER, confirmed_by=" ")) == "HB-I061"


def test_nothing_can_be_asked_for_under_an_id_that_no_record_can_have(index) -> None:
    assert refusal(opened, index, of="../hb") == "HB-I060"


@pytest.mark.parametrize(
    ("trichluc", "kind", "code"),
    [(True, Step.EXTRACT, "HB-I054"), (False, Step.ORIGINAL, "HB-I054")],
)
def test_a_record_cannot_become_what_it_is(index, trichluc, kind, code) -> None:
    fill(index, record(trichluc=trichluc))
    paper = PAPER if kind is Step.EXTRACT else None
    assert refusal(opened, index, kind, of="hb-1", paper=paper) == code


def test_an_approved_request_is_withdrawn_before_it_is_used(index) -> None:
    opened(index)
    approved(index)
    gone = withdrawn(index)
    assert (gone.state, gone.withdrawn_by, gone.withdrawn_text) == (
        "withdrawn",
        "Trường A",
        "Không cần nữa",
    )
    assert gone.decided_by == "Sở"
    with index.reading() as tx:
        assert tx.requests.approved(["hb-9"]) == {}
        actions = [each.action for each in tx.audit.events(madinhdanhhocba="hb-9").rows]
    assert actions == ["request.opened", "request.approved", "request.withdrawn"]
    assert opened(index).number == 2


def test_a_waiting_one_is_withdrawn_too_and_then_not_decided(index) -> None:
    opened(index)
    withdrawn(index)
    assert refusal(approved, index) == "HB-I057"


def test_what_is_withdrawn_or_declined_or_unknown_cannot_be_withdrawn(index) -> None:
    assert refusal(withdrawn, index) == "HB-I060"
    opened(index)
    withdrawn(index)
    assert refusal(withdrawn, index) == "HB-I119"
    assert refusal(withdrawn, index, number=7) == "HB-I060"
    opened(index)
    with index.transaction() as tx:
        decide_request(tx, "hb-9", 2, RequestDecision.DECLINED, by="Sở", at=NOW, actor="cli")
    assert refusal(withdrawn, index, number=2) == "HB-I119"


@pytest.mark.parametrize("changes", [{"text": " "}, {"by": ""}])
def test_a_withdrawal_says_why_and_by_whom(index, changes) -> None:
    opened(index)
    assert refusal(withdrawn, index, **changes) in {"HB-I059", "HB-I061"}
    with index.reading() as tx:
        assert tx.requests.of_record("hb-9")[0].state == "waiting"


class TestTheWholeWay:
    @pytest.fixture
    def home(self, tmp_path: Path):
        home = signed_home.make_home(tmp_path)
        strict = replace(home.configuration, extracts=Approval.REQUIRED)
        return replace(home, configuration=strict)

    def test_a_record_from_paper_comes_in_with_an_approved_request_only(self, home) -> None:
        paper = signed_home.version(trichluc="1")
        _, [refused] = signed_home.take_in(home, paper)
        assert refused.outcome is Outcome.REJECTED
        assert [each.code for each in refused.findings] == ["HB-I052"]
        with home.open_index() as index:
            opened(index, of=signed_home.RECORD, paper=OF_ITS_PROVINCE)
            approved(index, of=signed_home.RECORD)
        batch, _ = signed_home.take_in(home, paper)
        assert batch.counts.accepted == 1
        with home.open_index() as index, index.reading() as tx:
            [request] = tx.requests.of_record(signed_home.RECORD)
            found = tx.records.find(signed_home.RECORD)
            [version] = tx.records.versions(signed_home.RECORD)
            timeline = tx.records.timeline(signed_home.PUPIL).as_json()
        assert (request.state, request.phienban) == ("fulfilled", 1)
        assert (found.trichluc, version.trichluc) == (True, True)
        assert timeline["records"][0]["trichluc"] is True

    def test_a_withdrawn_request_lets_nothing_in(self, home) -> None:
        with home.open_index() as index:
            opened(index, of=signed_home.RECORD, paper=OF_ITS_PROVINCE)
            approved(index, of=signed_home.RECORD)
            withdrawn(index, of=signed_home.RECORD)
        batch, _ = signed_home.take_in(home, signed_home.version(trichluc="1"))
        assert (batch.counts.accepted, batch.counts.rejected) == (0, 1)

    def test_a_signed_record_does_not_take_its_place_in_silence(self, home) -> None:
        with home.open_index() as index:
            opened(index, of=signed_home.RECORD, paper=OF_ITS_PROVINCE)
            approved(index, of=signed_home.RECORD)
        signed_home.take_in(home, signed_home.version(trichluc="1"))
        update = signed_home.version(2, "UPDATE", trichluc="0")
        _, [refused] = signed_home.take_in(home, update)
        assert [each.code for each in refused.findings] == ["HB-I052"]
        with home.open_index() as index:
            of = signed_home.RECORD
            opened(index, Step.ORIGINAL, of=of, paper=None, reason=Reason.ORIGINAL_FOUND)
            approved(index, of=of, number=2)
        batch, _ = signed_home.take_in(home, update)
        assert batch.counts.accepted == 1


class TestTheCommand:
    @pytest.fixture
    def home(self, tmp_path: Path):
        return signed_home.make_home(tmp_path, masogd="25")

    def test_asks_with_a_scan_and_withdraws(self, home, tmp_path: Path) -> None:
        scan = tmp_path / "hoc-ba.pdf"
        scan.write_bytes(b"%PDF-1.7 a scan")
        asked = call(
            *("request", "open", "hb-5", "--kind", "extract", "--reason", "paper-record"),
            *("--text", "Học bạ giấy", "--scan", scan, "--confirmed-by", "Trần Thị Lan"),
            *("--by", "THCS", "--home", home.path, "--format=json"),
        )
        assert asked.json["scan_sha256"] == sha256(scan.read_bytes()).hexdigest()
        assert asked.json["confirmed_by"] == "Trần Thị Lan"
        gone = call(
            *("request", "withdraw", "hb-5", "1", "--text", "Nhầm học sinh", "--by", "THCS"),
            *("--home", home.path),
        )
        assert gone.code == 0
        assert "trích lục từ học bạ giấy, đã rút" in gone.out
        assert "Trần Thị Lan đã đối chiếu" in gone.out
        assert "Nhầm học sinh" in gone.out

    def test_says_what_is_missing(self, home) -> None:
        asked = call(
            *("request", "open", "hb-5", "--kind", "extract", "--reason", "paper-record"),
            *("--text", "Học bạ giấy", "--by", "THCS", "--home", home.path),
        )
        assert asked.code == 2
        assert "HB-I117" in asked.err
