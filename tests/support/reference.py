"""The parts of the documentation that follow from the code; `make docs` writes them.

A page is either written whole, or from its marker on: what stands above is written by hand.
"""

import io
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from pathlib import Path

from typer import Context
from typer.core import TyperGroup

from cli.app import build
from cli.main import main
from hocba.home import Home
from hocba.quality.definitions import Unit, quality_definitions
from hocba.web.app import create_app
from schemas.findings import Language, Severity, catalogue
from schemas.rules.circulars.pack import (
    PackRule,
    Pupils,
    RulePack,
    all_rules,
    shipped_pack,
    shipped_packs,
)
from tests.support import attacks, interop

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
MARKER = "<!-- From here on this page is written by `make docs`. -->\n"

_COLUMNS = "96"


def pages() -> Mapping[Path, str]:
    """Every page that has such a part, with its whole text as it should be."""
    return {
        DOCS / "findings.md": _after_marker("findings.md", findings()),
        DOCS / "cli.md": _after_marker("cli.md", help_pages()),
        DOCS / "http.md": _after_marker("http.md", routes()),
        DOCS / "attacks.md": _after_marker("attacks.md", attacks.table()),
        DOCS / "rules.md": _after_marker("rules.md", rules()),
        DOCS / "quality.md": _after_marker("quality.md", quality()),
        DOCS / "xmldsig-interop.md": interop.table(),
    }


def commands() -> tuple[tuple[str, ...], ...]:
    """Every command by the words one types, `()` for the program itself."""
    return ((), *_names(build(), ()))


def findings() -> str:
    """A table of all finding codes."""
    words = {each: each.value for each in Severity}
    lines = ["| code | weight | tiếng Việt | English |", "|---|---|---|---|"]
    for code, entry in sorted(catalogue().items()):
        texts = [entry.texts[each].replace("|", "\\|") for each in Language]
        lines.append(f"| `{code}` | {words[entry.severity]} | {' | '.join(texts)} |")
    return "\n".join(lines) + "\n"


def rules() -> str:
    """The rule packs: since when, numbers, every rule, and what is not checked."""
    parts = []
    for name in shipped_packs():
        pack = shipped_pack(name)
        grades = ", ".join(f"{grade}: {year}" for grade, year in pack.first_years.items())
        parts.append(
            f"## {pack.circular[Language.VI]} (`{name}`)\n\n"
            f"Levels (macaphoc): {', '.join(sorted(pack.levels))}. "
            f"First school year by grade: {grades}. "
            f"Rounding: `{pack.rounding}` ({pack.rounding_source}).\n\n"
            f"{_rule_table(name)}\n"
            "What it does not check:\n\n"
            + "".join(f"- {each[Language.EN]}\n" for each in pack.unchecked)
        )
    return "\n".join(parts)


def _rule_table(name: str) -> str:
    lines = [
        "| code | weight | rule | article | confidence | source | tiếng Việt | English |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for pack, rule in all_rules():
        if pack.name != name:
            continue
        entry = catalogue()[rule.code]
        cells = (
            f"`{rule.code}`",
            rule.severity.value,
            f"{rule.about} {_scope(pack, rule)}".rstrip(),
            rule.article,
            rule.confidence.value,
            rule.source,
            *(entry.texts[each] for each in Language),
        )
        lines.append(f"| {' | '.join(each.replace('|', chr(92) + '|') for each in cells)} |")
    return "\n".join(lines) + "\n"


def _scope(pack: RulePack, rule: PackRule) -> str:
    """For which records the rule is, where not for all of the pack's."""
    parts = []
    if rule.levels != pack.levels:
        parts.append(f"macaphoc {', '.join(sorted(rule.levels))}")
    if rule.grades != frozenset(pack.first_years):
        parts.append(f"grades {', '.join(sorted(rule.grades))}")
    if rule.pupils is not Pupils.ALL:
        parts.append("not assessed" if rule.pupils is Pupils.NOT_ASSESSED else "assessed")
    return f"({'; '.join(parts)})" if parts else ""


def quality() -> str:
    """The figures of data quality, what they are made of, and the findings about pupils' years."""
    known = quality_definitions()
    lines = ["## Figures", "", "| code | | tiếng Việt | English | how |", "|---|---|---|---|---|"]
    for each in known.figures:
        how = f"`{each.numerator}` / `{each.denominator}`"
        if each.unit is Unit.DAYS:
            how = f"`{each.numerator}`, in days; none without `{each.denominator}`"
        if each.lower_is_better:
            how += "; lower is better"
        aspect = known.aspects[each.aspect][Language.VI]
        names = " | ".join(each.name[language] for language in Language)
        lines.append(f"| `{each.code}` | {aspect} | {names} | {how} |")
    lines += ["", f"N is {known.within_days} days unless `--days` or `days=` says otherwise.", ""]
    lines += ["## Counts", "", "| count | tiếng Việt | English |", "|---|---|---|"]
    for name, texts in known.counts.items():
        lines.append(f"| `{name}` | {' | '.join(texts[language] for language in Language)} |")
    for title, codes in (("a missing year", known.missing), ("a duplicate", known.duplicate)):
        lines += ["", f"Findings that make {title}: {', '.join(f'`{each}`' for each in codes)}."]
    lines += ["", "## Findings about pupils' years", ""]
    lines += ["| code | weight | tiếng Việt | English |", "|---|---|---|---|"]
    for code, entry in sorted(catalogue().items()):
        if "HB-I140" <= code <= "HB-I161":
            texts = " | ".join(entry.texts[each].replace("|", "\\|") for each in Language)
            lines.append(f"| `{code}` | {entry.severity.value} | {texts} |")
    return "\n".join(lines) + "\n"


def help_pages() -> str:
    """The help page of every command, in English."""
    parts = []
    for command in commands():
        title = " ".join(("hocba", *command))
        parts.append(f"### `{title}`\n\n```\n{help_page(command, Language.EN)}```\n")
    return "\n".join(parts)


def help_page(command: tuple[str, ...], language: Language) -> str:
    """What `--help` writes."""
    columns = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = _COLUMNS
    try:
        with redirect_stdout(io.StringIO()) as written:
            code = main([*command, "--help", f"--lang={language.value}"], {})
        if code != 0:
            raise ValueError(f"no help for {' '.join(command)}")
        return written.getvalue()
    finally:
        if columns is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = columns


def routes() -> str:
    """A table of all routes of the API."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home.create(Path(folder) / "home", trust=None, roster=None)
        paths = create_app(home).openapi()["paths"]
    lines = ["| method | path | what it does |", "|---|---|---|"]
    for path, methods in paths.items():
        for method, operation in methods.items():
            about = " ".join(str(operation.get("description", operation["summary"])).split())
            first = about.partition(". ")[0].rstrip(".").replace("|", "\\|")
            lines.append(f"| {method.upper()} | `{path}` | {first}. |")
    return "\n".join(lines) + "\n"


def _names(group: TyperGroup, before: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name in group.list_commands(Context(group)):
        yield (*before, name)
        command = group.commands[name]
        if isinstance(command, TyperGroup):
            yield from _names(command, (*before, name))


def _after_marker(name: str, generated: str) -> str:
    written, marker, _ = (DOCS / name).read_text("utf-8").partition(MARKER)
    if not marker:
        raise ValueError(f"docs/{name} has no marker")
    return f"{written}{MARKER}\n{generated}"


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
        print(path.relative_to(ROOT))
