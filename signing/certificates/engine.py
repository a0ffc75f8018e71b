"""The path engine, pyhanko-certvalidator, behind the few questions that we ask of it.

RFC 5280 clause 6 (paths, policies, names), clause 6.3 (CRLs: scope, delegation, deltas) and RFC
6960 are the engine's. Here are its inputs: anchors, certificates, revocation objects with our
freshness rules, algorithms by our table, and one time. It asks no clock and no network.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

from asn1crypto import algos
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import (
    PathBuildingError,
    RevokedError,
)
from pyhanko_certvalidator.ltv.poe import POEManager
from pyhanko_certvalidator.ltv.time_slide import time_slide
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import (
    NO_REVOCATION,
    AlgorithmUsagePolicy,
    CertRevTrustPolicy,
    PKIXValidationParams,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)
from pyhanko_certvalidator.registry import CertificateRegistry, SimpleTrustManager
from pyhanko_certvalidator.revinfo.manager import RevinfoManager
from pyhanko_certvalidator.revinfo.validate_crl import verify_crl
from pyhanko_certvalidator.revinfo.validate_ocsp import verify_ocsp_response
from pyhanko_certvalidator.validate import async_validate_path

from signing.certificates.revocation import (
    Freshness,
    JudgedCrl,
    JudgedOcsp,
    OcspAnswer,
    RevocationList,
)
from signing.certificates.status import Status
from signing.constraints import RevocationConstraints, RevocationDemand

_MOST_PATHS = 16
_SECOND = timedelta(seconds=1)
_RULES = {
    RevocationDemand.REQUIRED: RevocationCheckingRule.CRL_OR_OCSP_REQUIRED,
    RevocationDemand.IF_DECLARED: RevocationCheckingRule.CHECK_IF_DECLARED,
    RevocationDemand.IF_AT_HAND: RevocationCheckingRule.CHECK_IF_DECLARED_SOFT,
}
_REQUIRED = RevocationCheckingPolicy(
    RevocationCheckingRule.CRL_OR_OCSP_REQUIRED, RevocationCheckingRule.CRL_OR_OCSP_REQUIRED
)

# It would log whose certificate it looks at, with a traceback for each it does not like.
logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL + 1)

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Engine:
    """Everything about one certificate and one time; not for two threads at a time.

    With `judged_at`, revocation objects must be signed with what may be relied on at that time
    (EN 319 102-1, 5.5.4 step 10); past validation asks that of each at its own control time.
    """

    leaf: asn1_x509.Certificate
    anchors: tuple[asn1_x509.Certificate, ...]
    issuers: tuple[asn1_x509.Certificate, ...]
    crls: tuple[RevocationList, ...]
    ocsp_responses: tuple[OcspAnswer, ...]
    constraints: RevocationConstraints
    leaf_demand: RevocationDemand
    algorithms: AlgorithmUsagePolicy
    parameters: PKIXValidationParams | None = None
    judged_at: datetime | None = None

    def paths(self) -> list[ValidationPath]:
        """Candidate paths from the leaf to an anchor, at most 16; [] where there is none."""
        context = self._context(self.leaf.not_valid_before, NO_REVOCATION)
        return drive(self._paths(context))

    async def _paths(self, context: ValidationContext) -> list[ValidationPath]:
        found: list[ValidationPath] = []
        candidates = context.path_builder.async_build_paths_lazy(self.leaf)
        try:
            async for path in candidates:
                found.append(path)
                if len(found) >= _MOST_PATHS:
                    break
        except PathBuildingError:
            pass
        finally:
            await candidates.cancel()  # type: ignore[no-untyped-call]
        return found

    def validate(
        self, path: ValidationPath, at: datetime, *, used_at: datetime | None = None
    ) -> None:
        """Path validation with revocation at *at*; raises the engine's `PathValidationError`."""
        policy = RevocationCheckingPolicy(
            _RULES[self.leaf_demand], _RULES[self.constraints.authority]
        )
        crls = self._in_play(path)
        self._validate(path, self._context(at, policy, used_at=used_at, crls=crls))

    def validate_without_revocation(
        self, path: ValidationPath, at: datetime, *, used_at: datetime | None = None
    ) -> None:
        """Path validation at *at*, algorithms as of *used_at*; raises `PathValidationError`."""
        self._validate(path, self._context(at, NO_REVOCATION, used_at=used_at))

    def _validate(self, path: ValidationPath, context: ValidationContext) -> None:
        drive(async_validate_path(context, path, self.parameters))

    def statuses(self, path: ValidationPath, at: datetime) -> list[Status]:
        """What the revocation objects at hand say of each certificate of *path*, anchor first.

        Only what is authentic and in scope counts, however old it is. A certificate is asked about
        at *at*, or at the last time when it and all above it were valid; not before they are.
        """
        found: list[Status] = []
        # The engine takes a certificate for good in the very second of its revocation.
        end = at + _SECOND
        for certificate in path.iter_certs(include_root=False):
            if at < certificate.not_valid_before:
                break
            end = min(end, certificate.not_valid_after)
            found.extend(self._statuses(certificate, path, end))
        return found

    def _statuses(
        self, certificate: asn1_x509.Certificate, path: ValidationPath, within: datetime
    ) -> Iterator[Status]:
        in_play = self._in_play(path)
        base = [each for each in in_play if not each.delta]
        issuer = certificate.issuer.hashable
        near = [each for each in base if each.indirect or each.issuer == issuer]
        # A CRL for some reasons says nothing alone: all of one issuer's are one object.
        partial = [each for each in near if each.partial]
        groups = [[each] for each in near if not each.partial]
        groups += [partial] if partial else []
        beside = [each for each in in_play if each not in near]
        for group in groups:
            yield from self._listed(certificate, path, within, group, beside)
        for answer in self._relied_on_answers:
            for index in answer.about(certificate.serial_number):
                asked = self._asked(path, within, tuple(base), ((answer, index),))
                context, sub_path = asked(certificate)
                check = verify_ocsp_response(certificate, sub_path, context)
                if (found := _said(check)) is not None:
                    yield self._answer(certificate, answer, index, *found)

    def _listed(
        self,
        certificate: asn1_x509.Certificate,
        path: ValidationPath,
        within: datetime,
        group: Sequence[RevocationList],
        beside: Sequence[RevocationList],
    ) -> Iterator[Status]:
        """What the CRLs of *group* say, alone and with the delta CRLs that follow them.

        The engine would let an older delta CRL undo what a newer list says (RFC 5280 5.2.4), and
        any delta CRL a revocation, which nothing undoes.
        """
        since = max(each.this_update for each in group)
        own = [each for each in beside if each.delta and each.issuer == group[0].issuer]
        following = [each for each in own if each.this_update >= since]
        shown = (*group, *(each for each in beside if each not in own or each in following))
        context, sub_path = self._asked(path, within, shown, ())(certificate)
        if own:
            check = verify_crl(certificate, sub_path, context, use_deltas=False)
            if (found := _said(check)) is not None:
                alone = self._status(certificate, group, group, *found)
                if not following or (alone.revoked_at and not alone.held):
                    yield alone
        if following or not own:
            check = verify_crl(certificate, sub_path, context)
            if (found := _said(check)) is not None:
                yield self._status(certificate, group, (*group, *following), *found)

    def _status(
        self,
        certificate: asn1_x509.Certificate,
        group: Sequence[RevocationList],
        asked: Sequence[RevocationList],
        revoked_at: datetime | None,
        reason: str | None,
    ) -> Status:
        oldest = min(group, key=lambda each: each.this_update)
        ends = [each.next_update for each in group if each.next_update]
        return Status(
            certificate=certificate,
            subject=name_of(certificate),
            source=oldest,
            this_update=oldest.this_update,
            next_update=min(ends, default=None),
            speaks_of_expired=all(
                each.speaks_of_expired(certificate.not_valid_after) for each in group
            ),
            revoked_at=revoked_at,
            reason=reason,
            invalid_since=_earliest(each.invalid_since(_serial_of(certificate)) for each in asked),
            sources=tuple(group),
        )

    def _answer(
        self,
        certificate: asn1_x509.Certificate,
        answer: OcspAnswer,
        index: int,
        revoked_at: datetime | None,
        reason: str | None,
    ) -> Status:
        single = answer.singles[index]
        return Status(
            certificate=certificate,
            subject=name_of(certificate),
            source=answer,
            this_update=single.this_update,
            next_update=single.next_update,
            speaks_of_expired=single.speaks_of_expired(certificate.not_valid_after),
            revoked_at=revoked_at,
            reason=reason,
            invalid_since=single.invalid_since,
            sources=(answer,),
            index=index,
        )

    def _asked(
        self,
        path: ValidationPath,
        within: datetime,
        crls: Sequence[RevocationList],
        answers: Sequence[tuple[OcspAnswer, int]],
    ) -> Callable[[asn1_x509.Certificate], tuple[ValidationContext, ValidationPath]]:
        """A context in which *path* counts as validated, and the path up to a certificate."""
        context = self._context(within, _REQUIRED, crls=crls, answers=answers, lenient=True)
        prefix = ValidationPath(path.trust_anchor, interm=[], leaf=None)
        prefixes = {}
        anchor, *below = path.iter_certs(include_root=True)
        context.record_validation(anchor, prefix)  # type: ignore[no-untyped-call]
        for each in below:
            prefix = prefix.copy_and_append(each)
            prefixes[each.sha256] = prefix
            if each.ca:
                context.record_validation(each, prefix)  # type: ignore[no-untyped-call]
        return lambda certificate: (context, prefixes[certificate.sha256])

    def _in_play(self, path: ValidationPath) -> list[RevocationList]:
        """The CRLs in whose scope a certificate of *path* can be (RFC 5280, clause 5).

        A CRL is of the certificate's issuer by name, or it is an indirect one; then the CRLs of
        whoever issued the CRL issuer count too. The engine would also try those of any authority
        beside the issuer, and for each of them all others: no end of work under a busy root.
        """
        issuers = {each.issuer.hashable for each in path.iter_certs(include_root=False)}
        indirect = {each.issuer for each in self.crls if each.indirect}
        issuers |= {
            each.issuer.hashable for each in self.issuers if each.subject.hashable in indirect
        }
        return [
            each
            for each in self.crls
            if (each.indirect or each.issuer in issuers)
            and self._is_relied_on(each.parsed["signature_algorithm"])
        ]

    @property
    def _relied_on_answers(self) -> list[OcspAnswer]:
        return [
            each
            for each in self.ocsp_responses
            if self._is_relied_on(each.parsed.basic_ocsp_response["signature_algorithm"])
        ]

    def _is_relied_on(self, algorithm: algos.SignedDigestAlgorithm) -> bool:
        """Whether what is signed with *algorithm* counts; the engine does not ask of these."""
        if self.judged_at is None:
            return True
        return bool(self.algorithms.signature_algorithm_allowed(algorithm, self.judged_at, None))

    def has_data_of(self, certificate: asn1_x509.Certificate) -> bool:
        """Whether anything at hand claims to speak of *certificate*, authentic or not."""
        issuer, serial = certificate.issuer.hashable, certificate.serial_number
        return any(each.issuer == issuer for each in self.crls) or any(
            each.about(serial) for each in self.ocsp_responses
        )

    def slide(
        self,
        path: ValidationPath,
        at: datetime,
        crls: Sequence[RevocationList],
        answers: Sequence[tuple[OcspAnswer, int]],
    ) -> datetime:
        """The control time of *path* by validation time sliding (EN 319 102-1, clause 5.6.2.2).

        *crls* and *answers* must be authentic, single response by single response: sliding takes
        them at face value. They are known to exist at *at*, and no earlier. Raises the engine's
        errors.
        """
        context = self._context(at, _REQUIRED, crls=crls, answers=answers)
        return in_loop(
            time_slide(
                path,
                init_control_time=at,
                revinfo_manager=context.revinfo_manager,
                rev_trust_policy=context.revinfo_policy,
                algo_usage_policy=self.algorithms,
                time_tolerance=timedelta(0),
            )
        )

    def _context(
        self,
        at: datetime,
        policy: RevocationCheckingPolicy,
        *,
        used_at: datetime | None = None,
        crls: Sequence[RevocationList] = (),
        answers: Sequence[tuple[OcspAnswer, int]] | None = None,
        lenient: bool = False,
    ) -> ValidationContext:
        registry = CertificateRegistry.build((*self.issuers, self.leaf))
        freshness = Freshness(self.constraints, lenient)

        def serials() -> set[bytes]:
            known = (*registry, *self.anchors)
            return {_serial_of(each) for each in known}

        if answers is None:
            answers = [(each, at) for each in self._relied_on_answers for at in range(each.count)]
        poe = POEManager(current_dt_override=at)
        manager = RevinfoManager(
            certificate_registry=registry,
            poe_manager=poe,
            crls=[JudgedCrl(each.shown(serials), each, freshness) for each in crls],
            ocsps=[
                JudgedOcsp(each.parsed, index, source=each, freshness=freshness)
                for each, index in answers
            ],
        )
        return ValidationContext(
            trust_manager=SimpleTrustManager.build(trust_roots=list(self.anchors)),
            certificate_registry=registry,
            revinfo_manager=manager,
            poe_manager=poe,
            moment=at,
            best_signature_time=used_at or at,
            revinfo_policy=CertRevTrustPolicy(policy),
            time_tolerance=timedelta(0),
            algorithm_usage_policy=self.algorithms,
        )


