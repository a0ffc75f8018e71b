"""Where the time of one full validation goes, stage by stage, beside what the floor spends on it.

    python -m tests.benchmarks.stages

Each stage is timed inside `examine` itself, less what other stages take within it; the lowest CPU
time of many rounds. The clock itself costs each call a microsecond or so: sums are above the whole.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from unittest.mock import patch

import hocba.examine
import signing.certificates.path
import signing.validation.basic
import signing.validation.proof
import signing.validation.signature
import signing.xmldsig.algorithms
import signing.xmldsig.references
from schemas.definition import Definition
from schemas.registry import DefinitionRegistry
from schemas.xsd import Grammar
from tests.benchmarks import validation
from tests.support import signed_records

_ROUNDS = 40
_DOCUMENTS = 5
_REST = "the rest: outcome, freeing the tree"

_PARSE, _DIGEST = "parse, limits", "references: canonicalise, digest"
_CANONICALIZE, _VERIFY = "SignedInfo: canonicalise", "value: verify"
_TIME = "time-stamps, validation with time, acceptance"
_STAGES: tuple[tuple[str, object, str], ...] = (
    (_PARSE, hocba.examine, "parse"),
    ("definition, plain view", DefinitionRegistry, "find"),
    ("definition, plain view", Definition, "view"),
    ("XSD", Grammar, "objections"),
    ("rules, Ids", hocba.examine, "check_against"),
    ("form", signing.validation.signature, "read_form"),
    ("references: find, place", signing.xmldsig.references.ReferenceValidator, "validate"),
    (_DIGEST, signing.xmldsig.references, "apply_transforms"),
    (_DIGEST, signing.xmldsig.references, "digest"),
    (_CANONICALIZE, signing.validation.basic, "canonicalize"),
    (_VERIFY, signing.xmldsig.algorithms.SignatureAlgorithm, "verify"),
    ("signed and unsigned properties", signing.validation.basic, "read_signed_properties"),
    ("signed and unsigned properties", signing.validation.signature, "read_unsigned_properties"),
    ("signing certificate, path kept", signing.validation.basic, "identify"),
    ("signing certificate, path kept", signing.certificates.path.PathValidator, "validate"),
    (_TIME, signing.validation.proof.ProofReader, "read"),
    (_TIME, signing.validation.signature, "validate_with_time"),
    ("steps of a signature", signing.validation.basic.BasicValidator, "validate"),
    ("steps of a signature", signing.validation.signature.SignatureValidator, "validate"),
    ("lines of the report", signing.validation.signature, "_validated"),
    ("record: roles, roster, nothing unsigned", hocba.examine, "validate_record"),
    ("index fields", hocba.examine, "_read_fields"),
    ("index fields", hocba.examine, "_transcript"),
)


class _Clock:
    """Adds up the time of each stage, less that of stages inside it."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)
        self._inside = [0.0]

    def timed(self, stage: str, work: Callable[..., object]) -> Callable[..., object]:
        """*work*, its time counted for *stage*."""

        def run(*args: object, **kwargs: object) -> object:
            self._inside.append(0.0)
            begin = time.process_time()
            try:
                return work(*args, **kwargs)
            finally:
                whole = time.process_time() - begin
                self.spent[stage] += whole - self._inside.pop()
                self._inside[-1] += whole

        return run


@contextmanager
def _watched(clock: _Clock) -> Iterator[None]:
    with ExitStack() as stack:
        for stage, owner, name in _STAGES:
            timed = clock.timed(stage, getattr(owner, name))
            stack.enter_context(patch.object(owner, name, timed))
        etree = validation.etree
        floor = {"fromstring": _PARSE, "tostring": _DIGEST}
        counted = {name: clock.timed(each, getattr(etree, name)) for name, each in floor.items()}
        stack.enter_context(
            patch.object(validation, "etree", SimpleNamespace(Element=etree.Element, **counted))
        )
        for name, stage in (("sha256", _DIGEST), ("_verify", _VERIFY)):
            timed = clock.timed(stage, getattr(validation, name))
            stack.enter_context(patch.object(validation, name, timed))
        yield


def profile(work: Callable[[], object], *, rounds: int = _ROUNDS) -> Mapping[str, float]:
    """Seconds of each stage in one call of *work*: the lowest of *rounds*."""
    lowest: dict[str, float] = {}
    for _ in range(rounds):
        clock = _Clock()
        with _watched(clock):
            whole = clock.timed(_REST, work)
            for _ in range(_DOCUMENTS):
                whole()
        for stage, spent in clock.spent.items():
            lowest[stage] = min(lowest.get(stage, spent), spent)
    return {stage: spent / _DOCUMENTS for stage, spent in lowest.items()}


def main() -> None:
    """Print both records' stages."""
    for name, data in validation.RECORDS.items():
        octets, by = data(), validation.judging()
        ours = profile(
            lambda octets=octets, by=by: hocba.examine.examine(
                octets, "record.xml", by, signed_records.NOW
            )
        )
        floor = profile(lambda octets=octets: validation.floor(octets))
        whole = sum(ours.values())
        print(f"{name}: {whole * 1e6:.0f} µs, the floor {sum(floor.values()) * 1e6:.0f} µs")
        for stage in dict.fromkeys([*(each for each, *_ in _STAGES), _REST]):
            share, also = ours.get(stage, 0.0), floor.get(stage)
            beside = "–" if also is None else f"{also * 1e6:.0f}"
            print(f"| {stage} | {share * 1e6:.0f} | {share / whole:.0%} | {beside} |")


if __name__ == "__main__":
    main()
