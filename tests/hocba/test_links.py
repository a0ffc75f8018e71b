"""A pupil whose id changes keeps one timeline: links on either database, and what follows them."""

from datetime import timedelta

import pytest

from hocba.links import LinkRefused, link_pupils, unlink_pupils
from schemas.findings import Language
from tests.support import signed_home
from tests.support.command import call
from tests.support.rows import NOW, fill, record

OLD, NEW, NEWEST = "TAM-1", "1500000001", "1500000002"


def pupil(number, mahocsinh, namhoc):
    return record(
        madinhdanhhocba=f"hb-{number}",
        mahocsinh=mahocsinh,
        namhoc=namhoc,
        sodinhdanh=f"01521900000{number}",
    )


@pytest.fixture
def filled(index):
    fill(
        index,
        pupil(1, OLD, "2023-2024"),
        pupil(2, NEW, "2024-2025"),
        pupil(3, NEWEST, "2025-2026"),
        pupil(4, "1500000009", "2025-2026"),
    )
    return index


def act(index, what=link_pupils, old=OLD, new=NEW, **changes):
    values = {"reason": "Đã có mã chính thức", "by": "Sở GDĐT", "at": NOW, "actor": "cli"}
    with index.transaction() as tx:
        return what(tx, old, new, **{**values, **changes})


def years(index, mahocsinh):
    with index.reading() as tx:
        return [each.record.namhoc for each in tx.records.timeline(mahocsinh).records]


def refusal(*arguments, **named):
    with pytest.raises(LinkRefused) as raised:
        act(*arguments, **named)
    found = raised.value.finding
    assert "{" not in found.message(Language.VI) + found.message(Language.EN)
    return found.code


def test_the_timeline_follows_links_both_ways(filled):
    act(filled)
    act(filled, old=NEW, new=NEWEST)
    for each in (OLD, NEW, NEWEST):
        assert years(filled, each) == ["2023-2024", "2024-2025", "2025-2026"]
    assert years(filled, "1500000009") == ["2025-2026"]


def test_the_versions_of_all_ids_come_with_it(filled):
    act(filled)
    with filled.reading() as tx:
        assert all(len(each.versions) == 1 for each in tx.records.timeline(NEW).records)


def test_a_further_row_undoes_a_link_and_both_stay_on_record(filled):
    act(filled)
    act(filled, unlink_pupils, reason="Nhầm học sinh", at=NOW + timedelta(days=1))
    assert years(filled, OLD) == ["2023-2024"]
    assert years(filled, NEW) == ["2024-2025"]
    with filled.reading() as tx:
        rows = tx.links.history(OLD)
    assert [(each.linked, each.reason) for each in rows] == [
        (True, "Đã có mã chính thức"),
        (False, "Nhầm học sinh"),
    ]


def test_what_was_undone_may_be_linked_again(filled):
    act(filled)
    act(filled, unlink_pupils)
    act(filled)
    assert len(years(filled, OLD)) == 2


def test_an_id_may_be_linked_before_its_first_record_comes_in(filled):
    act(filled, new="1500000099")
    assert years(filled, "1500000099") == ["2023-2024"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (OLD, OLD, "HB-I062"),
        (OLD, "mã học sinh", "HB-I062"),
        (OLD, "", "HB-I062"),
        ("khong-co", NEW, "HB-I063"),
    ],
)
def test_ids_that_cannot_be_linked_are_refused(filled, old, new, code):
    assert refusal(filled, old=old, new=new) == code


def test_no_link_within_one_pupil(filled):
    act(filled)
    act(filled, old=NEW, new=NEWEST)
    assert refusal(filled) == "HB-I064"
    assert refusal(filled, old=NEWEST, new=OLD) == "HB-I064"


def test_an_id_is_replaced_by_one_other_only(filled):
    act(filled)
    assert refusal(filled, new=NEWEST) == "HB-I065"


def test_only_a_link_in_force_can_be_undone(filled):
    assert refusal(filled, unlink_pupils) == "HB-I066"
    act(filled)
    assert refusal(filled, unlink_pupils, old=NEW, new=OLD) == "HB-I066"
    act(filled, unlink_pupils)
    assert refusal(filled, unlink_pupils) == "HB-I066"


