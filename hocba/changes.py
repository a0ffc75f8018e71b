"""What each version of a stored record changes, proved by what was accepted at the time.

Bytes come from the store by their digest; signatures are validated as of the time at which the
version was accepted, so that a certificate that has since expired still names its signer.
"""

from dataclasses import dataclass

from hocba.difference import Change, differences
from hocba.examine import Judgement, examine
from hocba.index.rows import Version
from hocba.wording import subject_names
from schemas.definition import Definition
from schemas.document import parse
from schemas.errors import Unreadable
from schemas.findings import Language
from storage.contract import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionChanges:
    """One version and what it changes; `before` is None for the first one, which changes nothing.

    `definition` is None where the versions cannot be read any more (their definition is gone, the
    parser's limits were lowered): then nothing is compared, and `changes` is empty.
    """

    before: Version | None
    after: Version
    definition: Definition | None
    changes: tuple[Change, ...]

    @property
    def compared(self) -> bool:
        """Whether `changes` says everything: there are two versions, and both could be read."""
        return self.before is not None and self.definition is not None

    def lines(self, language: Language) -> tuple[tuple[str, str], ...]:
        """Each change in one line, and the names of those who signed it."""
        if self.definition is None:
            return ()
        return tuple(
            (each.text(self.definition, language), ", ".join(map(called, each.signed_by)))
            for each in self.changes
        )

    def as_json(self, language: Language) -> dict[str, object]:
        """The shape of `/v1/records/{id}/versions/{n}/changes`."""
        definition = self.definition
        changes = (
            []
            if definition is None
            else [
                each.as_json(definition, language) | {"text": each.text(definition, language)}
                for each in self.changes
            ]
        )
        return {
            "madinhdanhhocba": self.after.madinhdanhhocba,
            "from": self.before.phienban if self.before else None,
            "to": self.after.phienban,
            "event": self.after.event.value,
            "accepted_at": self.after.accepted_at.isoformat(),
            "compared": self.compared,
            "changes": changes,
        }


def called(subject: str) -> str:
    """The name in a certificate's subject, or the whole subject where it has none."""
    return subject_names(subject).get("name") or subject


def changes_between(
    before: Version | None, after: Version, store: Store, by: Judgement
) -> VersionChanges:
    """What *after* changes in *before*; raises `StorageError`."""
    known = (each for each in by.definitions if each.reference == after.definition)
    definition = next(known, None)
    changes: tuple[Change, ...] = ()
    if before is not None and definition is not None:
        old, new = (store.get(e.storage_key, e.version_id, e.sha256) for e in (before, after))
        signatures = examine(new, "", by, after.accepted_at).signatures
        try:
            was, now = parse(old, by.limits), parse(new, by.limits)
        except Unreadable:  # under limits that were lowered since
            definition = None
        else:
            if signatures is not None:
                changes = differences(was, now, definition, signatures)
    return VersionChanges(before=before, after=after, definition=definition, changes=changes)
