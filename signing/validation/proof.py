"""The time-stamps of one signature, each validated over what it stamps (EN 319 102-1, 5.5.4).

Whoever holds the document may have put a signature time-stamp there or taken it away: it proves
itself by its TSA's signature, and a bad one takes nothing from the signature.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256

from schemas.findings import Finding, finding
from signing.certificates.path import PathValidator, ValidationMaterial
from signing.constraints import ValidationConstraints
from signing.report import (
    PASSED,
    SubIndication,
    TimestampKind,
    TimestampValidation,
    indeterminate,
)
from signing.timestamps.validation import TimestampValidator
from signing.validation.basic import BasicValidation
from signing.xades.timestamp_elements import (
    NothingStampedError,
    stamped_content,
    stamped_octets,
)
from signing.xades.unsigned_properties import UnsignedProperties, read_content_timestamps
from signing.xmldsig.algorithms import AlgorithmPolicy
from signing.xmldsig.canonicalization import CanonicalizationError
from signing.xmldsig.form import Reference, SignatureForm, Transform
from signing.xmldsig.references import ReferenceValidator
from signing.xmldsig.transforms import UnsupportedTransformError


@dataclass(frozen=True, slots=True)
class Proofs:
    """Every time-stamp with its validation, and what is odd about how they are written."""

    timestamps: tuple[TimestampValidation, ...]
    problems: tuple[Finding, ...]


class ProofReader:
    """Validates the time-stamps of signatures of one document."""

    def __init__(
        self,
        *,
        references: ReferenceValidator,
        paths: PathValidator | None,
        algorithms: AlgorithmPolicy,
        constraints: ValidationConstraints,
        at: datetime,
    ) -> None:
        self._references = references
        self._at = at
        self._validator = TimestampValidator(
            paths, algorithms, clock_tolerance=constraints.time.clock_tolerance
        )

    def read(
        self, basic: BasicValidation, unsigned: UnsignedProperties, material: ValidationMaterial
    ) -> Proofs:
        """(1) the signature time-stamps, (2) those on the content, which must be signed."""
        form = basic.form
        found: list[TimestampValidation] = []
        # (1):
        for each in unsigned.signature_timestamps:
            stamped = _octets(partial(self._value, form, each.canonicalization))
            found.extend(self._tokens(each.tokens, stamped, TimestampKind.SIGNATURE, material))
        # (2):
        covered = tuple(
            each.target
            for each in basic.references
            if each.verdict is PASSED and each.target is not None and not each.is_data
        )
        content, problems = read_content_timestamps(form, covered)
        for one in content:
            stamped = _octets(partial(stamped_content, form, one, partial(self._data, form)))
            found.extend(self._tokens(one.tokens, stamped, TimestampKind.CONTENT, material))
        return Proofs(tuple(found), (*unsigned.problems, *problems))

    def _value(self, form: SignatureForm, canonicalization: Transform) -> bytes:
        self._references.charge()
        return stamped_octets(form, canonicalization)

    def _data(
        self, form: SignatureForm, reference: Reference, transforms: tuple[Transform, ...]
    ) -> bytes:
        octets = self._references.octets(reference, form, transforms)
        if octets is None:
            raise NothingStampedError(reference.uri or "")
        return octets

    def _tokens(
        self,
        tokens: tuple[bytes, ...],
        stamped: bytes | None,
        kind: TimestampKind,
        material: ValidationMaterial,
    ) -> Iterator[TimestampValidation]:
        for token in tokens:
            if stamped is None:
                reason = finding("HB-S083")
                yield TimestampValidation(
                    kind=kind,
                    verdict=indeterminate(SubIndication.SIG_CONSTRAINTS_FAILURE, reason),
                    generated_at=None,
                    authority=None,
                    sha256=sha256(token).hexdigest(),
                )
            else:
                yield self._validator.validate(token, stamped, kind, self._at, material)


def _octets(made: Callable[[], bytes]) -> bytes | None:
    """What is stamped; None where it cannot be had, or asks for too much work."""
    try:
        return made()
    except (NothingStampedError, UnsupportedTransformError, CanonicalizationError):
        return None
