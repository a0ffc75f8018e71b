import re
import subprocess
import sys

import pytest

from cli.texts import catalogue
from schemas.findings import Language
from tests.support.command import ROOT, call, environment, run
from tests.support.reference import commands, help_page

DESIGN = (
    "demo sample verify check sign init ingest history serve export migrate token trust roster"
    " request link identity continuity quality expected batch submit transfer worker"
)
VIETNAMESE = re.compile(r"[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệịỉĩọỏốồổỗộớờởỡợụủũứừửữựỳỵỷỹ]", re.IGNORECASE)


@pytest.mark.parametrize("command", commands(), ids=" ".join)
@pytest.mark.parametrize("language", list(Language))
def test_every_command_has_a_page_in_both_languages(
    command: tuple[str, ...], language: Language
) -> None:
    page = help_page(command, language)
    first = {"vi": "Cách dùng: hocba", "en": "Usage: hocba"}[language.value]
    assert page.startswith(" ".join((first, *command)))
    assert "--lang vi|en" in page
    summary = page.split("\n\n")[1]
    assert bool(VIETNAMESE.search(summary)) is (language is Language.VI)


def test_the_design_s_commands_are_there() -> None:
    names = {each[0] for each in commands() if each}
    assert names == set(DESIGN.split())


def test_help_has_no_page_for_what_is_no_command() -> None:
    known = {".".join(each) or "hocba" for each in commands()}

    def pages(table: dict[str, object], before: str = "") -> set[str]:
        found = set()
        for name, value in table.items():
            if isinstance(value, dict) and "summary" in value:
                found |= {before + name, *pages(value, f"{before}{name}.")}
        return found

    assert pages(dict(catalogue("help.toml")["commands"])) == known


@pytest.mark.parametrize("file", ["texts.toml", "help.toml"])
def test_every_text_exists_in_both_languages_with_the_same_values(file: str) -> None:
    seen = 0

    def look(table: dict[str, object], path: str) -> None:
        nonlocal seen
        languages = {each.value for each in Language} & table.keys()
        if languages:
            assert languages == {"vi", "en"}, path
            vi, en = (set(re.findall(r"{(\w+)}", str(table[each]))) for each in ("vi", "en"))
            assert vi == en, path
            seen += 1
        for name, value in table.items():
            if isinstance(value, dict):
                look(value, f"{path}.{name}")

    look(dict(catalogue(file)), file)
    assert seen > 50


def test_examples_use_commands_and_options_that_exist() -> None:
    pages = {each: help_page(each, Language.EN) for each in commands()}
    checked = 0
    for words, page in pages.items():
        for line in page.partition("Examples:\n")[2].splitlines():
            typed = line.split()
            if not typed or typed[0] != "hocba":
                continue
            named = tuple(typed[1:3]) if tuple(typed[1:3]) in pages else tuple(typed[1:2])
            assert named in pages, line
            for option in (each for each in typed if each.startswith("--")):
                assert option in pages[named], f"{' '.join(words)}: {line}"
                checked += 1
    assert checked > 20


def test_importing_the_program_imports_nothing_heavy() -> None:
    """`hocba --help` stays under 0.3 s only while commands import what they need when they run."""
    code = "import sys, cli.main; print(*sorted(each.partition('.')[0] for each in sys.modules))"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True, cwd=ROOT
    )
    loaded = set(ran.stdout.split())
    assert "typer" in loaded
    heavy = {"lxml", "fastapi", "sqlalchemy", "cryptography", "pydantic", "xmlschema", "rich"}
    assert not loaded & heavy


def test_the_language_comes_from_the_environment_and_the_option_before_it() -> None:
    assert call("--help").out.startswith("Cách dùng")
    assert call("--help", env={"HOCBA_LANG": "en"}).out.startswith("Usage")
    assert call("--help", "--lang", "vi", env={"HOCBA_LANG": "en"}).out.startswith("Cách dùng")
    assert call("verify", "--lang=en", "--help").out.startswith("Usage: hocba verify")
    wrong = call("--help", env={"HOCBA_LANG": "fr"})
    assert wrong.code == 2
    assert "vi, en" in wrong.err


def test_says_its_version() -> None:
    ran = call("--version")
    assert ran.code == 0
    assert re.fullmatch(r"hocba \d+\.\d+\.\d+\n", ran.out)


def test_no_command_shows_the_way() -> None:
    ran = call()
    assert ran.code == 2
    assert "hocba demo" in ran.out
    assert call("token").code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["verif"], "Không có lệnh “verif”. Có phải: verify?"),
        (["xyz"], "Không có lệnh “xyz”."),
        (["trust", "lst"], "Không có lệnh “lst”. Có phải: list?"),
        (["verify", "--trsut", "x", "y"], "Không có tuỳ chọn --trsut. Có phải: --trust"),
        (["verify"], "Thiếu PATH..."),
        (["verify", "--trust"], "--trust cần một giá trị đi kèm."),
        (["sign", "a.xml", "--role", "GVCN"], "Thiếu --key."),
        (["trust", "list", "a", "b"], "Thừa đối số: b"),
        (["verify", "x", "--jobs", "0"], "--jobs: 0 nằm ngoài khoảng từ 1 đến 64."),
        (["verify", "x", "--jobs", "hai"], "--jobs: “hai” không phải số nguyên."),
        (["verify", "x", "--at", "hôm qua"], "--at: “hôm qua” không phải thời điểm"),
        (["verify", "x", "--format", "xml"], "--format: không có giá trị “xml”"),
        (["sample", "--out", "s", "--records", "9", "--level", "dh"], "--level: không có giá trị"),
        (["sample", "--out", "s", "--records", "9", "--school-year", "2025"], "năm học"),
        (["roster", "who", "r", "--school", "1", "--on", "29/5/2026"], "--on"),
    ],
)
def test_wrong_usage_is_explained_in_vietnamese(arguments: list[str], said: str) -> None:
    ran = call(*arguments)
    assert ran.code == 2
    assert said in ran.err
    assert ran.out == ""
    english = call(*arguments, "--lang", "en")
    assert english.code == 2
    assert not VIETNAMESE.search(english.err.replace("hôm qua", ""))


def test_what_looks_like_an_option_can_be_a_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("options")
    (folder / "--lang").write_text("không phải XML", "utf-8")
    ran = call("check", "--format=json", "--", "--lang", cwd=folder)
    assert ran.code == 2
    assert ran.json["file"] == "--lang"


def test_writes_utf8_whatever_the_locale_says() -> None:
    ran = run("--help", env={"LC_ALL": "POSIX", "LANG": None, "PYTHONIOENCODING": "ascii"})
    assert ran.code == 0
    assert "Kho học bạ số" in ran.out


def test_is_the_console_script_too() -> None:
    script = subprocess.run(
        [sys.executable, "-c", "from cli.main import run; run()", "--version"],
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        check=False,
    )
    assert script.returncode == 0
    assert script.stdout == run("--version").out
