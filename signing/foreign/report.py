"""What validation says about a foreign document: its signatures, references, what they cover."""

from dataclasses import dataclass
from enum import StrEnum

from schemas.findings import Language
from signing.report import SignatureValidation, Verdict


class Scope(StrEnum):
    """How much of the document a signature covers.

    FULL: nothing but signatures and the bare elements that hold them stands outside.
    """

    FULL = "FULL"
    PARTIAL = "PARTIAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceReport:
    """One reference of a signature or of a Manifest; `path` is what it names, None for nothing."""

    uri: str | None
    type: str | None
    path: str | None
    verdict: Verdict

    def as_json(self) -> dict[str, object]:
        """One member of `references`."""
        sub_indication = self.verdict.sub_indication
        return {
            "uri": self.uri,
            "type": self.type,
            "path": self.path,
            "indication": self.verdict.indication.value,
            "sub_indication": sub_indication.value if sub_indication else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestReport:
    """One `ds:Manifest` that the signature covers: the result of each of its members."""

    path: str
    members: tuple[ReferenceReport, ...]

    def as_json(self) -> dict[str, object]:
        """One member of `manifests`."""
        return {"path": self.path, "references": [each.as_json() for each in self.members]}


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignSignatureReport:
    """One signature of a foreign document, which stands at `path`.

    `core_validation` is XML-DSig's own answer, whatever policy thinks of the algorithms: None
    where it was not computed. `covered` are the paths of the elements whose digest is right,
    `scope` what they amount to, None for nothing.
    """

    path: str
    validation: SignatureValidation
    core_validation: bool | None
    scope: Scope | None
    covered: tuple[str, ...]
    references: tuple[ReferenceReport, ...]
    manifests: tuple[ManifestReport, ...]

    def as_json(self, language: Language = Language.VI) -> dict[str, object]:
        """The members of a record's signature, and what is of interest here beside them."""
        return self.validation.as_json(language) | {
            "path": self.path,
            "core_validation": self.core_validation,
            "scope": self.scope.value if self.scope else None,
            "covered": list(self.covered),
            "references": [each.as_json() for each in self.references],
            "manifests": [each.as_json() for each in self.manifests],
        }


@dataclass(frozen=True, slots=True)
class ForeignReport:
    """All signatures of one document, in document order, and the verdict on the whole."""

    signatures: tuple[ForeignSignatureReport, ...]
    document: Verdict
