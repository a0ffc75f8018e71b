"""Names as Vietnamese writes them, and dates as exact as they are known."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocba.identity.comparison import (
    is_birth,
    name_problem,
    same_birth,
    verdict,
    verdict_without_register,
)
from hocba.identity.model import NoAnswer, NotRegistered, Person, Problem, Registered, Verdict

ID = "010212043633"


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("Nguyễn Văn Mẫu", unicodedata.normalize("NFD", "Nguyễn Văn Mẫu")),
        ("  Nguyễn  Văn\tMẫu ", "Nguyễn Văn Mẫu"),
        ("Nguyễn Văn Mẫu", "NGUYỄN VĂN MẪU"),
        ("NGUYỄN VĂN MẪU", "Nguyễn văn Mẫu"),
        ("Đặng Thị Ý", "ĐẶNG THỊ Ý"),
    ],
)
def test_one_name_written_by_two_programs_is_one_name(said: str, known: str) -> None:
    assert name_problem(said, known) is None


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("Nguyễn Thị Hoà", "Nguyễn Thị Hòa"),
        ("Nguyễn Thị Hoa", "Nguyễn Thị Hoà"),
        ("Nguyen Van Mau", "Nguyễn Văn Mẫu"),
        ("Nguyễn văn Mẫu", "Nguyễn Văn Mẫu"),
        ("Dang Thi Y", "Đặng Thị Ý"),
        ("NGUYEN VAN MAU", "Nguyễn Văn Mẫu"),
    ],
)
def test_marks_and_case_are_a_mismatch_of_their_own(said: str, known: str) -> None:
    assert name_problem(said, known) is name_problem(known, said) is Problem.ALMOST


@pytest.mark.parametrize(
    ("said", "known"),
    [("Nguyễn Văn Mẫu", "Nguyễn Văn Mậu A"), ("Lê A", "Lê B"), ("", "Lê A"), ("Lê A", " ")],
)
def test_another_name_is_another_name(said: str, known: str) -> None:
    assert name_problem(said, known) is Problem.NAME


@given(st.text(min_size=1))
def test_a_name_equals_itself_in_every_normal_form(name: str) -> None:
    for form in ("NFC", "NFD"):
        found = name_problem(unicodedata.normalize(form, name), name)
        assert found is (None if name.strip() else Problem.NAME)


@pytest.mark.parametrize(
    ("said", "known", "same"),
    [
        ("2012-09-02", "2012-09-02", True),
        ("2012-09-02", "2012-09-03", False),
        ("2012-09-02", "2012-09", True),
        ("2012", "2012-09-02", True),
        ("2012-10", "2012-09-02", False),
        ("2011", "2012-09-02", False),
        ("2012-13", "2012-13", False),
        ("02/09/2012", "02/09/2012", False),
    ],
)
def test_dates_agree_as_far_as_both_go(said: str, known: str, *, same: bool) -> None:
    assert same_birth(said, known) is same


@pytest.mark.parametrize("text", ["2012", "2012-02", "2012-02-29"])
def test_a_date_may_be_partial(text: str) -> None:
    assert is_birth(text)


@pytest.mark.parametrize("text", ["", "12", "2012-2", "2011-02-29", "2012-00", "2012-02-", "0000"])
def test_what_does_not_exist_is_no_date(text: str) -> None:
    assert not is_birth(text)


def test_no_answer_is_never_agreement() -> None:
    assert verdict(Person(ID, "Lê A"), NoAnswer("connection")) is None


@pytest.mark.parametrize(
    ("answer", "problem", "codes"),
    [
        (Registered("Lê A", "2012-09-02"), None, []),
        (Registered("Lê A"), None, []),
        (NotRegistered(), Problem.UNKNOWN, ["HB-I190"]),
        (Registered("Lê B", "2012"), Problem.NAME, ["HB-I191"]),
        (Registered("Le A", "2012"), Problem.ALMOST, ["HB-I192"]),
        (Registered("Lê A", "2013"), Problem.BIRTH, ["HB-I193"]),
        (Registered("Le A", "2013"), Problem.BIRTH, ["HB-I192", "HB-I193"]),
        (Registered("Lê B", "2013"), Problem.NAME, ["HB-I191", "HB-I193"]),
    ],
)
def test_everything_that_differs_is_said(answer, problem, codes) -> None:
    said = verdict(Person(ID, "Lê A", "2012-09-02"), answer)
    assert said is not None
    assert said.problem is problem
    assert [each.code for each in said.findings] == codes


@pytest.mark.parametrize(
    ("identity", "problem"),
    [
        (ID, None),
        ("TAM-0001", Problem.TEMPORARY),
        ("tam-2026.17", Problem.TEMPORARY),
        ("01021204363", Problem.MALFORMED),
        ("0102120436331", Problem.MALFORMED),
        ("١٢٣٤٥٦٧٨٩٠١٢", Problem.MALFORMED),
        ("TAM-", Problem.MALFORMED),
    ],
)
def test_nobody_is_asked_about_what_is_no_id(identity: str, problem: Problem | None) -> None:
    said = verdict_without_register(Person(identity, "Lê A"))
    assert (said.problem if said else None) is problem


def test_a_problem_without_an_explanation_is_no_verdict() -> None:
    with pytest.raises(ValueError, match="findings"):
        Verdict(Problem.NAME)
