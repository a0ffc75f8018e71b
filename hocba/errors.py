"""Errors of this package, split by who must act. Each carries the finding that says what to do.

HocbaError
├── OperatorError        the operator of the repository
│   ├── HomeError            the home folder: missing, there already, damaged, badly configured
│   ├── IndexOutdated        run `hocba migrate`
│   └── ReceiptKeyError      the receipt key is missing or cannot be used
├── CallerError          whoever called: a source, a cursor, a batch that does not exist
│   ├── SourceUnreadable     the archive or folder cannot be opened, or holds nothing
│   ├── BadCursor            a page's cursor that this index did not give
│   ├── LifecycleRefused     what was asked for does not fit what the record or pupil is now
│   ├── BatchUnknown         there is no batch of this number
│   ├── BatchRefused         what was ordered does not fit the state that the batch is in
│   └── SubmissionRefused    a server, or this machine, does not take a submission as it is
├── TryAgain             nobody yet: nothing was promised, the same call may succeed later
│   ├── IndexUnavailable     the database cannot be reached or is locked
│   ├── IndexConflict        another ingest was faster; decide anew
│   ├── ServerAway           a server to submit to does not answer, or not as it should
│   └── ParcelDamaged        a part of a batch got lost or damaged on its way to another machine
├── BatchStopped         nobody: somebody holds or cancelled the batch that is being worked
└── ReceiptInvalid       whoever relies on the receipt: it is not what this repository signed
"""

from schemas.findings import Finding, Language


class HocbaError(Exception):
    """Any error of this package; `finding` gives its text in either language."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message(Language.EN))
        self.finding = finding

    def __reduce__(self) -> tuple[type["HocbaError"], tuple[Finding]]:
        return (type(self), (self.finding,))


class OperatorError(HocbaError):
    """The operator must change something."""


class HomeError(OperatorError):
    """The home folder cannot be made or used."""


class IndexOutdated(OperatorError):  # noqa: N818 -- says what is the case
    """The database is not at the newest migration."""


class ReceiptKeyError(OperatorError):
    """The key that signs receipts cannot be used."""


class CallerError(HocbaError):
    """The request cannot be met as it is."""


class SourceUnreadable(CallerError):  # noqa: N818
    """No document can be had from this source at all."""


class BadCursor(CallerError):  # noqa: N818
    """A cursor that no page of this index ended with."""


class LifecycleRefused(CallerError):  # noqa: N818
    """Nothing was changed: what was asked for does not fit what the record or pupil is now."""


class BatchUnknown(CallerError):  # noqa: N818
    """There is no batch of this number."""


class BatchRefused(CallerError):  # noqa: N818
    """Nothing was changed: the batch is in no state in which the order means anything."""


class SubmissionRefused(CallerError):  # noqa: N818
    """A submission cannot go on as it is; nothing that a server has is lost."""


class TryAgain(HocbaError):  # noqa: N818
    """Nothing was promised; the same call may succeed later."""


class ParcelDamaged(TryAgain):
    """A part of a batch is not what was sent, or is gone; it can be sent again."""


class IndexUnavailable(TryAgain):
    """The database cannot be reached, or is locked for too long."""


class IndexConflict(TryAgain):
    """A row that another transaction wrote first stands in the way."""


class BatchStopped(HocbaError):  # noqa: N818
    """Nothing of this part was taken in: the batch was held, cancelled or finished meanwhile."""


class ServerAway(TryAgain):
    """A server does not answer, or answers that it cannot now, for longer than one waits."""


class ReceiptInvalid(HocbaError):  # noqa: N818
    """Not a receipt that this key signed."""
