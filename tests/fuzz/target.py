"""What is fuzzed: one document from bytes to verdict, as `examine` and `verify --any-xml` do it."""

import time
from functools import cache
from typing import Final

from lxml import etree

from hocba.examine import Judgement, examine, judgement
from hocba.model.outcome import Outcome
from schemas.document import parse
from schemas.errors import Unreadable
from schemas.registry import DefinitionRegistry
from signing.creation.styles import STYLES
from signing.foreign.validation import validate_foreign
from signing.report import Indication
from tests.support import signed_records

# A guard against hanging, far above what any document within the limits takes.
MOST_SECONDS: Final = 10


class Wrong(AssertionError):  # noqa: N818 -- what the engine did
    """The engine did what it must never do."""


@cache
def seeds() -> tuple[bytes, ...]:
    """Genuine records of both definitions in every style."""
    return tuple(
        make(style)
        for style in STYLES.values()
        for make in (signed_records.signed_primary, signed_records.signed_secondary)
    )


@cache
def judged_by() -> Judgement:
    """What every document is judged by; the genuine ones pass."""
    return judgement(DefinitionRegistry.load(), signed_records.trust(), signed_records.roster())


@cache
def _signed_contents() -> frozenset[bytes | None]:
    return frozenset(_content(each) for each in seeds())


def try_document(data: bytes) -> Outcome:
    """The outcome for *data*; raises `Wrong`, or whatever the engine raised."""
    started = time.monotonic()
    outcome = examine(data, "fuzz.xml", judged_by(), signed_records.NOW).outcome
    as_any_xml = _as_any_xml(data)
    seconds = time.monotonic() - started
    if seconds > MOST_SECONDS:
        raise Wrong(f"took {seconds:.1f} s, at most {MOST_SECONDS} are allowed")
    passed = outcome is Outcome.ACCEPTED or as_any_xml is Indication.TOTAL_PASSED
    if passed and _content(data) not in _signed_contents():
        raise Wrong("accepted a content that nobody signed")
    return outcome


def _as_any_xml(data: bytes) -> Indication | None:
    """The verdict of `verify --any-xml`; None for what cannot be read."""
    try:
        document = parse(data, judged_by().limits)
    except Unreadable:
        return None
    report = validate_foreign(document, paths=judged_by().paths, at=signed_records.NOW)
    return report.document.indication


def _content(data: bytes) -> bytes | None:
    content = etree.fromstring(data).find("DU_LIEU_HOC_BA")
    if content is None:
        return None
    return etree.tostring(content, method="c14n", with_comments=False, with_tail=False)
