"""Certificate paths against one trust store, and the verdicts that are kept.

The exact engine is slow (milliseconds), and one homeroom teacher signs a class: a verdict is kept
for as long as nothing it depends on changes. All that can change it is a time: that a certificate
or an anchor begins or ends, that revocation data is issued or goes stale, that a revocation takes
effect. Between two such times next to each other the verdict is the same.
"""

import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Protocol, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko_certvalidator.policy_decl import AlgorithmUsagePolicy, PKIXValidationParams

from schemas.findings import finding
from schemas.vietnam import VIETNAM_TIME
from signing.certificates.algorithm_usage import path_algorithm_policy
from signing.certificates.certificate import (
    CertificateUnreadableError,
    SigningCertificate,
    read_certificate,
)
from signing.certificates.engine import Engine, loaded
from signing.certificates.judgement import judge, tells_most
from signing.certificates.past import judge_past
from signing.certificates.revocation import (
    Freshness,
    OcspAnswer,
    RevocationList,
    RevocationUnreadableError,
    read_crl,
    read_ocsp,
)
from signing.certificates.trust import Purpose, TrustAnchor, TrustStore
from signing.certificates.validation import CertificateValidation, ValidationMaterial
from signing.constraints import RevocationConstraints, default_constraints
from signing.report import SubIndication, indeterminate

__all__ = ["CertificateValidation", "PathValidator", "RevocationSource", "ValidationMaterial"]

_MAX_KEPT = 16_384
_MOST_HINTS = 64
_KEEP_OPEN = timedelta(minutes=1)
_TICK = timedelta(microseconds=1)
# certificates and revocation objects are shared by all validators of a process, and parse on
# demand: the engine runs one thread at a time. It is Python throughout, so nothing is lost.
_ENGINE = threading.Lock()

_T = TypeVar("_T")


class RevocationSource(Protocol):
    """Where revocation data may be had that is not at hand, on the server only."""

    def obtain(
        self, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime
    ) -> ValidationMaterial:
        """CRLs and OCSP responses that speak of *certificate*, or nothing; never raises."""
        ...


@dataclass(frozen=True, slots=True)
class _Kept:
    """A verdict that holds at `at`, and strictly between the other two."""

    validation: CertificateValidation
    at: datetime
    after: datetime
    before: datetime

    def holds(self, at: datetime) -> bool:
        return at == self.at or self.after < at < self.before


