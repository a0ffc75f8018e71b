"""A definition folder is loaded whole, or refused with folder, file and reason."""

import re
import shutil
import tomllib
from datetime import date
from pathlib import Path

import pytest

from schemas.definition import EARLIER_YEAR_FIELDS, INDEX_FIELDS, OPTIONAL_INDEX_FIELDS
from schemas.errors import DefinitionError
from schemas.findings import Language
from schemas.loading import KEYS, load_definition
from schemas.rules.catalogue import RULES

SAMPLE = Path(__file__).parent / "definitions" / "phieu-mau"
SHIPPED = Path(__file__).parents[2] / "schemas" / "definitions"

Change = tuple[str, str, str]  # file, old, new; an empty old appends

DEFINITION = "definition.toml"
POLICY = "signature-policy.toml"

# What was changed, and what the refusal must say.
BROKEN: dict[str, tuple[Change, tuple[str, ...]]] = {
    "not TOML": ((DEFINITION, "name =", "name"), (DEFINITION,)),
    "unknown key": ((DEFINITION, "xsd =", "xds = 1\nxsd ="), (DEFINITION, "unknown xds")),
    "no name": ((DEFINITION, 'name = "phieu-mau"', ""), (DEFINITION, "missing name")),
    "empty version": ((DEFINITION, '"0.1"', '" "'), (DEFINITION, "version", "not empty")),
    "title in one language": ((DEFINITION, ', en = "Sample slip"', ""), ("title", "vi, en")),
    "empty title": ((DEFINITION, '"Phiếu mẫu"', '""'), ("title", "empty")),
    "no xsd": ((DEFINITION, 'xsd = "phieu.xsd"', ""), ("missing xsd",)),
    "xsd not there": ((DEFINITION, "phieu.xsd", "other.xsd"), ("other.xsd", "does not compile")),
    "xsd not XML": (("phieu.xsd", "<xs:schema", "<xs:schema <"), ("phieu.xsd",)),
    "xsd with an unknown type": (
        ("phieu.xsd", 'type="p:Body"', 'type="p:Bodyy"'),
        ("phieu.xsd", "does not compile", "Bodyy"),
    ),
    "period that is no date": (
        (DEFINITION, "effective_from = 2024-09-01", 'effective_from = "2024"'),
        ("effective_from", "dates"),
    ),
    "no period": ((DEFINITION, "effective_from = 2024-09-01", ""), ("effective_from", "dates")),
    "period that ends with a time": (
        (DEFINITION, "effective_until = 2030-08-31", "effective_until = 2030-08-31T00:00:00"),
        ("effective_until", "dates"),
    ),
    "namespaces that are none": (
        (DEFINITION, 'p = "urn:mau:phieu"', "p = 1"),
        (DEFINITION, "[namespaces]"),
    ),
    "ds means something else": (
        (DEFINITION, "[namespaces]", '[namespaces]\nds = "urn:x"'),
        (DEFINITION, "ds is always"),
    ),
    "no match": ((DEFINITION, "[match]", "[lists]"), ("missing [match]",)),
    "match of an unknown key": ((DEFINITION, "[match]", "[match]\nnamspace = 1"), ("namspace",)),
    "XPath that does not parse": (
        (DEFINITION, 'namhoc = "p:nam"', 'namhoc = "p:nam["'),
        (DEFINITION, "'p:nam['"),
    ),
    "XPath of an unknown function": (
        (DEFINITION, 'namhoc = "p:nam"', 'namhoc = "year(p:nam)"'),
        (DEFINITION, "year(p:nam)"),
    ),
    "XPath of an unknown prefix": (
        (DEFINITION, 'namhoc = "p:nam"', 'namhoc = "q:nam"'),
        (DEFINITION, "q:nam", "prefix"),
    ),
    "XPath with a control character": (
        (DEFINITION, 'namhoc = "p:nam"', 'namhoc = "p:nam\\u0001"'),
        (DEFINITION,),
    ),
    "no index": ((DEFINITION, "[index]", "[lists]"), ("missing [index]",)),
    "index field missing": ((DEFINITION, 'hovaten = "p:hocsinh/@ten"', ""), ("missing hovaten",)),
    "unknown index field": ((DEFINITION, "[index]", '[index]\nhoten = "x"'), ("unknown hoten",)),
    "unknown code list": (
        (DEFINITION, '["grades"]', '["khoi"]'),
        (DEFINITION, "unknown code list 'khoi'"),
    ),
    "unknown severity": ((DEFINITION, 'severity = "error"', 'severity = "fatal"'), ("'fatal'",)),
    "code that looks at nothing": (
        (DEFINITION, 'fields = ["p:lop/@khoi"]', ""),
        ("[[code]] 1", "fields or each"),
    ),
    "code list that is no list": (
        (DEFINITION, 'lists = ["grades"]', 'lists = "grades"'),
        ("lists", "list of texts"),
    ),
    "unknown check": (
        (DEFINITION, 'name = "unique"', 'name = "uniq"'),
        ("[[check]] 3", "unknown check 'uniq'", "unique"),
    ),
    "misspelt parameter": (
        (DEFINITION, 'each = "p:mon"\n\n[[code]]', 'each = "p:mon"\neahc = "x"\n\n[[code]]'),
        ("[[check]] 3", "unknown eahc"),
    ),
    "missing parameter": (
        (DEFINITION, 'name = "unique"\neach = "p:mon"', 'name = "unique"'),
        ("[[check]] 3", "missing each"),
    ),
    "each that selects nothing": (
        (DEFINITION, 'name = "unique"\neach = "p:mon"', 'name = "unique"\neach = "count(p:mon)"'),
        ("[[check]] 3", "count(p:mon)"),
    ),
    "column that the list lacks": (
        (
            DEFINITION,
            'name = "unique"\neach = "p:mon"',
            'name = "belongs_to"\nfield = "p:nam"\nlist = "grades"\ncolumn = "x"\nowner = "."',
        ),
        ("grades", "column x"),
    ),
    "unknown term": ((DEFINITION, 'heading = "slip"', 'heading = "slap"'), ("'slap'", "[terms]")),
    "texts without a language": (
        ("texts.toml", ', en = "Year"', ""),
        ("texts.toml", "[fields] nam"),
    ),
    "texts of an unknown section": (("texts.toml", "[terms]", "[term]"), ("texts.toml", "term")),
    "texts that are no table": (
        ("texts.toml", "[fields]", "types = 1\n[fields]"),
        ("texts.toml", "[types]"),
    ),
    "texts that are not TOML": (("texts.toml", "[terms]", "[terms"), ("texts.toml",)),
    "no policy name": ((POLICY, 'name = "phieu-mau"', ""), (POLICY, "None", "'phieu-mau'")),
    "policy of another version": ((POLICY, '"0.1"', '"0.2"'), (POLICY, "'0.2'", "'0.1'")),
    "policy without content": ((POLICY, "content =", "contents ="), (POLICY, "content")),
    "policy without roles": ((POLICY, "[[role]]", "[[rule]]"), (POLICY, "demands no role")),
    "policy with a role that is no table": (
        (
            POLICY,
            '[namespaces]\np = "urn:mau:phieu"\n\n[[role]]',
            'role = ["CBQL"]\n[namespaces]\np = "urn:mau:phieu"\n[rest]',
        ),
        (POLICY, "demands no role"),
    ),
    "role without a slot": ((POLICY, 'slot = "/p:phieu/p:ky"', ""), ("role CBQL", "slot")),
    "slot that does not parse": (
        (POLICY, 'slot = "/p:phieu/p:ky', 'slot = "/p:phieu/p:ky['),
        (POLICY,),
    ),
    "also signed by nobody": (
        (DEFINITION, "[[reading]]", '[[also_signed]]\nrole = "X"\ntargets = "x"\n[[reading]]'),
        ("also_signed", "'X'"),
    ),
    "own list without a source": (
        ("codes/mon.csv", "# source", "# sources"),
        ("mon.csv", "source"),
    ),
    "own list with a bad header": (("codes/mon.csv", "# source:", "# source"), ("mon.csv",)),
    "own list without columns": (
        ("codes/mon.csv", "code,name", "ma,ten"),
        ("mon.csv", "code, name"),
    ),
    "own list with a code twice": (("codes/mon.csv", "", "Toán,Toán\n"), ("line 8", "twice")),
    "own list with a code without a name": (("codes/mon.csv", "", "x,\n"), ("line 8",)),
    "own list with too many columns": (("codes/mon.csv", "", "x,y,z\n"), ("line 8",)),
    "own list without codes": (("codes/mon.csv", "Toán,Toán\n", ""), ("mon.csv", "no codes")),
    "own list with a comment further down": (("codes/mon.csv", "", "# x: y\n"), ("mon.csv", "#")),
    "own list with an open quote": (("codes/mon.csv", "", '"x,y\n'), ("mon.csv",)),
}


