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
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Protocol, TypeVar

from cryptography import x509
from pyhanko_certvalidator.policy_decl import AlgorithmUsagePolicy, PKIXValidationParams

from schemas.findings import finding
from signing.certificates.algorithm_usage import path_algorithm_policy
from signing.certificates.certificate import (
    SigningCertificate,
)
from signing.certificates.engine import Engine, loaded
from signing.certificates.issuers import issuers_of, readable
from signing.certificates.judgement import judge, tells_most
from signing.certificates.keeping import Kept, between, times_of
from signing.certificates.past import judge_past
from signing.certificates.revocation import (
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
        self._intermediates = readable(trust.intermediates)
        self._crls = _read(trust.crls, read_crl)
        self._answers = _read(trust.ocsp_responses, read_ocsp)
        stored: tuple[RevocationList | OcspAnswer, ...] = (*self._crls, *self._answers)
        self._sources = {each.sha256: "trust-store" for each in stored}
        self._kept: OrderedDict[tuple[str, ...], Kept] = OrderedDict()
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
        material = ValidationMaterial(
            certificates=_hints(material.certificates, certificate.der),
            crls=_hints(material.crls),
            ocsp_responses=_hints(material.ocsp_responses),
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
    ) -> Kept:
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
    ) -> Kept:
        anchors = [each for each in self._trust.anchors if each.trusted(purpose, proved or at)]
        issuers = issuers_of(anchors, self._intermediates, readable(material.certificates))
        came, fetched = _objects(material), _objects(obtained)
        sources = {each.sha256: "embedded" for each in came}
        sources |= {each.sha256: "fetched" for each in fetched} | self._sources
        try:
            with _ENGINE:
                judged_at = at if proved is None else None
                objects = (*came, *fetched)
                engine = self._engine(certificate, anchors, issuers, objects, purpose, judged_at)
                validation = self._by_engine(engine, certificate, purpose, at, proved, sources)
                times = [*times_of(engine), *self._anchor_times()]
        except Exception as error:  # noqa: BLE001 -- asn1crypto raises anything for hostile DER
            validation = _broken(certificate, error)
            times = []
        validation = replace(validation, chain=tuple(_same(each) for each in validation.chain))
        after, before = between(times, at)
        return Kept(validation, at, after, before)

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
        judged_at: datetime | None,
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
            judged_at=judged_at,
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


@lru_cache(maxsize=4_096)
def _same(der: bytes) -> bytes:
    """One object for equal octets: many verdicts share their issuers."""
    return der


def _objects(material: ValidationMaterial) -> tuple[RevocationList | OcspAnswer, ...]:
    return (*_read(material.crls, read_crl), *_read(material.ocsp_responses, read_ocsp))


def _hints(octets: tuple[bytes, ...], known: bytes | None = None) -> tuple[bytes, ...]:
    """*octets* each once and in one order, but for the *known* ones, and not too many."""
    return tuple(sorted({each for each in octets if each != known})[:_MOST_HINTS]) if octets else ()


def _digest(material: ValidationMaterial) -> str:
    """What tells one material from any other: short, whatever was sent."""
    groups = (
        "".join([_fingerprint(each) for each in material.certificates]),
        "".join([sha256(each).hexdigest() for each in material.crls]),
        "".join([sha256(each).hexdigest() for each in material.ocsp_responses]),
    )
    return sha256(",".join(groups).encode()).hexdigest()


@lru_cache(maxsize=8_192)
def _fingerprint(der: bytes) -> str:
    """Kept: the certificates beside a signature are those of few authorities."""
    return sha256(der).hexdigest()


def _read(octets: Iterable[bytes], reader: Callable[[bytes], _T]) -> tuple[_T, ...]:
    """What can be read of what was sent; the rest is no hint and no harm."""
    found = []
    for each in octets:
        with suppress(RevocationUnreadableError):
            found.append(reader(each))
    return tuple(found)
