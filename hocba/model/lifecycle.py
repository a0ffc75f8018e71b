"""What may happen to a record: which version may follow on what, as one table.

| the record is | the version says                | that is           |
|---------------|---------------------------------|-------------------|
| not there     | NEW, có hiệu lực                | issue             |
| in force      | UPDATE or NEW, có hiệu lực      | correction        |
| in force      | CANCEL, or any with thu hồi     | recall            |
| recalled      | UPDATE or NEW, có hiệu lực      | reversal          |
| anything else |                                 | refused, see below |

A record that was made from paper (trích lục, `trichluc` 1) is issued by an `extract`, and nothing
takes the place of the other kind in silence:

| the record in force is | the version is made from paper | that is                          |
|------------------------|--------------------------------|----------------------------------|
| not there              | yes                            | extract                          |
| signed as it was made  | yes                            | extract, never without approval  |
| made from paper        | no                             | original, never without approval |

Whatever is refused changes nothing. Numbers of versions only grow; who may send at all, and
whether the bytes are new, is decided before this (`hocba.ingest.decision`).
"""

from collections.abc import Mapping
from enum import StrEnum

from hocba.model.record import Event, RecordStatus


class Standing(StrEnum):
    """What a record is before a version comes in."""

    ABSENT = "absent"
    VALID = "valid"
    RECALLED = "recalled"


class Step(StrEnum):
    """What a version does to its record."""

    ISSUE = "issue"
    CORRECTION = "correction"
    RECALL = "recall"
    REVERSAL = "reversal"
    EXTRACT = "extract"
    ORIGINAL = "original"


class Reason(StrEnum):
    """Why somebody asks for a correction, a recall or its reversal."""

    ENTRY_ERROR = "entry-error"
    REASSESSMENT = "reassessment"
    PERSONAL_DATA = "personal-data"
    WRONG_RECORD = "wrong-record"
    AUTHORITY = "authority"
    RECALLED_IN_ERROR = "recalled-in-error"
    PAPER_RECORD = "paper-record"
    ORIGINAL_FOUND = "original-found"
    OTHER = "other"


class Approval(StrEnum):
    """Whether a repository takes in a changed record without an approved request.

    REQUIRED refuses it; RECORDED takes it in with a warning, since software in use sends
    corrections that nobody has asked for here. ELSEWHERE asks for nothing and is nothing to
    configure: records of another province that come with a transfer were approved there.
    """

    REQUIRED = "required"
    RECORDED = "recorded"
    ELSEWHERE = "elsewhere"


CONFIGURABLE = (Approval.REQUIRED, Approval.RECORDED)

ON_REQUEST = frozenset({Step.CORRECTION, Step.RECALL, Step.REVERSAL, Step.EXTRACT, Step.ORIGINAL})
"""Steps that need a reason and somebody's approval."""

NEEDS_RECORD = "HB-I034"
NOTHING_TO_RECALL = "HB-I048"
RECALLED_ALREADY = "HB-I049"
IS_RECALLED = "HB-I050"
ORIGIN_STAYS = "HB-I118"

_V, _R = RecordStatus.VALID, RecordStatus.RECALLED

TRANSITIONS: Mapping[tuple[Standing, Event, RecordStatus], Step | str] = {
    (Standing.ABSENT, Event.NEW, _V): Step.ISSUE,
    (Standing.ABSENT, Event.NEW, _R): NOTHING_TO_RECALL,
    (Standing.ABSENT, Event.UPDATE, _V): NEEDS_RECORD,
    (Standing.ABSENT, Event.UPDATE, _R): NEEDS_RECORD,
    (Standing.ABSENT, Event.CANCEL, _V): NEEDS_RECORD,
    (Standing.ABSENT, Event.CANCEL, _R): NEEDS_RECORD,
    (Standing.VALID, Event.NEW, _V): Step.CORRECTION,
    (Standing.VALID, Event.NEW, _R): Step.RECALL,
    (Standing.VALID, Event.UPDATE, _V): Step.CORRECTION,
    (Standing.VALID, Event.UPDATE, _R): Step.RECALL,
    (Standing.VALID, Event.CANCEL, _V): Step.RECALL,
    (Standing.VALID, Event.CANCEL, _R): Step.RECALL,
    (Standing.RECALLED, Event.NEW, _V): Step.REVERSAL,
    (Standing.RECALLED, Event.NEW, _R): IS_RECALLED,
    (Standing.RECALLED, Event.UPDATE, _V): Step.REVERSAL,
    (Standing.RECALLED, Event.UPDATE, _R): IS_RECALLED,
    (Standing.RECALLED, Event.CANCEL, _V): RECALLED_ALREADY,
    (Standing.RECALLED, Event.CANCEL, _R): RECALLED_ALREADY,
}
"""Every case: what the version does, or the code of the finding that refuses it."""


def standing_of(status: RecordStatus | None) -> Standing:
    """What a record with this status is; None for one that is not there."""
    match status:
        case None:
            return Standing.ABSENT
        case RecordStatus.VALID:
            return Standing.VALID
        case RecordStatus.RECALLED:
            return Standing.RECALLED


def transition(standing: Standing, event: Event, status: RecordStatus) -> Step | str:
    """What a version does to its record, or the code of the finding that refuses it."""
    return TRANSITIONS[standing, event, status]


def with_origin(step: Step | str, *, was: bool | None, now: bool | None) -> Step | str:
    """*step* where the record *was* made from paper, or not, and the version *now* is, or not.

    None is a record that is not there, or one that does not say. Only a record in force gets
    another origin: what is recalled or reinstated stays what it was.
    """
    if step is Step.ISSUE:
        return Step.EXTRACT if now else step
    if was is None or now is None or was is now or not isinstance(step, Step):
        return step
    if step is Step.CORRECTION:
        return Step.EXTRACT if now else Step.ORIGINAL
    return ORIGIN_STAYS


def changes_origin(step: Step, standing: Standing) -> bool:
    """Whether the step lets a record of one origin take the place of the other."""
    return step in {Step.EXTRACT, Step.ORIGINAL} and standing is not Standing.ABSENT


def possible_steps(standing: Standing, *, trichluc: bool | None = None) -> frozenset[Step]:
    """What may be asked for of a record that is as *standing* says, made from paper or not."""
    possible = {
        with_origin(each, was=trichluc, now=now)
        for (before, _, _), each in TRANSITIONS.items()
        if before is standing
        for now in (None, False, True)
    }
    return frozenset(each for each in ON_REQUEST if each in possible)