def test_every_step_is_an_audit_event_without_the_reason(filled):
    act(filled)
    act(filled, unlink_pupils)
    with filled.reading() as tx:
        events = tx.audit.events().rows
    assert [each.action for each in events] == ["pupil.linked", "pupil.unlinked"]
    assert {each.detail for each in events} == {(("old", OLD), ("new", NEW))}


def test_a_refused_link_changes_nothing(filled):
    refusal(filled, old="khong-co")
    with filled.reading() as tx:
        assert tx.links.history("khong-co") == ()
        assert tx.audit.events().rows == ()


class TestTakingIn:
    """A record whose correction names the new id of its pupil."""

    NEW_ID = "2500000077"

    @pytest.fixture
    def home(self, tmp_path):
        made = signed_home.make_home(tmp_path)
        signed_home.take_in(made, signed_home.version())
        return made

    def send(self, home):
        data = signed_home.version(2, "UPDATE", mahocsinh=self.NEW_ID)
        _, [item] = signed_home.take_in(home, data)
        return item.outcome.value, [each.code for each in item.findings]

    def test_is_refused_without_a_link(self, home):
        assert self.send(home) == ("rejected", ["HB-I036"])

    def test_is_taken_in_with_one_and_stays_in_the_timeline(self, home):
        with home.open_index() as index:
            act(index, old=signed_home.PUPIL, new=self.NEW_ID)
        assert self.send(home) == ("accepted", ["HB-I053"])
        for each in (signed_home.PUPIL, self.NEW_ID):
            found = call("history", each, "--home", home.path, "--format=json").json["records"]
            assert [len(record["versions"]) for record in found] == [2]


class TestCommands:
    @pytest.fixture
    def home(self, tmp_path):
        made = signed_home.make_home(tmp_path)
        signed_home.take_in(made, signed_home.version())
        return made.path

    def test_a_pupil_is_linked_and_shown_and_unlinked(self, home):
        link = ("link", signed_home.PUPIL, "2500000077", "--by", "Sở GDĐT", "--home", home)
        made = call(*link, "--reason", "Đính chính mã")
        assert made.code == 0, made.said
        shown = call("history", "2500000077", "--home", home)
        assert shown.code == 0
        assert "Đính chính mã" in shown.out
        undone = call(*link, "--undo", "--reason", "Nhầm", "--format=json")
        assert (undone.code, undone.json["linked"]) == (0, False)
        assert call("history", "2500000077", "--home", home).code == 1

    def test_a_refusal_says_why(self, home):
        ran = call("link", "a", "b", "--reason", "x", "--by", "y", "--home", home, "--lang=en")
        assert ran.code == 2
        assert "HB-I063" in ran.err

    def test_a_request_goes_its_way(self, home):
        record = signed_home.RECORD
        opened = call(
            *("request", "open", record, "--kind", "correction", "--reason", "entry-error"),
            *("--text", "Nhập nhầm điểm", "--by", "THCS Mẫu", "--home", home),
        )
        assert opened.code == 0, opened.said
        assert "đính chính, chờ duyệt: sai sót khi nhập liệu: Nhập nhầm điểm" in opened.out
        own = call("request", "approve", record, "1", "--by", "thcs mẫu", "--home", home)
        assert (own.code, "HB-I058" in own.err) == (2, True)
        approved = call("request", "approve", record, "1", "--by", "Sở", "--home", home)
        assert approved.code == 0
        again = call("request", "decline", record, "1", "--by", "Sở", "--home", home)
        assert "HB-I057" in again.err
        listed = call("request", "list", record, "--home", home, "--format=json")
        assert [each["state"] for each in listed.lines] == ["approved"]
        shown = call("history", signed_home.PUPIL, "--home", home)
        assert "Nhập nhầm điểm" in shown.out
        assert "Sở duyệt lúc" in shown.out

    def test_a_record_without_requests_says_so(self, home):
        ran = call("request", "list", signed_home.RECORD, "--home", home)
        assert "không có yêu cầu nào" in ran.out

    def test_an_unknown_kind_is_misuse(self, home):
        ran = call(
            *("request", "open", "x", "--kind", "delete", "--reason", "other", "--text", "x"),
            *("--by", "y", "--home", home),
        )
        assert ran.code == 2
        assert "correction, recall, reversal" in ran.err