def copied(tmp_path: Path, *changes: Change) -> Path:
    folder = tmp_path / "phieu-mau"
    shutil.copytree(SAMPLE, folder)
    for file, old, new in changes:
        path = folder / file
        text = path.read_text("utf-8")
        assert old in text, f"{old} is not in {file}"
        path.write_text(text.replace(old, new, 1) if old else text + new, "utf-8")
    return folder


def refusal(folder: Path) -> str:
    with pytest.raises(DefinitionError) as caught:
        load_definition(folder)
    return str(caught.value)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_definition_is_refused_with_folder_file_and_reason(
    name: str, tmp_path: Path
) -> None:
    change, says = BROKEN[name]
    text = refusal(copied(tmp_path, change))
    assert str(tmp_path / "phieu-mau") in text
    assert [part for part in says if part not in text] == [], text


@pytest.mark.parametrize("file", [DEFINITION, POLICY, "texts.toml", "phieu.xsd", "codes/mon.csv"])
def test_a_missing_file_is_named(file: str, tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (folder / file).unlink()
    assert Path(file).stem in refusal(folder)


@pytest.mark.parametrize("file", [DEFINITION, POLICY, "texts.toml", "codes/mon.csv"])
def test_a_file_that_is_not_utf8_is_named(file: str, tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (folder / file).write_bytes(b"\xff\xfe")
    assert Path(file).name in refusal(folder)


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    assert "definition.toml: is missing" in refusal(tmp_path / "none")


@pytest.mark.parametrize("table", ["check", "code", "reading", "also_signed"])
def test_tables_written_with_single_brackets_are_refused(table: str, tmp_path: Path) -> None:
    folder = copied(tmp_path)
    text = (folder / DEFINITION).read_text("utf-8")
    kept = text[: text.index("[[check]]")]
    (folder / DEFINITION).write_text(f"{kept}\n[{table}]\nx = 1\n", "utf-8")
    assert f"[[{table}]]" in refusal(folder)


@pytest.mark.parametrize(
    "table", ["match = 1", "index = 1", "lists = 1", "check = [1]", "code = [1]", "reading = [1]"]
)
def test_what_should_be_a_table_and_is_none_is_refused(table: str, tmp_path: Path) -> None:
    key = table.split(maxsplit=1)[0]
    folder = copied(tmp_path)
    text = (folder / DEFINITION).read_text("utf-8")
    kept = text.replace(f"[{key}]", "[dropped]").replace(f"[[{key}]]", "[[dropped]]")
    (folder / DEFINITION).write_text(f"{table}\n{kept}", "utf-8")
    assert key in refusal(folder) or "dropped" in refusal(folder)


def test_the_sample_loads_and_tells_what_it_says(tmp_path: Path) -> None:
    definition = load_definition(copied(tmp_path))
    assert definition.reference == "phieu-mau/0.1"
    assert definition.root == "{urn:mau:phieu}phieu"
    assert definition.title[Language.EN] == "Sample slip"
    assert definition.period.effective_from == date(2024, 9, 1)
    assert definition.policy_path == tmp_path / "phieu-mau" / POLICY
    assert definition.content.path == "/p:phieu/p:than"


def test_a_definition_may_check_nothing_beyond_its_xsd(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    text = (folder / DEFINITION).read_text("utf-8")
    (folder / DEFINITION).write_text(text[: text.index("[[check]]")], "utf-8")
    definition = load_definition(folder)
    assert len(definition.rules) == 1  # what signatures reference is always checked
    assert definition.reading == ()


@pytest.mark.parametrize("name", ["tieu-hoc", "trung-hoc"])
def test_a_shipped_definition_has_everything_that_its_users_ask_for(name: str) -> None:
    definition = load_definition(SHIPPED / name)
    assert definition.reference == f"{name}/1.0"
    assert set(definition.index) == {*INDEX_FIELDS, *OPTIONAL_INDEX_FIELDS}
    assert definition.earlier_years is not None
    assert definition.policy_path.is_file()
    assert (definition.folder / "SOURCE.md").is_file()
    assert definition.label("hovaten") == "Họ và tên học sinh"
    assert definition.label("hovaten", Language.EN) == "Name of the pupil"
    assert definition.label("QUA_TRINH_HOC_TAP/namhoc") == "Năm học đã qua"
    assert definition.label("la") == "la"
    assert definition.lists["gioitinh"].meaning("2", Language.EN) == "Female"


def test_every_rule_of_the_catalogue_is_used_by_a_shipped_definition() -> None:
    used = {
        rule["name"]
        for name in ("tieu-hoc", "trung-hoc")
        for rule in tomllib.loads((SHIPPED / name / DEFINITION).read_text("utf-8"))["check"]
    }
    assert used == set(RULES)


def test_a_field_that_several_rules_ask_for_is_read_once() -> None:
    fields = load_definition(SHIPPED / "trung-hoc").fields.fields
    paths = [each.select.path for each in fields]
    assert len(set(paths)) == len(paths)


def test_every_key_and_check_is_documented() -> None:
    text = (SHIPPED.parents[1] / "docs" / "definitions.md").read_text("utf-8")
    fields = (*INDEX_FIELDS, *OPTIONAL_INDEX_FIELDS, *EARLIER_YEAR_FIELDS)
    missing = [each for each in (*KEYS, *RULES, *fields) if not re.search(rf"\b{each}\b", text)]
    assert missing == []
