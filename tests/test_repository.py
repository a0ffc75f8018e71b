"""What holds for the repository as a whole: names, documentation, the lock, the packaging."""

import importlib.metadata
import importlib.util
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from schemas.findings import catalogue
from tests.support import reference

ROOT = Path(__file__).parents[1]
PACKAGES = ("cli", "hocba", "schemas", "signing", "storage")

# Distributions that show in the interface of another one that is asked for.
PART_OF = {
    "anyio": "starlette",
    "asn1crypto": "pyhanko-certvalidator",
    "pydantic": "fastapi",
    "starlette": "fastapi",
    "urllib3": "minio",
}

# Places on the machine where something was written; nobody else has them.
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|root|farm|home|Users)/")


def tracked() -> tuple[Path, ...]:
    """Every file that belongs to the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    paths = (ROOT / name.decode() for name in listed.stdout.split(b"\0") if name)
    return tuple(path for path in paths if path.is_file())


def sources(*folders: str) -> dict[Path, str]:
    """The Python files below *folders*."""
    return {
        path: path.read_text("utf-8")
        for path in tracked()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in folders
    }


def documentation() -> str:
    """README and all of docs/, as one text."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return "\n".join(page.read_text("utf-8") for page in pages)


class TestNames:
    @pytest.mark.parametrize("package", PACKAGES)
    def test_each_package_resolves_to_this_repository(self, package: str) -> None:
        found = importlib.util.find_spec(package)
        assert found is not None
        assert found.origin is not None
        assert Path(found.origin) == ROOT / package / "__init__.py"

    def test_no_other_distribution_brings_a_package_of_these_names(self) -> None:
        owners = importlib.metadata.packages_distributions()
        for package in PACKAGES:
            assert set(owners.get(package, ())) <= {"hocba"}

    def test_nothing_else_stands_at_the_top_level_but_what_tools_need(self) -> None:
        found = {path.relative_to(ROOT).parts[0] for path in tracked()}
        assert found <= {
            *PACKAGES,
            *("tests", "docs", ".ci", ".gitignore", ".gitattributes"),
            *("README.md", "CHANGELOG.md", "LICENSE", "Makefile"),
            *("pyproject.toml", "requirements.lock"),
        }

    def test_there_are_no_packages_below_tests(self) -> None:
        assert [path for path in tracked() if path.match("tests/**/__init__.py")] == []


class TestDocumentation:
    def test_every_finding_code_is_documented(self) -> None:
        page = (ROOT / "docs" / "findings.md").read_text("utf-8")
        assert [code for code in catalogue() if f"`{code}`" not in page] == []

    @pytest.mark.parametrize("name", ["findings.md", "cli.md", "http.md", "attacks.md"])
    def test_the_generated_pages_are_up_to_date(self, name: str) -> None:
        path = ROOT / "docs" / name
        assert path.read_text("utf-8") == reference.pages()[path], "run `make docs`"

    def test_every_command_is_documented(self) -> None:
        page = (ROOT / "docs" / "cli.md").read_text("utf-8")
        for command in reference.commands():
            assert f"### `{' '.join(('hocba', *command))}`" in page

    def test_every_exit_code_is_documented(self) -> None:
        from cli.exit_code import ExitCode

        page = (ROOT / "docs" / "cli.md").read_text("utf-8")
        rows = set(re.findall(r"^\| (\d+) \|", page, re.MULTILINE))
        assert rows == {str(each.value) for each in ExitCode}

    def test_every_environment_variable_is_documented(self) -> None:
        page = (ROOT / "docs" / "settings.md").read_text("utf-8")
        code = "\n".join(sources(*PACKAGES).values())
        used = set(re.findall(r"\bHOCBA_[A-Z0-9_]+\b", code))
        assert len(used) >= 6
        assert {each for each in used if f"`{each}`" not in page} == set()

    def test_every_setting_of_the_configuration_is_documented(self) -> None:
        from hocba import configuration

        page = (ROOT / "docs" / "settings.md").read_text("utf-8")
        for section, names in configuration._KNOWN.items():
            for name in names:
                assert f"| `{section}` | `{name}` |" in page

    def test_every_route_is_documented(self) -> None:
        page = (ROOT / "docs" / "http.md").read_text("utf-8")
        code = "\n".join(sources("hocba").values())
        written = set(re.findall(r"[\"'](/v1/[\w{}/.]+|/healthz|/readyz|/metrics)[\"']", code))
        written = {each for each in written if not re.search(r"{\w+\.", each)}  # f-strings
        assert len(written) > 10
        assert {each for each in written if f"`{each}`" not in page} == set()

    def test_links_between_pages_lead_somewhere(self) -> None:
        checked = 0
        for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
            text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
            for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
                if not target.startswith(("http://", "https://")):
                    assert (page.parent / target).exists(), f"{page.name}: {target}"
                    checked += 1
        assert checked > 10

    def test_decisions_are_numbered_without_a_gap_and_have_all_parts(self) -> None:
        decisions = sorted((ROOT / "docs" / "adr").glob("*.md"))
        numbers = [int(each.name[:4]) for each in decisions]
        assert numbers == list(range(1, len(decisions) + 1))
        for number, page in zip(numbers, decisions, strict=True):
            text = page.read_text("utf-8")
            assert text.startswith(f"# {number}. ")
            for heading in ("Context", "Decision", "Consequences"):
                assert f"\n## {heading}\n" in text, page.name

    def test_every_decision_that_is_spoken_of_exists(self) -> None:
        known = {each.name[:4] for each in (ROOT / "docs" / "adr").glob("*.md")}
        spoken = {
            (path.name, number)
            for path in tracked()
            if path.suffix in {".py", ".md", ".toml"}
            for number in re.findall(r"\bADR (\d{4})\b", path.read_text("utf-8"))
        }
        assert {each for each in spoken if each[1] not in known} == set()

    def test_readme_names_the_two_commands_that_set_everything_up(self) -> None:
        readme = (ROOT / "README.md").read_text("utf-8")
        block = readme.split("```")[1]
        assert re.findall(r"^make \w+", block, re.MULTILINE) == ["make demo", "make test"]


