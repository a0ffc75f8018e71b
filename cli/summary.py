"""What people read of a run over many documents: the bad ones as they come, then a summary."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cli.examining import Examining, expected
from cli.progress import progress, shown
from cli.result import Result
from cli.session import Session, Tone
from hocba.ingest.source import Source
from hocba.model.outcome import Outcome
from schemas.findings import Finding, Severity, term

EXAMPLES = 3
"""Documents named for each kind of finding in the summary."""

_SHOWN_FINDINGS = 8
"""Findings of one document that are written out; the rest is counted."""

TONES = {
    Outcome.ACCEPTED: Tone.GOOD,
    Outcome.DUPLICATE: Tone.GOOD,
    Outcome.INDETERMINATE: Tone.DOUBTFUL,
    Outcome.DEFERRED: Tone.DOUBTFUL,
    Outcome.REJECTED: Tone.BAD,
    Outcome.UNREADABLE: Tone.BAD,
}

_MARKS = {Tone.GOOD: "✓", Tone.DOUBTFUL: "?", Tone.BAD: "✗"}


@dataclass(slots=True)
class _Group:
    """One kind of finding over all documents."""

    first: Finding
    documents: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Summary:
    """Counts and groups; memory does not grow with the number of documents.

    Findings whose code is in *said_before* (there is no trust store) are the run's, not the
    documents': they are left out of the documents' blocks.
    """

    said_before: frozenset[str] = frozenset()
    counts: Counter[Outcome] = field(default_factory=Counter)
    _groups: dict[str, _Group] = field(default_factory=dict)

    def add(self, result: Result) -> None:
        """Count *result* in."""
        self.counts[result.outcome] += 1
        for code, first in {each.code: each for each in reversed(result.findings)}.items():
            group = self._groups.setdefault(code, _Group(first))
            group.documents += 1
            if len(group.examples) < EXAMPLES:
                group.examples.append(result.file_name)

    def show_document(self, result: Result, session: Session) -> None:
        """Write a block about a document that is not simply good."""
        own = [each for each in result.findings if each.code not in self.said_before]
        if result.outcome is Outcome.ACCEPTED and not own:
            return
        if result.outcome is Outcome.INDETERMINATE and not own:
            return
        tone = TONES[result.outcome]
        words = term("outcome", result.outcome.value, session.language)
        session.write(
            session.paint(f"{_MARKS[tone]} {words}", tone, strong=True) + f"  {result.file_name}"
        )
        for line in _record_lines(result.body, session):
            session.write(f"    {line}")
        for each in own[:_SHOWN_FINDINGS]:
            session.write(f"    {finding_line(each, session)}")
        if len(own) > _SHOWN_FINDINGS:
            session.say("documents.more_findings", count=len(own) - _SHOWN_FINDINGS)

    def show(self, session: Session) -> None:
        """Write the counts and the groups."""
        total = sum(self.counts.values())
        session.write()
        session.say("documents.total", count=total)
        for outcome in Outcome:
            if count := self.counts[outcome]:
                words = term("outcome", outcome.value, session.language)
                tone = TONES[outcome]
                session.write(f"  {session.paint(f'{_MARKS[tone]} {words}', tone)}: {count}")
        groups = sorted(self._groups.items(), key=lambda each: (-each[1].documents, each[0]))
        if not groups:
            return
        session.write()
        session.say("documents.groups")
        for code, group in groups:
            session.write()
            session.say(
                "documents.group",
                code=session.paint(code, Tone.STRONG),
                count=group.documents,
                message=group.first.message(session.language),
            )
            for name in group.examples:
                session.write(f"    {name}")
            if group.documents > len(group.examples):
                session.say("documents.more_files", count=group.documents - len(group.examples))


def show_results(
    session: Session,
    examining: Examining,
    sources: Sequence[Source],
    said_before: frozenset[str] = frozenset(),
) -> Mapping[Outcome, int]:
    """Write every result as it comes, and for people a summary; gives the counts."""
    summary = Summary(said_before)
    total = expected(sources) if shown(session) else None
    with progress(session, "documents.progress") as advance:
        for done, result in enumerate(examining.results(sources), start=1):
            summary.add(result)
            if session.json:
                session.emit(result.body)
            else:
                summary.show_document(result, session)
            advance(done, total)
    if not session.json:
        summary.show(session)
    return summary.counts


def finding_line(each: Finding, session: Session) -> str:
    """One finding: where, which, and what to do about it."""
    tone = Tone.BAD if each.severity is Severity.ERROR else Tone.DOUBTFUL
    message = each.message(session.language)
    where = f"({each.line}) " if each.line and str(each.line) not in message else ""
    return f"{session.paint(each.code, tone)} {where}{message}"


def _record_lines(body: dict[str, Any], session: Session) -> list[str]:
    """Which signatures did not pass, each in one line."""
    lines = []
    for each in body["signatures"]:
        if each["indication"] == "TOTAL-PASSED":
            continue
        signer = each["signer"]["subject"] if each["signer"] else "?"
        verdict = " / ".join(filter(None, (each["indication"], each["sub_indication"])))
        role = each["role"] or "?"
        lines.append(session.text("documents.signature", role=role, signer=signer, verdict=verdict))
    return lines
