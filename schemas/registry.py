"""All definitions, and which one a document is checked against."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from schemas.definition import Definition
from schemas.document import ParsedDocument
from schemas.errors import DefinitionError
from schemas.findings import Finding, Language, finding
from schemas.loading import load_definition
from schemas.rules.scope import quote
from schemas.texts import as_parameters
from schemas.xpath import select_text

_SHIPPED = Path(__file__).parent / "definitions"


class DefinitionRegistry:
    """Definitions in the order in which they were loaded.

    Several versions of one definition may stand side by side; the document's own date decides.
    """

    def __init__(self, definitions: Iterable[Definition]) -> None:
        self._definitions = tuple(definitions)
        references = [each.reference for each in self._definitions]
        twice = sorted({each for each in references if references.count(each) > 1})
        if twice:
            raise DefinitionError(f"definition {', '.join(twice)} stands twice")

    @classmethod
    def load(cls, extra: Path | None = None) -> "DefinitionRegistry":
        """The shipped definitions, and those in the folders below *extra*.

        Raises `DefinitionError` for the first folder that is broken: a registry that leaves one
        out would check documents against the wrong rules.
        """
        folders = [*_folders(_SHIPPED), *(_folders(extra) if extra is not None else ())]
        return cls(load_definition(folder) for folder in folders)

    def __iter__(self) -> Iterator[Definition]:
        """All definitions."""
        return iter(self._definitions)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._definitions)

    def find(self, document: ParsedDocument) -> Definition | None:
        """The definition of *document*: of those in force on its date, the latest.

        A document whose date cannot be read gets the latest of its kind, which reports the date.
        """
        found: Definition | None = None
        for each in self._definitions:
            if not each.match(document):
                continue
            day = each.period.day(document)
            if day is not None and day not in each.period:
                continue
            if found is None or each.period.effective_from >= found.period.effective_from:
                found = each
        return found

    def why_unknown(self, document: ParsedDocument) -> Finding:
        """For a document that `find` has nothing for: what it says it is, and what is known."""
        root = document.root
        tag, line, path = str(root.tag), root.sourceline, str(root.tag)
        same_root = [each for each in self._definitions if each.root == tag]
        if not same_root:
            known = _known(self._definitions)
            return finding("HB-E001", path=path, line=line, found=quote(tag), **known)
        matching = [each for each in same_root if each.match(document)]
        first = (matching or same_root)[0]
        said = first.period.day_of if matching else first.match.told_by
        return finding(
            "HB-E003" if matching else "HB-E002",
            path=path,
            line=line,
            root=quote(tag),
            told_by=said.path,
            found=quote(select_text(said, root) or ""),
            **_known(tuple(matching or same_root)),
        )


def _known(definitions: Iterable[Definition]) -> dict[str, str]:
    texts = {
        language: "; ".join(_described(each, language) for each in definitions) or "–"
        for language in Language
    }
    return as_parameters("known", texts)


def _described(definition: Definition, language: Language) -> str:
    period = definition.period
    until = period.effective_until or "…"
    return (
        f"{definition.title[language]} ({definition.reference}: <{definition.root}>, "
        f"{definition.match.when_text}, {period.effective_from} – {until})"
    )


def _folders(parent: Path) -> list[Path]:
    try:
        below = sorted(parent.iterdir())
    except OSError as error:
        raise DefinitionError(f"{parent}: {error}") from error
    return [each for each in below if each.is_dir() and not each.name.startswith(".")]
