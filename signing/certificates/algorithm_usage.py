"""The algorithm table in the words of pyhanko-certvalidator, for everything X.509 and CMS.

Hand the result of `path_algorithm_policy` to the path engine as `algorithm_usage_policy=`: then
certificates, CRLs, OCSP responses and time-stamp tokens are judged by the same table and the same
dates as `ds:Signature`. An algorithm that is not in the table is refused at every time; one whose
end has passed comes back with `not_allowed_after`, from which the engine's time sliding (EN 319
102-1, clause 5.6.2.2) goes on.
"""

import re
from datetime import date, datetime, time

from asn1crypto import algos, keys
from pyhanko_certvalidator.policy_decl import AlgorithmUsageConstraint, AlgorithmUsagePolicy

from schemas.vietnam import VIETNAM_TIME
from signing.xmldsig.algorithms import (
    AlgorithmPolicy,
    DigestAlgorithm,
    KeyRule,
    UnfitKeyError,
    default_policy,
)

# What asn1crypto calls a signature algorithm that names its digest: sha256_rsa, sha3_384_ecdsa.
_NAMED = re.compile(r"((?:sha|md)[0-9_]*[0-9])_(rsa|ecdsa|dsa)\Z")
_BARE = {
    "rsassa_pkcs1v15": ("rsa", "pkcs1v15"),
    "ecdsa": ("ecdsa", None),
}


def path_algorithm_policy(algorithms: AlgorithmPolicy | None = None) -> AlgorithmUsagePolicy:
    """The table *algorithms* (None: the one that ships) as the path engine's policy."""
    return _TableUsage(algorithms or default_policy())


def ends_at(end: date) -> datetime:
    """The first instant of the day *end*, from which on nothing may rest on the algorithm."""
    return datetime.combine(end, time.min, VIETNAM_TIME)


class _TableUsage(AlgorithmUsagePolicy):
    """Never raises: whatever stands in a certificate is allowed by the table, or is not."""

    def __init__(self, algorithms: AlgorithmPolicy) -> None:
        self._digests = {each.name: each for each in algorithms.digests.values()}
        rules = (each.rule for each in algorithms.signatures.values())
        self._rules = {(each.kind, each.padding): each for each in rules}
        self._known = {
            (each.rule.kind, each.rule.padding, each.digest.name)
            for each in algorithms.signatures.values()
        }

    def digest_algorithm_allowed(
        self, algo: algos.DigestAlgorithm, moment: datetime | None
    ) -> AlgorithmUsageConstraint:
        """Whether the digest may be used at *moment*; None asks whether at all times."""
        name = _native(algo)
        digest = self._digests.get(name)
        if digest is None:
            return _refused(f"digest {name} is not in the algorithm table")
        return _until(digest.accepted_until, moment, name)

    def signature_algorithm_allowed(
        self,
        algo: algos.SignedDigestAlgorithm,
        moment: datetime | None,
        public_key: keys.PublicKeyInfo | None,
    ) -> AlgorithmUsageConstraint:
        """Whether the method may be used at *moment* with this key; without a key, at its best."""
        name = _native(algo)
        try:
            kind, padding, hash_name = _parts(algo)
            rule = self._rules[kind, padding]
            digest = None if hash_name is None else self._digests[hash_name]
            if digest is not None and (kind, padding, digest.name) not in self._known:
                return _refused(f"{name} is not in the algorithm table")
            end = _end(rule, digest, _checked_size(rule, public_key))
        except UnfitKeyError as error:
            return _refused(str(error))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            return _refused(f"{name} is not in the algorithm table")
        return _until(end, moment, name)


def _parts(algo: algos.SignedDigestAlgorithm) -> tuple[str, str | None, str | None]:
    """Kind of key, padding, and digest where the algorithm names one; raises for anything else."""
    name = algo["algorithm"].native
    if name == "rsassa_pss":
        return "rsa", "pss", _pss_hash(algo["parameters"])
    if name in _BARE:
        return *_BARE[name], None
    match = _NAMED.match(name)
    if match is None:
        raise ValueError(name)
    return match[2], "pkcs1v15" if match[2] == "rsa" else None, match[1]


def _pss_hash(parameters: algos.RSASSAPSSParams) -> str:
    """The digest of RSASSA-PSS; MGF1 must use the same one (RFC 4055, clause 3.1)."""
    name = str(parameters["hash_algorithm"]["algorithm"].native)
    mask = parameters["mask_gen_algorithm"]
    if mask["algorithm"].native != "mgf1" or mask["parameters"]["algorithm"].native != name:
        raise ValueError("mask generation with another digest")
    return name


def _checked_size(rule: KeyRule, public_key: keys.PublicKeyInfo | None) -> int | None:
    if public_key is None:
        return None
    found = public_key.algorithm
    if {"rsa": "rsa", "rsassa_pss": "rsa", "ec": "ecdsa"}.get(found) != rule.kind:
        raise UnfitKeyError(found)
    if found == "ec":
        kind, curve = public_key.curve
        rule.refuse_curve(curve if kind == "named" else kind)
        return rule.refuse_size(int(public_key.bit_size))
    exponent = public_key["public_key"].parsed["public_exponent"].native
    return rule.refuse_size(int(public_key.bit_size), exponent)


def _end(rule: KeyRule, digest: DigestAlgorithm | None, bits: int | None) -> date | None:
    of_key = rule.sizes[-1][1] if bits is None else rule.end(bits)
    of_digest = None if digest is None else digest.accepted_until
    return min((each for each in (of_key, of_digest) if each), default=None)


def _native(algo: algos.DigestAlgorithm | algos.SignedDigestAlgorithm) -> str:
    return str(algo["algorithm"].native)


def _until(end: date | None, moment: datetime | None, name: str) -> AlgorithmUsageConstraint:
    if end is None:
        return AlgorithmUsageConstraint(allowed=True)
    since = ends_at(end)
    if moment is not None and moment < since:
        return AlgorithmUsageConstraint(allowed=True, not_allowed_after=since)
    return AlgorithmUsageConstraint(
        allowed=False,
        not_allowed_after=since,
        failure_reason=f"{name} is not accepted since {end.isoformat()}",
    )


def _refused(reason: str) -> AlgorithmUsageConstraint:
    return AlgorithmUsageConstraint(allowed=False, failure_reason=reason)
