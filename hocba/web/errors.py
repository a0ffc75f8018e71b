"""From every error of the application to the problem that the caller is told."""

import logging
from collections.abc import Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from hocba.errors import (
    BadCursor,
    BatchRefused,
    BatchUnknown,
    CallerError,
    HocbaError,
    LifecycleRefused,
    OperatorError,
    TryAgain,
)
from hocba.web.middleware import log_incident
from hocba.web.problems import Problem, ProblemType
from storage.errors import ObjectDamaged, ObjectNotFound, StorageError

logger = logging.getLogger(__name__)

RETRY_SECONDS = "10"

_BY_STATUS = {
    400: ProblemType.BAD_REQUEST,
    404: ProblemType.NOT_FOUND,
    405: ProblemType.METHOD_NOT_ALLOWED,
    413: ProblemType.TOO_LARGE,
    415: ProblemType.UNSUPPORTED_MEDIA_TYPE,
}


def problem_of(error: HocbaError) -> Problem:
    """The problem that an error of the application amounts to.

    Only what the caller can mend is explained: the reasons of the others are the operator's.
    """
    match error:
        case CallerError():
            return _problem_of_caller(error)
        case TryAgain():
            logger.warning("answered that nothing is available: %s", error.finding.code)
            return unavailable()
        case OperatorError():
            logger.error("answered that the server is not ready: %s", error.finding.code)
            return Problem(ProblemType.NOT_READY, headers={"Retry-After": RETRY_SECONDS})
        case _:
            incident = log_incident(error)
            return Problem(ProblemType.INTERNAL_ERROR, members={"incident": incident})


def _problem_of_caller(error: CallerError) -> Problem:
    match error:
        case BadCursor():
            return Problem(ProblemType.INVALID_CURSOR)
        case BatchUnknown():
            return Problem(ProblemType.NOT_FOUND)
        case LifecycleRefused() | BatchRefused():
            return Problem(ProblemType.REFUSED, finding=error.finding)
        case _:
            return Problem(ProblemType.BAD_REQUEST, finding=error.finding)


def problem_of_storage(error: StorageError) -> Problem:
    """The problem that an error of the store amounts to."""
    match error:
        case ObjectDamaged() | ObjectNotFound():
            incident = log_incident(error)
            return Problem(ProblemType.DOCUMENT_DAMAGED, members={"incident": incident})
        case _:
            logger.warning("the store is not available: %s", type(error).__name__)
            return unavailable()


def problem_of_http(error: HTTPException, allowed: Sequence[str]) -> Problem:
    """The problem that the framework's own error amounts to; *allowed* are methods, for 405."""
    kind = _BY_STATUS.get(error.status_code)
    if kind is None:
        kind = ProblemType.BAD_REQUEST if error.status_code < 500 else ProblemType.UNAVAILABLE
    if kind is ProblemType.METHOD_NOT_ALLOWED:
        return Problem(kind, headers={"Allow": ", ".join(allowed)})
    return Problem(kind)


def problem_of_validation(error: RequestValidationError) -> Problem:
    """The problem of a request whose parameters are not as the interface says.

    Names the parameters and the rules, never the values. What cannot be in a path is not there.
    """
    errors: Sequence[Any] = error.errors()
    if any(each["loc"][0] == "path" for each in errors):
        return Problem(ProblemType.NOT_FOUND)
    details = [
        {
            "in": str(each["loc"][0]),
            "name": ".".join(str(part) for part in each["loc"][1:]),
            "rule": str(each["type"]),
        }
        for each in errors
    ]
    names = ", ".join(sorted({each["name"] for each in details}))
    return Problem(ProblemType.INVALID_REQUEST, members={"names": names, "errors": details})


def unavailable() -> Problem:
    """Nothing was promised; the same request may succeed later."""
    return Problem(ProblemType.UNAVAILABLE, headers={"Retry-After": RETRY_SECONDS})