class PathValidator:
    """Validates certificate paths against one trust store and keeps the verdicts.

    For any number of threads, with or without an event loop. *source* is asked for revocation data
    that is missing or stale; without one, everything is offline.
    """

    def __init__(
        self,
        trust: TrustStore,
        *,
        constraints: RevocationConstraints | None = None,
        algorithms: AlgorithmUsagePolicy | None = None,
        parameters: PKIXValidationParams | None = None,
        source: RevocationSource | None = None,
    ) -> None:
        self._trust = trust
        self._constraints = constraints or default_constraints().revocation
        self._algorithms = algorithms or path_algorithm_policy()
        self._parameters = parameters
        self._source = source
        self._intermediates = _readable(trust.intermediates)
        self._crls = _read(trust.crls, read_crl)
        self._answers = _read(trust.ocsp_responses, read_ocsp)
        stored: tuple[RevocationList | OcspAnswer, ...] = (*self._crls, *self._answers)
        self._sources = {each.sha256: "trust-store" for each in stored}
        self._kept: OrderedDict[tuple[str, ...], _Kept] = OrderedDict()
        self._keeping = threading.Lock()

    def validate(
        self,
        certificate: SigningCertificate,
        material: ValidationMaterial,
        purpose: Purpose | None,
        at: datetime,
    ) -> CertificateValidation:
        """Whether *certificate* leads at *at* to an anchor that is trusted for *purpose*.

        EN 319 102-1, clause 5.2.6, with revocation as the constraints demand it.
        """
        return self._validate(certificate, material, purpose, at, None)

    def validate_past(
        self,
        certificate: SigningCertificate,
        material: ValidationMaterial,
        purpose: Purpose | None,
        *,
        at: datetime,
        best_signature_time: datetime,
    ) -> CertificateValidation:
        """Past certificate validation (EN 319 102-1, clause 5.6.2.1) of *certificate*.

        Whether it was valid, and not revoked, at *best_signature_time*: a time up to which the
        signature is proved to exist, not after *at*, the time of validation. Passed also where it
        has expired or was revoked since; otherwise INDETERMINATE with what is missing.
        """
        return self._validate(certificate, material, purpose, at, best_signature_time)

    def _validate(
        self,
        certificate: SigningCertificate,
        material: ValidationMaterial,
        purpose: Purpose | None,
        at: datetime,
        proved: datetime | None,
    ) -> CertificateValidation:
        hints = sorted(set(material.certificates) - {certificate.der})[:_MOST_HINTS]
        material = ValidationMaterial(
            certificates=tuple(hints),
            crls=tuple(sorted(set(material.crls)))[:_MOST_HINTS],
            ocsp_responses=tuple(sorted(set(material.ocsp_responses)))[:_MOST_HINTS],
        )
        key = (certificate.sha256, purpose or "", _digest(material), str(proved or ""))
        with self._keeping:
            kept = self._kept.get(key)
            if kept is not None and kept.holds(at):
                self._kept.move_to_end(key)
                return kept.validation
        kept = self._judge(certificate, material, purpose, at, proved)
        with self._keeping:
            self._kept[key] = kept
            self._kept.move_to_end(key)
            while len(self._kept) > _MAX_KEPT:
                self._kept.popitem(last=False)
        return kept.validation

    def _judge(
        self,
        certificate: SigningCertificate,
        material: ValidationMaterial,
        purpose: Purpose | None,
        at: datetime,
        proved: datetime | None,
    ) -> _Kept:
        """The verdict by what is at hand, and where that leaves the status open, by the source."""
        kept = self._judge_by(certificate, material, purpose, at, proved, ValidationMaterial())
        if self._source is None or not _is_open(kept.validation):
            return kept
        obtained = self._obtain(self._source, kept.validation, at)
        if obtained.crls or obtained.ocsp_responses:
            kept = self._judge_by(certificate, material, purpose, at, proved, obtained)
        if _is_open(kept.validation):  # the source may have it next time
            kept = replace(kept, before=min(kept.before, at + _KEEP_OPEN))
        return kept

    def _judge_by(
        self,
        certificate: SigningCertificate,
        material: ValidationMaterial,
        purpose: Purpose | None,
        at: datetime,
        proved: datetime | None,
        obtained: ValidationMaterial,
    ) -> _Kept:
        anchors = [each for each in self._trust.anchors if each.trusted(purpose, proved or at)]
        issuers = _issuers(anchors, self._intermediates, _readable(material.certificates))
        came, fetched = _objects(material), _objects(obtained)
        sources = {each.sha256: "embedded" for each in came}
        sources |= {each.sha256: "fetched" for each in fetched} | self._sources
        try:
            with _ENGINE:
                engine = self._engine(certificate, anchors, issuers, (*came, *fetched), purpose)
                validation = self._by_engine(engine, certificate, purpose, at, proved, sources)
                times = [*_times(engine), *self._anchor_times()]
        except Exception as error:  # noqa: BLE001 -- asn1crypto raises anything for hostile DER
            validation = _broken(certificate, error)
            times = []
        validation = replace(validation, chain=tuple(_same(each) for each in validation.chain))
        after, before = _between(times, at)
        return _Kept(validation, at, after, before)

    def _by_engine(
        self,
        engine: Engine | None,
        certificate: SigningCertificate,
        purpose: Purpose | None,
        at: datetime,
        proved: datetime | None,
        sources: dict[str, str],
    ) -> CertificateValidation:
        paths = [] if engine is None else engine.paths()
        if engine is None or not paths:
            code = "HB-S045" if purpose and engine is None else "HB-S041"
            return CertificateValidation(
                verdict=indeterminate(
                    SubIndication.NO_CERTIFICATE_CHAIN_FOUND,
                    finding(code, subject=certificate.signer.subject),
                )
            )
        if proved is not None:
            return tells_most([judge_past(engine, each, at, proved, sources) for each in paths])
        return tells_most([judge(engine, each, at, sources) for each in paths])

    def _engine(
        self,
        certificate: SigningCertificate,
        anchors: Sequence[TrustAnchor],
        issuers: Sequence[bytes],
        came: Sequence[RevocationList | OcspAnswer],
        purpose: Purpose | None,
    ) -> Engine | None:
        if not anchors:
            return None
        known = tuple(loaded(each) for each in issuers)
        leaf = loaded(certificate.der)
        serials = {each.serial_number for each in (leaf, *known)}
        answers = [each for each in self._answers if any(map(each.about, serials))]
        answers += [each for each in came if isinstance(each, OcspAnswer)]
        lists = [*self._crls, *(each for each in came if isinstance(each, RevocationList))]
        demand = self._constraints.signer
        if purpose is Purpose.TIMESTAMP:
            demand = self._constraints.timestamp_authority
        return Engine(
            leaf=leaf,
            anchors=tuple(loaded(each.der) for each in anchors),
            issuers=known,
            crls=tuple({each.sha256: each for each in lists}.values()),
            ocsp_responses=tuple({each.sha256: each for each in answers}.values()),
            constraints=self._constraints,
            leaf_demand=demand,
            algorithms=self._algorithms,
            parameters=self._parameters,
        )

    def _obtain(
        self, source: RevocationSource, validation: CertificateValidation, at: datetime
    ) -> ValidationMaterial:
        chain = [x509.load_der_x509_certificate(each) for each in validation.chain]
        obtained = [source.obtain(each, issuer, at) for each, issuer in itertools.pairwise(chain)]
        return ValidationMaterial(
            crls=tuple(crl for each in obtained for crl in each.crls),
            ocsp_responses=tuple(ocsp for each in obtained for ocsp in each.ocsp_responses),
        )

    def _anchor_times(self) -> Iterator[datetime]:
        for anchor in self._trust.anchors:
            if anchor.valid_from is not None:
                yield datetime.combine(anchor.valid_from, time.min, UTC)
            if anchor.valid_until is not None:
                yield datetime.combine(anchor.valid_until + timedelta(days=1), time.min, UTC)


