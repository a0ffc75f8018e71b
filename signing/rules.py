"""The rules that hold for every signature, whatever its definition: algorithms and constraints."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from signing.constraints import ValidationConstraints, default_constraints, read_constraints
from signing.xmldsig.algorithms import AlgorithmPolicy, default_policy, read_algorithms


@dataclass(frozen=True, slots=True)
class ValidationRules:
    """An algorithm table with validation constraints."""

    algorithms: AlgorithmPolicy
    constraints: ValidationConstraints

    @classmethod
    def shipped(cls) -> Self:
        """The rules that ship."""
        return cls(default_policy(), default_constraints())

    @classmethod
    def read(cls, algorithms: Path | None, constraints: Path | None) -> Self:
        """The rules in files, those that ship for None; raises `PolicyError`."""
        return cls(
            default_policy() if algorithms is None else read_algorithms(algorithms),
            default_constraints() if constraints is None else read_constraints(constraints),
        )
