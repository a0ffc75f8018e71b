"""Findings over many documents become few groups, in bounded memory."""

from hocba.explanations.groups import EXAMPLES, MOST_GROUPS, FindingGroups
from hocba.model.outcome import Outcome
from schemas.findings import Finding, Language, finding


def of_the_year(line: int, found: str, **more: str) -> Finding:
    return finding(
        "HB-E018",
        path=f"HOC_BA_SO/DIEM_TONG_KET[{line}]/namhoc",
        line=line,
        label="Năm học",
        label_en="School year",
        name="namhoc",
        found=found,
        allowed="YYYY-YYYY",
        allowed_en="YYYY-YYYY",
        **more,
    )


def test_one_mistake_in_three_thousand_files_is_one_group() -> None:
    groups = FindingGroups()
    for number in range(3_000):
        found = of_the_year(number + 1, f"{number}")
        groups.add(f"{number}.xml", Outcome.REJECTED, (found,))
    (group,) = groups.sorted()
    assert (group.count, group.files) == (3_000, 3_000)
    assert [(each.file, each.finding.line) for each in group.examples] == [
        ("0.xml", 1),
        ("1.xml", 2),
        ("2.xml", 3),
    ]
    assert group.path == "HOC_BA_SO/DIEM_TONG_KET/namhoc"
    assert groups.documents == groups.outcomes[Outcome.REJECTED] == 3_000


def test_a_mistake_in_every_row_of_a_file_counts_the_file_once() -> None:
    groups = FindingGroups()
    groups.add("a.xml", Outcome.REJECTED, [of_the_year(line, "x") for line in range(1, 14)])
    groups.add("b.xml", Outcome.ACCEPTED, ())
    groups.add("c.xml", Outcome.REJECTED, [of_the_year(7, "x")])
    (group,) = groups.sorted()
    assert (group.count, group.files, len(group.examples)) == (14, 2, 2)


def test_two_files_of_one_name_are_two_files() -> None:
    groups = FindingGroups()
    for _ in range(2):
        groups.add("a.xml", Outcome.REJECTED, (of_the_year(1, "x"),))
    assert groups.sorted()[0].files == 2


def test_what_another_part_of_the_definition_demands_is_another_group() -> None:
    groups = FindingGroups()
    shapes = ({}, {"role": "GVCN"}, {"role": "CBQL"}, {"attribute": "Id"}, {"limit": "10"})
    for shape in shapes:
        groups.add("a.xml", Outcome.REJECTED, (of_the_year(1, "x", **shape),))
        groups.add("b.xml", Outcome.REJECTED, (of_the_year(2, "y", **shape),))
    assert [each.files for each in groups.sorted()] == [2] * len(shapes)


def test_errors_come_first_and_then_what_is_frequent() -> None:
    groups = FindingGroups()
    warning = finding("HB-W001", line=1, found="x")
    rare, frequent = finding("HB-U001"), finding("HB-U002", found=1, limit=2)
    for number in range(4):
        findings = [warning, frequent] + ([rare] if number == 0 else [])
        groups.add(f"{number}.xml", Outcome.REJECTED, findings)
    codes = [each.first.code for each in groups.sorted()]
    assert codes == ["HB-U002", "HB-U001", "HB-W001"]


def test_made_up_names_of_elements_cannot_fill_the_memory() -> None:
    groups = FindingGroups()
    for number in range(MOST_GROUPS + 500):
        unknown = finding(
            "HB-E011", path=f"A/x{number}", line=1, label="x", name="x", parent="A", allowed="y"
        )
        groups.add(f"{number}.xml", Outcome.REJECTED, (unknown,))
    rest = [each for each in groups.sorted() if each.path == ""]
    assert [each.count for each in rest] == [500]
    assert len(groups.sorted()) == MOST_GROUPS + 1
    assert all(len(each.examples) <= EXAMPLES for each in groups.sorted())


def test_a_group_says_in_both_languages_what_to_do() -> None:
    groups = FindingGroups()
    groups.add("a.xml", Outcome.REJECTED, (of_the_year(5, "2025"),))
    vietnamese = groups.as_json(Language.VI)
    assert vietnamese == {
        "documents": 1,
        "outcomes": {"rejected": 1},
        "groups": [
            {
                "code": "HB-E018",
                "severity": "error",
                "path": "HOC_BA_SO/DIEM_TONG_KET/namhoc",
                "name": "namhoc",
                "label": "Năm học",
                "count": 1,
                "files": 1,
                "problem": "Năm học (namhoc) có giá trị “2025” sai định dạng.",
                "allowed": "YYYY-YYYY",
                "mend": "Hãy ghi lại đúng dạng này trong phần mềm nhà trường rồi xuất và ký lại.",
                "examples": [
                    {
                        "file": "a.xml",
                        "line": 5,
                        "found": "2025",
                        "message": of_the_year(5, "2025").message(),
                    }
                ],
            }
        ],
    }
    (english,) = groups.as_json(Language.EN)["groups"]
    assert (english["label"], english["path"]) == ("School year", "HOC_BA_SO/DIEM_TONG_KET/namhoc")
    assert "software" in english["mend"]
