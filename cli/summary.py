"""What people read of a run over many documents: the bad ones as they come, then a summary."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cli.examining import Examining, expected
from cli.names import signer_words
from cli.progress import progress, shown
from cli.reports import Reports
from cli.result import Result
from cli.session import Session, Tone, visible
from hocba.explanations.groups import FindingGroup, FindingGroups
from hocba.explanations.tables import example_words
from hocba.ingest.source import Source
from hocba.model.outcome import Outcome
from schemas.findings import Finding, Severity, term

_SHOWN_FINDINGS = 8
"""Findings of one document that are written out; the rest is counted."""

_TONES = {
    Outcome.ACCEPTED: Tone.GOOD,
    Outcome.DUPLICATE: Tone.GOOD,
    Outcome.INDETERMINATE: Tone.DOUBTFUL,
    Outcome.DEFERRED: Tone.DOUBTFUL,
    Outcome.REJECTED: Tone.BAD,
    Outcome.UNREADABLE: Tone.BAD,
}

_MARKS = {Tone.GOOD: "✓", Tone.DOUBTFUL: "?", Tone.BAD: "✗"}


@dataclass(slots=True)
class ProvedTimes:
    """How many signatures a time-stamp proves to have existed, and from when to when."""

    signatures: int = 0
    proved: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def add(self, body: Mapping[str, Any]) -> None:
        """Count the signatures of one result in; `ingest` and `check` tell of none."""
        for each in body.get("signatures", ()):
            self.signatures += 1
            if not each["best_signature_time"]:
                continue
            self.proved += 1
            time = datetime.fromisoformat(each["best_signature_time"])
            self.first = time if self.first is None else min(self.first, time)
            self.last = time if self.last is None else max(self.last, time)

    def show(self, session: Session) -> None:
        """One line, where there is any proof at all."""
        if self.first and self.last:
            session.say(
                "documents.proved",
                proved=self.proved,
                all=self.signatures,
                first=session.moment(self.first),
                last=session.moment(self.last),
            )


@dataclass(slots=True)
class Summary:
    """Counts and groups; memory does not grow with the number of documents.

    Findings whose code is in *said_before* (there is no trust store) are the run's, not the
    documents': they are left out of the documents' blocks. Unless *with_warnings*, a document that
    passes has no block.
    """

    said_before: frozenset[str] = frozenset()
    with_warnings: bool = False
    proofs: ProvedTimes = field(default_factory=ProvedTimes)
    groups: FindingGroups = field(default_factory=FindingGroups)

    @property
    def counts(self) -> Counter[Outcome]:
        """Documents by what came of them."""
        return self.groups.outcomes

    def add(self, result: Result) -> None:
        """Count *result* in."""
        self.proofs.add(result.body)
        self.groups.add(result.file_name, result.outcome, result.findings)

    def show_document(self, result: Result, session: Session) -> None:
        """Write a block about a document that is not simply good."""
        own = [each for each in result.findings if each.code not in self.said_before]
        if not self._worth_a_block(result.outcome, own):
            return
        session.write(f"{outcome_words(result.outcome, session)}  {result.file_name}")
        for line in _record_lines(result.body, session):
            session.write(f"    {line}")
        for each in own[:_SHOWN_FINDINGS]:
            session.write(f"    {finding_line(each, session)}")
        if len(own) > _SHOWN_FINDINGS:
            session.say("documents.more_findings", count=len(own) - _SHOWN_FINDINGS)

    def _worth_a_block(self, outcome: Outcome, own: list[Finding]) -> bool:
        match outcome:
            case Outcome.ACCEPTED:
                return bool(own) and self.with_warnings
            case Outcome.INDETERMINATE:
                return any(each.severity is Severity.ERROR for each in own)
            case _:
                return True

    def show(self, session: Session) -> None:
        """Write the counts and the groups."""
        total = sum(self.counts.values())
        session.write()
        session.say("documents.total", count=total)
        for outcome in Outcome:
            if count := self.counts[outcome]:
                session.write(f"  {outcome_words(outcome, session)}: {count}")
        self.proofs.show(session)
        groups = self.groups.sorted()
        if not groups:
            return
        session.write()
        session.say("documents.groups")
        for group in groups:
            _show_group(group, session)


def _show_group(group: FindingGroup, session: Session) -> None:
    """One kind of mistake: how often, what is wrong, what to do, and where to look."""
    told = group.explained(session.language)
    is_error = group.first.severity is Severity.ERROR
    session.write()
    session.say(
        "documents.errors" if is_error else "documents.warnings",
        code=session.paint(group.first.code, Tone.STRONG),
        count=group.count,
        files=group.files,
        about=visible(f" · {told.label}" if told.label else ""),
    )
    session.say("documents.problem", problem=visible(told.problem))
    if told.allowed:
        session.say("documents.allowed", allowed=visible(told.allowed))
    session.say("documents.mend", mend=visible(told.mend))
    for example in group.examples:
        session.write(f"    {visible(example_words(example, session.language))}")
    if group.files > len(group.examples):
        session.say("documents.more_files", count=group.files - len(group.examples))


def show_results(
    session: Session,
    examining: Examining,
    sources: Sequence[Source],
    summary: Summary,
    reports: Reports,
) -> Mapping[Outcome, int]:
    """Write every result as it comes, and for people a summary; gives the counts."""
    total = expected(sources) if shown(session) else None
    with progress(session, "documents.progress") as advance:
        for done, result in enumerate(examining.results(sources), start=1):
            summary.add(result)
            reports.add(result)
            if session.json:
                session.emit(result.body)
            else:
                summary.show_document(result, session)
            advance(done, total)
    if not session.json:
        summary.show(session)
    return summary.counts


def outcome_words(outcome: Outcome, session: Session, *, width: int = 0) -> str:
    """An outcome in words, with a mark and a colour that say the same; at least *width* wide."""
    tone = _TONES[outcome]
    words = f"{_MARKS[tone]} {term('outcome', outcome.value, session.language)}"
    return session.paint(words.ljust(width), tone, strong=True)


def finding_line(each: Finding, session: Session) -> str:
    """One finding: where, which, and what to do about it."""
    tone = Tone.BAD if each.severity is Severity.ERROR else Tone.DOUBTFUL
    message = visible(each.message(session.language))
    where = ""
    if each.line and str(each.line) not in message:
        where = session.text("documents.line", line=each.line)
    return f"{session.paint(each.code, tone)} {where}{message}"


def _record_lines(body: dict[str, Any], session: Session) -> list[str]:
    """Which signatures did not pass, each in one line."""
    lines = []
    for each in body["signatures"]:
        if each["indication"] == "TOTAL-PASSED":
            continue
        signer = signer_words(each["signer"]) if each["signer"] else "?"
        verdict = " / ".join(filter(None, (each["indication"], each["sub_indication"])))
        role = each["role"] or "?"
        line = session.text("documents.signature", role=role, signer=signer, verdict=verdict)
        if each["best_signature_time"]:
            at = session.moment(datetime.fromisoformat(each["best_signature_time"]))
            line = session.text("documents.signature_proved", line=line, at=at)
        lines.append(visible(line))
    return lines
