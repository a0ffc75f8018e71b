"""Signs many records with one key: one PIN or authorisation, one line for every failure.

A file is replaced whole or not at all. What is wrong with one file keeps nobody from the others;
what is wrong with the key ends the run, and what was signed until then stays signed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cli import failures
from cli.errors import Misuse
from cli.exit_code import ExitCode
from cli.files import write_whole
from cli.progress import Advance, progress
from cli.session import Session
from schemas.document import parse
from schemas.errors import Unreadable
from signing.creation.batch import PreparedRecord, prepare_record
from signing.errors import SigningRefused
from signing.keys.key import SigningKey, sign_all
from signing.policy import SignaturePolicy, read_policy

if TYPE_CHECKING:
    from schemas.registry import DefinitionRegistry
    from signing.creation.builder import Augment
    from signing.creation.styles import SignatureStyle

_OF_ONE_FILE = (Unreadable, SigningRefused, Misuse, OSError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to do with every file."""

    role: str
    signing_time: datetime
    style: "SignatureStyle"
    repeat: bool
    augment: "Augment | None"


class Policies:
    """The signature policies of the definitions, each read once."""

    def __init__(self, definitions: "DefinitionRegistry") -> None:
        self._definitions = definitions
        self._read: dict[str, SignaturePolicy] = {}

    def of(self, data: bytes) -> SignaturePolicy:
        """The policy of the definition that knows the document; raises `Unreadable`, `Misuse`."""
        document = parse(data)
        definition = self._definitions.find(document)
        if definition is None:
            raise Misuse("misuse.no_definition", root=document.root.tag)
        if definition.reference not in self._read:
            self._read[definition.reference] = read_policy(definition.policy_path)
        return self._read[definition.reference]


class Signing:
    """A run over many files, with what came of it."""

    def __init__(self, order: Order, key: SigningKey, policies: Policies, session: Session) -> None:
        self._order = order
        self._key = key
        self._policies = policies
        self._session = session
        self.signed = 0
        self.failed = 0

    def sign(self, work: Sequence[tuple[Path, Path]]) -> ExitCode:
        """Sign every (file, target) of *work*; raises what the key raises."""
        try:
            with progress(self._session, "sign.progress") as advance:
                for batch in _batches(work, self._key.batch_limit):
                    self._sign_batch(batch)
                    self._advance(advance, len(work))
        finally:
            if not self._session.json:
                left = len(work) - self.signed - self.failed
                self._session.note("sign.many", signed=self.signed, failed=self.failed, left=left)
        return ExitCode.FAILED if self.failed else ExitCode.PASSED

    def _advance(self, advance: Advance, total: int) -> None:
        advance(self.signed + self.failed, total)

    def _sign_batch(self, batch: Sequence[tuple[Path, Path]]) -> None:
        prepared = [
            (file, target, record)
            for file, target in batch
            if (record := self._prepared(file)) is not None
        ]
        digests = [digest for _, _, record in prepared for digest in record.digests]
        if not digests:
            return
        values = iter(sign_all(self._key, digests))
        for file, target, record in prepared:
            own = [next(values) for _ in record.digests]
            signed = record.completed(own, self._order.augment)
            try:
                write_whole(target, signed)
            except OSError as error:
                self._fail(file, error)
            else:
                self._done(target)

    def _prepared(self, file: Path) -> PreparedRecord | None:
        order = self._order
        try:
            data = file.read_bytes()
            return prepare_record(
                data,
                order.role,
                self._key,
                policy=self._policies.of(data),
                signing_time=order.signing_time,
                style=order.style,
                repeat=order.repeat,
            )
        except _OF_ONE_FILE as error:
            self._fail(file, error)
            return None

    def _done(self, target: Path) -> None:
        self.signed += 1
        if self._session.json:
            subject = self._key.certificate.subject.rfc4514_string()
            self._session.emit({"file": str(target), "role": self._order.role, "signer": subject})

    def _fail(self, file: Path, error: Exception) -> None:
        self.failed += 1
        words = failures.words_for(error, self._session) or type(error).__name__
        if self._session.json:
            self._session.emit({"file": str(file), "role": self._order.role, "error": words})
        failures.tell(self._session, self._session.text("sign.failed", file=file, reason=words))


def _batches(work: Sequence[tuple[Path, Path]], size: int) -> Iterator[Sequence[tuple[Path, Path]]]:
    for start in range(0, len(work), size):
        yield work[start : start + size]
