import json
from pathlib import Path

from tests.support import records as made
from tests.support.command import call
from tests.support.sample import Province


def test_accepts_what_follows_its_definition_signed_or_not(province: Province) -> None:
    ran = call("check", province.folder / "unsigned", province.folder / "records", "--format=json")
    assert ran.code == 0
    assert {each["outcome"] for each in ran.lines} == {"accepted"}
    for each in ran.lines:
        assert set(each) == {"file", "outcome", "record", "schema", "signatures"}
        assert each["signatures"] == []


def test_says_where_and_what_was_expected(tmp_path: Path) -> None:
    file = tmp_path / "học bạ.xml"
    file.write_bytes(made.primary_record(gioitinh="7"))
    ran = call("check", file, "--format", "json")
    assert ran.code == 1
    assert ran.json["outcome"] == "rejected"
    finding = ran.json["schema"]["findings"][0]
    assert set(finding) == {"code", "severity", "path", "line", "message", "parameters"}
    assert "gioitinh" in finding["path"]
    line = file.read_text("utf-8").splitlines()[finding["line"] - 1]
    assert "gioitinh" in line
    assert ran.err == ""


def test_text_names_file_line_and_finding(tmp_path: Path) -> None:
    file = tmp_path / "hoc-ba.xml"
    file.write_bytes(made.primary_record(gioitinh="7"))
    ran = call("check", file)
    assert ran.code == 1
    assert f"✗ không đạt  {file}" in ran.out
    assert "Dòng " in ran.out
    assert "chữ ký chưa được xét" in ran.out


def test_shows_warnings_of_documents_that_pass(bad_province: Province) -> None:
    name = next(each["file"] for each in bad_province.bad if each["defect"] == "unknown-subject")
    ran = call("check", bad_province.folder / "records" / name, "--lang=en")
    assert ran.code == 0
    assert "HB-W003" in ran.out
    assert "✓ accepted" in ran.out


def test_one_unreadable_among_others_fails_and_alone_is_unusable(tmp_path: Path) -> None:
    (tmp_path / "not.xml").write_text("học bạ", "utf-8")
    assert call("check", tmp_path).code == 2
    (tmp_path / "good.xml").write_bytes(made.primary_record())
    ran = call("check", tmp_path, "--format=json")
    assert ran.code == 1
    assert [each["outcome"] for each in ran.lines] == ["accepted", "unreadable"]


def test_findings_come_in_english_on_request(tmp_path: Path) -> None:
    file = tmp_path / "a.xml"
    file.write_bytes(made.primary_record(gioitinh="7"))
    vi, en = (
        call("check", file, "--format=json", env={"HOCBA_LANG": each}) for each in ("vi", "en")
    )
    messages = [each.json["schema"]["findings"][0]["message"] for each in (vi, en)]
    assert messages[0] != messages[1]
    assert json.loads(vi.out)["schema"]["findings"][0]["code"] in vi.out


def test_nothing_in_a_document_reaches_the_terminal_as_a_command(tmp_path: Path) -> None:
    """C1 controls and marks that turn the direction of writing are allowed in XML."""
    file = tmp_path / "a.xml"
    file.write_bytes(made.primary_record(tenlop="5A\u009b31mĐỎ\u202e và dài quá"))
    ran = call("check", file)
    assert ran.code == 1
    assert "và dài quá" in ran.out
    assert not {"\u009b", "\u202e"} & set(ran.out)
