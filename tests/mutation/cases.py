"""The verdicts that a mutant must keep: every vector of the attacks, and genuine records.

Kept as plain values, so that they outlive the modules that a mutant is loaded into.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography import x509

Plain = tuple[Any, ...]

_MOST_BYTES = 60_000
_DEFINITIONS = Path(__file__).parents[2] / "schemas" / "definitions"


@dataclass(frozen=True, slots=True)
class Case:
    """One document and what it is judged by, without any object of the engine."""

    name: str
    data: bytes
    definition: str
    at: datetime
    trust: Plain | None
    roster: tuple[Plain, ...] | None


def cases() -> list[Case]:
    """Genuine records, and of the vectors the two smallest of each item and verdict."""
    from signing.creation.styles import STYLES
    from tests.support import signed_records
    from tests.support.attacks import Attempt, all_attacks, attack_of

    found = [
        _case(f"{definition}-{style.name}", Attempt(data=make(style), definition=definition))
        for style in STYLES.values()
        for definition, make in (
            ("tieu-hoc", signed_records.signed_primary),
            ("trung-hoc", signed_records.signed_secondary),
        )
    ]
    kinds: Counter[Plain] = Counter()
    for one in sorted(all_attacks(), key=lambda each: len(attack_of(each).data)):
        kind = (one.item, one.indication, one.sub_indication, one.code, one.about)
        kinds[kind] += 1
        if kinds[kind] <= 2 and len(attack_of(one).data) < _MOST_BYTES:
            found.append(_case(one.name, attack_of(one)))
    # In no order of theirs: neighbours test the same, and a mutant is to be noticed soon.
    return sorted(found, key=lambda each: sha256(each.name.encode()).digest())


def _case(name: str, attempt: Any) -> Case:
    from tests.support import signed_records

    paths = attempt.paths or signed_records.paths()
    roster = attempt.roster or signed_records.roster()
    entries = [tuple(getattr(each, field) for field in each.__slots__) for each in roster.entries()]
    return Case(
        name=name,
        data=attempt.data,
        definition=attempt.definition,
        at=attempt.at,
        trust=_plain_store(paths._trust) if attempt.with_trust else None,
        roster=tuple(entries) if attempt.with_roster else None,
    )


def _plain_store(store: Any) -> Plain:
    anchors = tuple(each.der for each in store.anchors)
    return anchors, store.intermediates, store.digest, store.crls, store.ocsp_responses


class Judge:
    """Judges cases with the modules as they are loaded now; keeps what cases share."""

    def __init__(self) -> None:
        from schemas.document import parse
        from schemas.errors import Unreadable
        from signing import record

        self._parse, self._unreadable = parse, Unreadable
        self._validate = record.validate_record
        self._policies: dict[str, Any] = {}
        self._paths: dict[Plain, Any] = {}

    def __call__(self, case: Case) -> Plain:
        """Everything that the report says, as plain values."""
        try:
            document = self._parse(case.data)
        except self._unreadable as error:
            return ("unreadable", error.finding.code)
        report = self._validate(
            document,
            self._policy(case.definition),
            paths=None if case.trust is None else self._validator(case.trust),
            roster=None if case.roster is None else self._roster(case.roster),
            at=case.at,
        )
        return (
            _plain_verdict(report.record),
            report.policy,
            tuple(
                (
                    _plain_verdict(each.verdict),
                    each.id,
                    each.role,
                    each.path,
                    each.covers,
                    each.claimed_signing_time,
                    each.best_signature_time,
                    each.signer and each.signer.certificate_sha256,
                    each.signature_algorithm,
                    tuple(one.sha256 for one in each.revocation),
                    each.chain,
                    tuple((one.kind, _plain_verdict(one.verdict)) for one in each.timestamps),
                )
                for each in report.signatures
            ),
        )

    def _policy(self, definition: str) -> Any:
        from signing.policy import read_policy

        if definition not in self._policies:
            path = _DEFINITIONS / definition / "signature-policy.toml"
            self._policies[definition] = read_policy(path)
        return self._policies[definition]

    def _validator(self, trust: Plain) -> Any:
        from signing.certificates.path import PathValidator
        from signing.certificates.trust import Purpose, TrustAnchor, TrustStore

        if trust not in self._paths:
            anchors, intermediates, digest, crls, responses = trust
            roots = tuple(
                TrustAnchor(
                    certificate=x509.load_der_x509_certificate(der),
                    der=der,
                    sha256=digest,
                    purposes=frozenset(Purpose),
                    valid_from=None,
                    valid_until=None,
                    source="mutation",
                )
                for der in anchors
            )
            store = TrustStore(roots, intermediates, digest, crls, responses)
            self._paths[trust] = PathValidator(store)
        return self._paths[trust]

    def _roster(self, entries: tuple[Plain, ...]) -> Any:
        from signing.roster import Roster, RosterEntry

        return Roster(RosterEntry(*each) for each in entries)


def _plain_verdict(verdict: Any) -> Plain:
    sub_indication = verdict.sub_indication and verdict.sub_indication.value
    findings = tuple((each.code, each.path, each.parameters) for each in verdict.findings)
    return (verdict.indication.value, sub_indication, findings)
