"""What came along with a signature to prove a time or a path by: unsigned properties, read and
validated (EN 319 132-1 clauses 5.3 to 5.5).
"""

from dataclasses import dataclass
from datetime import datetime

from signing.certificates.path import PathValidator, ValidationMaterial
from signing.report import TimestampValidation
from signing.xmldsig.algorithms import AlgorithmPolicy
from signing.xmldsig.form import SignatureForm


@dataclass(frozen=True, slots=True)
class Evidence:
    """Time-stamps, validated, and objects for building and checking paths, believed in nothing."""

    timestamps: tuple[TimestampValidation, ...]
    material: ValidationMaterial


def gather(
    form: SignatureForm,
    paths: PathValidator | None,
    algorithms: AlgorithmPolicy,
    at: datetime,
) -> Evidence:
    """The evidence that stands in the signature itself."""
    return Evidence((), ValidationMaterial(certificates=form.certificates))
