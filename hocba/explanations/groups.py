"""Findings over any number of documents, grouped: one mistake in 3,000 files is one group.

Memory is bounded by the number of kinds of mistakes, not by documents.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hocba.model.outcome import Outcome
from schemas.explanation import Explanation, explained
from schemas.findings import Finding, Language, Severity

EXAMPLES = 3
"""Documents that a group names."""

MOST_GROUPS = 2_000
"""Groups by field. What comes after is grouped by code alone: names of unknown elements are
whatever a sender writes, and must not fill the memory."""

_SHAPE = ("role", "attribute", "other_name", "limit", "condition")
"""Parameters that say which part of a definition a finding is about; others say what was found."""

_INDEX = re.compile(r"\[\d+\]")

Key = tuple[str, str, str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Example:
    """One document with the mistake."""

    file: str
    finding: Finding


@dataclass(slots=True)
class FindingGroup:
    """One kind of mistake: how often, in how many documents, and a few of them.

    `path` is where it stands, without the places of rows; empty where several fields are meant.
    """

    first: Finding
    path: str
    count: int = 0
    files: int = 0
    examples: list[Example] = field(default_factory=list)
    _last: int = -1

    def add(self, document: int, file: str, finding: Finding) -> None:
        """Count *finding* in; *document* numbers the documents, one after the other."""
        self.count += 1
        if document == self._last:
            return
        self._last = document
        self.files += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(Example(file, finding))

    @property
    def weight(self) -> tuple[int, int, int, str, str]:
        """Sorts errors before all else, what is frequent before what is rare."""
        severity = list(Severity).index(self.first.severity)
        return (severity, -self.files, -self.count, self.first.code, self.path)

    def explained(self, language: Language) -> Explanation:
        """What is wrong and what to do, by the first of the group."""
        return explained(self.first, language)

    def as_json(self, language: Language) -> dict[str, object]:
        """The group as programs read it."""
        told = self.explained(language)
        return {
            "code": self.first.code,
            "severity": self.first.severity.value,
            "path": self.path,
            "name": told.name,
            "label": told.label,
            "count": self.count,
            "files": self.files,
            "problem": told.problem,
            "allowed": told.allowed,
            "mend": told.mend,
            "examples": [_example_json(each, language) for each in self.examples],
        }


@dataclass(slots=True)
class FindingGroups:
    """Counts documents and groups their findings, one document after the other."""

    documents: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    _groups: dict[Key, FindingGroup] = field(default_factory=dict)

    def add(self, file: str, outcome: Outcome, findings: Iterable[Finding]) -> None:
        """Count one document in."""
        self.outcomes[outcome] += 1
        for each in findings:
            key = _key(each)
            group = self._groups.get(key)
            if group is None:
                if len(self._groups) >= MOST_GROUPS:
                    key = (each.code, each.severity.value, "", ())
                group = self._groups.setdefault(key, FindingGroup(each, key[2]))
            group.add(self.documents, file, each)
        self.documents += 1

    def sorted(self) -> tuple[FindingGroup, ...]:
        """The groups, what matters most first."""
        return tuple(sorted(self._groups.values(), key=lambda each: each.weight))

    def as_json(self, language: Language) -> dict[str, object]:
        """Counts and groups as programs read them."""
        return {
            "documents": self.documents,
            "outcomes": outcome_counts(self.outcomes),
            "groups": [each.as_json(language) for each in self.sorted()],
        }


def outcome_counts(outcomes: Mapping[Outcome, int]) -> dict[str, int]:
    """Counts by the name of the outcome, none left out that is there."""
    return {each.value: outcomes[each] for each in Outcome if outcomes.get(each)}


def _key(each: Finding) -> Key:
    path = _INDEX.sub("", each.path)
    parameters = dict(each.parameters)
    shape = tuple((name, parameters[name]) for name in _SHAPE if name in parameters)
    return each.code, each.severity.value, path, shape


def _example_json(example: Example, language: Language) -> dict[str, object]:
    return {
        "file": example.file,
        "line": example.finding.line,
        "found": explained(example.finding, language).found,
        "message": example.finding.message(language),
    }