class TestFiles:
    def test_no_file_names_a_place_on_somebody_s_machine(self) -> None:
        found = {}
        for path in tracked():
            try:
                text = path.read_text("utf-8")
            except UnicodeDecodeError:
                continue
            if path != Path(__file__) and (match := MACHINE_PATHS.search(text)):
                found[str(path.relative_to(ROOT))] = text[match.start() : match.end() + 30]
        assert found == {}

    def test_the_lock_pins_with_hashes_and_names_no_place_to_load_from(self) -> None:
        lock = (ROOT / "requirements.lock").read_text("utf-8")
        assert "://" not in lock
        assert "index-url" not in lock
        blocks = re.split(r"\n(?=[a-z0-9])", lock)[1:]
        assert len(blocks) > 50
        for block in blocks:
            assert re.match(r"[a-z0-9][a-z0-9._-]*(\[[a-z0-9,_-]+\])?==\S+", block), block[:80]
            assert "--hash=sha256:" in block, block[:80]

    def test_the_lock_has_everything_that_is_asked_for(self) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
        wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
        lock = (ROOT / "requirements.lock").read_text("utf-8")
        pinned = set(re.findall(r"^([a-z0-9._-]+)==", lock, re.MULTILINE))
        for each in wanted:
            name = re.split(r"[\[<>=!~ ;]", each, maxsplit=1)[0].lower().replace("_", "-")
            assert name in pinned, f"{name}: run `make lock`"

    def test_everything_imported_is_asked_for(self) -> None:
        """What comes along by chance may be gone tomorrow."""
        project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
        asked = {
            re.split(r"[\[<>=!~ ;]", each, maxsplit=1)[0].lower().replace("_", "-")
            for each in (*project["dependencies"], *_of_extras(project))
        }
        owners = importlib.metadata.packages_distributions()
        imports = re.compile(r"^\s*(?:from|import) (\w+)", re.MULTILINE)
        used = {name for text in sources(*PACKAGES).values() for name in imports.findall(text)}
        missing = set()
        for name in used - set(PACKAGES):
            distributions = {each.lower().replace("_", "-") for each in owners.get(name, ())}
            if distributions and not distributions & asked:
                missing |= distributions
        assert missing <= set(PART_OF)
        for part, whole in PART_OF.items():
            needed = importlib.metadata.requires(whole) or []
            assert any(re.match(rf"{part}\b", each, re.IGNORECASE) for each in needed), part

    def test_the_licence_is_apache_2(self) -> None:
        text = (ROOT / "LICENSE").read_text("utf-8")
        assert "Apache License" in text
        assert "Version 2.0, January 2004" in text
        assert "END OF TERMS AND CONDITIONS" in text

    def test_the_distribution_is_never_uploaded(self) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
        assert "Private :: Do Not Upload" in project["classifiers"]


def _of_extras(project: dict[str, Any]) -> list[str]:
    """What the parts need that one can leave out; what only developers need is none of them."""
    extras = project["optional-dependencies"]
    return [each for name, wanted in extras.items() if name != "dev" for each in wanted]