def _is_open(validation: CertificateValidation) -> bool:
    """Whether revocation data that is not at hand could change the verdict."""
    open_for = (SubIndication.TRY_LATER, SubIndication.OUT_OF_BOUNDS_NO_POE, SubIndication.NO_POE)
    return validation.verdict.sub_indication in open_for


def _broken(certificate: SigningCertificate, error: Exception) -> CertificateValidation:
    found = finding(
        "HB-S044", subject=certificate.signer.subject, reason=f"{type(error).__name__}: {error}"
    )
    return CertificateValidation(
        verdict=indeterminate(SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE, found)
    )


def _times(engine: Engine | None) -> Iterator[datetime]:
    """Every time at which a verdict of this engine could become another."""
    if engine is None:
        return
    certificates = (engine.leaf, *engine.issuers, *engine.anchors)
    for certificate in certificates:
        yield certificate.not_valid_before
        yield certificate.not_valid_after
    freshness = Freshness(engine.constraints)
    serials = {bytes(each["tbs_certificate"]["serial_number"].contents) for each in certificates}
    for listed in engine.crls:
        yield listed.this_update
        yield freshness.end(listed.this_update, listed.next_update)
        for serial in serials:
            yield from listed.revocation_dates(serial)
            if (lost := listed.invalid_since(serial)) is not None:
                yield lost
    for answer in engine.ocsp_responses:
        yield from answer.responder_times
        for single in answer.singles:
            yield single.this_update
            yield freshness.end(single.this_update, single.next_update)
            yield from (each for each in (single.revoked_at, single.invalid_since) if each)


def _between(times: Iterable[datetime], at: datetime) -> tuple[datetime, datetime]:
    """The nearest of *times* before and after *at*, at most its day: algorithms end at midnight."""
    midnight = datetime.combine(at.astimezone(VIETNAM_TIME).date(), time.min, VIETNAM_TIME)
    after, before = midnight.astimezone(UTC) - _TICK, midnight + timedelta(days=1)
    for each in times:
        if each <= at:
            after = max(after, each)
        if each >= at:
            before = min(before, each)
    return after, before


@lru_cache(maxsize=4_096)
def _same(der: bytes) -> bytes:
    """One object for equal octets: many verdicts share their issuers."""
    return der


def _objects(material: ValidationMaterial) -> tuple[RevocationList | OcspAnswer, ...]:
    return (*_read(material.crls, read_crl), *_read(material.ocsp_responses, read_ocsp))


def _digest(material: ValidationMaterial) -> str:
    digest = sha256()
    for group in (material.certificates, material.crls, material.ocsp_responses):
        digest.update(b"%d," % len(group))
        for each in group:
            digest.update(sha256(each).digest())
    return digest.hexdigest()


def _read(octets: Iterable[bytes], reader: Callable[[bytes], _T]) -> tuple[_T, ...]:
    """What can be read of what was sent; the rest is no hint and no harm."""
    found = []
    for each in octets:
        with suppress(RevocationUnreadableError):
            found.append(reader(each))
    return tuple(found)


def _readable(certificates: Iterable[bytes]) -> tuple[x509.Certificate, ...]:
    """The certificates among what was sent; junk is no hint and no harm."""
    found = []
    for der in certificates:
        with suppress(CertificateUnreadableError):
            found.append(read_certificate(der).certificate)
    return tuple(found)


def _issuers(
    anchors: Sequence[TrustAnchor],
    intermediates: Sequence[x509.Certificate],
    hints: Sequence[x509.Certificate],
) -> tuple[bytes, ...]:
    """The store's intermediates, and those hints that lead to it by genuine signatures.

    Building a path is exponential in certificates that issue each other by name; only somebody
    whom the store trusts can make one that passes here. Only authorities issue: else every
    subscriber could make as many as it takes.
    """
    genuine = [*(each.certificate for each in anchors), *intermediates]
    authorities = list(genuine)
    waiting = list(hints)
    while True:
        added = [each for each in waiting if any(_issued(each, issuer) for issuer in authorities)]
        if not added:
            break
        genuine.extend(added)
        authorities = [each for each in added if _is_authority(each)]
        waiting = [each for each in waiting if each not in added]
    return tuple(each.public_bytes(Encoding.DER) for each in genuine[len(anchors) :])


def _is_authority(certificate: x509.Certificate) -> bool:
    """Whether it may issue at all (RFC 5280 4.2.1.9); whether here, path validation says."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if certificate.issuer != issuer.subject:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