def _said(check: Coroutine[Any, Any, Any]) -> tuple[datetime | None, str | None] | None:
    """(None, None) for not revoked, time and reason for revoked, None for nothing of worth."""
    try:
        drive(check)
    except RevokedError as error:
        return error.revocation_dt, str(error.reason.native)
    except Exception:  # noqa: BLE001 -- not authentic, or hostile: asn1crypto raises anything
        return None
    return None, None


def _serial_of(certificate: asn1_x509.Certificate) -> bytes:
    """The octets of the serial number, as CRLs list it."""
    return bytes(certificate["tbs_certificate"]["serial_number"].contents)


def _earliest(moments: Iterable[datetime | None]) -> datetime | None:
    return min((each for each in moments if each is not None), default=None)


@lru_cache(maxsize=8_192)
def loaded(der: bytes) -> asn1_x509.Certificate:
    """The engine's view of a certificate. It parses on demand: not for two threads at a time."""
    return asn1_x509.Certificate.load(der, strict=True)


def name_of(certificate: asn1_x509.Certificate) -> str:
    """The subject as a reader knows it (RFC 4514)."""
    return x509.load_der_x509_certificate(certificate.dump()).subject.rfc4514_string()


def issuer_of(certificate: asn1_x509.Certificate) -> str:
    """The issuer's name as a reader knows it (RFC 4514)."""
    return x509.load_der_x509_certificate(certificate.dump()).issuer.rfc4514_string()


def drive(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """What *coroutine* returns, without an event loop: offline, the engine never waits."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: _T = done.value
        return result
    coroutine.close()
    raise RuntimeError("the path engine waits for something; it was given nothing to wait for")


def in_loop(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """What *coroutine* returns, in an event loop of its own, in whichever thread we are."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()
