"""For anybody: choose or drop a file, read the verdict."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from hocba.examine import Judgement
from hocba.model.outcome import Outcome
from hocba.web.answers import problem_page, wants_page
from hocba.web.languages import page_language
from hocba.web.pages.records import SignatureLine, definition_of, signature_line
from hocba.web.problems import Problem
from hocba.web.rendering import render
from hocba.web.repository import ServiceDependency
from hocba.web.verification import Standing, Verification, verify_upload
from schemas.findings import Finding, Language, Severity

router = APIRouter(prefix="/kiem-tra", include_in_schema=False)

_MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Result:
    """A verdict as the page shows it.

    `verdict` names the big words: the outcome, or how an accepted document stands where that is
    not simply good.
    """

    verdict: str
    verification: Verification
    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    signatures: tuple[SignatureLine, ...]

    @property
    def errors_left_out(self) -> int:
        """How many errors are not shown."""
        return max(0, len(self.errors) - _MOST_SHOWN)

    @property
    def errors_shown(self) -> tuple[Finding, ...]:
        """As many errors as a page can hold."""
        return self.errors[:_MOST_SHOWN]


@router.get("")
def show_form(request: Request) -> Response:
    """The form."""
    return render(request, "check.html", result=None, problem=None)


@router.post("")
async def check(request: Request, service: ServiceDependency) -> Response:
    """The verdict on the file that was sent."""
    try:
        verification = await verify_upload(service, request)
    except Problem as problem:
        if not wants_page(request):
            raise
        return problem_page(request, problem, "check.html", result=None)
    result = _result(verification, service.repository.judgement(), page_language(request))
    return render(request, "check.html", result=result, problem=None)


def _result(verification: Verification, judgement: Judgement, language: Language) -> Result:
    examination = verification.examination
    definition = definition_of(judgement, examination.schema.definition or "")
    findings = dict.fromkeys(examination.all_findings)
    signatures = examination.signatures.signatures if examination.signatures else ()
    return Result(
        verdict=_verdict(verification),
        verification=verification,
        errors=tuple(each for each in findings if each.severity is Severity.ERROR),
        warnings=tuple(each for each in findings if each.severity is Severity.WARNING),
        signatures=tuple(signature_line(each, definition, language) for each in signatures),
    )


def _verdict(verification: Verification) -> str:
    outcome = verification.examination.outcome
    standing = verification.standing
    if outcome is Outcome.ACCEPTED and standing in {Standing.RECALLED, Standing.SUPERSEDED}:
        return standing.value
    return outcome.value
