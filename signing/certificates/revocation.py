"""Revocation objects, parsed once: CRLs (RFC 5280, clause 5) and OCSP responses (RFC 6960).

A national authority revokes hundreds of thousands of certificates. The path engine walks a CRL
entry by entry; here the entries are indexed once, and the engine is shown only those whose serial
numbers it can ask for. What a CRL says stays what it says: signature, scope and extensions are
the engine's to judge, over the octets as they came.
"""

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from asn1crypto import crl, ocsp
from pyhanko_certvalidator.ltv.types import ValidationTimingParams
from pyhanko_certvalidator.policy_decl import CertRevTrustPolicy
from pyhanko_certvalidator.revinfo.archival import (
    CRLContainer,
    OCSPContainer,
    RevinfoUsability,
    RevinfoUsabilityRating,
)

from signing.constraints import RevocationConstraints

# A certificateIssuer in an entry names the issuer of all that follow: such a CRL is left whole.
_CERTIFICATE_ISSUER = b"\x06\x03\x55\x1d\x1d"
# id-ce-expiredCertsOnCRL, ITU-T X.509 clause 9.5.2.8: entries stay since that time.
_EXPIRED_CERTS_ON_CRL = "2.5.29.60"
_SEQUENCE, _INTEGER = 0x30, 0x02


class RevocationUnreadableError(Exception):
    """The octets are no CRL or OCSP response that can be used."""


class _Entries:
    """The entries of a CRL by serial number: eight bytes an entry, sorted."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        packed = array("Q", (_slot(serial) << 32 | at for at, serial in _walk(octets)))
        self._packed = array("Q", sorted(packed))

    def __len__(self) -> int:
        return len(self._packed)

    def find(self, serial: bytes) -> Iterator[crl.RevokedCertificate]:
        """Every entry of the serial number whose content octets are *serial*."""
        slot = _slot(serial)
        at = bisect_left(self._packed, slot << 32)
        while at < len(self._packed) and self._packed[at] >> 32 == slot:
            begin = self._packed[at] & 0xFFFFFFFF
            body, end = _tlv(self._octets, begin, _SEQUENCE)
            inner, after = _tlv(self._octets, body, _INTEGER)
            if self._octets[inner:after] == serial:
                yield crl.RevokedCertificate.load(self._octets[begin:end])
            at += 1


def _slot(serial: bytes) -> int:
    return hash(serial) & 0xFFFFFFFF  # keyed anew in every process: nobody can aim at one slot


def _walk(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Where each entry begins, and its serial number."""
    position = 0
    while position < len(octets):
        body, end = _tlv(octets, position, _SEQUENCE)
        inner, after = _tlv(octets, body, _INTEGER)
        if after > end:
            raise ValueError("an entry is longer than it says")
        yield position, octets[inner:after]
        position = end


def _tlv(octets: bytes, at: int, tag: int) -> tuple[int, int]:
    """Where the content of the DER value at *at* begins and ends."""
    if octets[at] != tag:
        raise ValueError(f"tag {octets[at]}, expected {tag}")
    length = octets[at + 1]
    begin = at + 2
    if length & 0x80:
        size = length & 0x7F
        if not 1 <= size <= 4:
            raise ValueError("length is not DER")
        length = int.from_bytes(octets[begin : begin + size], "big")
        begin += size
    if begin + length > len(octets):
        raise ValueError("value is longer than the list")
    return begin, begin + length


class RevocationList:
    """A CRL, parsed once. Not for two threads at a time: asn1crypto parses on demand."""

    kind = "crl"

    def __init__(self, der: bytes) -> None:
        self.der = der
        self.sha256 = hashlib.sha256(der).hexdigest()
        self.parsed = crl.CertificateList.load(der, strict=True)
        tbs = self.parsed["tbs_cert_list"]
        self.issuer: str = self.parsed.issuer.hashable
        self.this_update: datetime = tbs["this_update"].native
        self.next_update: datetime | None = tbs["next_update"].native
        point = self.parsed.issuing_distribution_point_value
        self.indirect = bool(point and point["indirect_crl"].native)
        self.partial = bool(point and point["only_some_reasons"].native)
        self.delta = self.parsed.delta_crl_indicator_value is not None
        self.keeps_expired_since = _expired_certs_on_crl(tbs["crl_extensions"])
        listed = tbs["revoked_certificates"]
        present = isinstance(listed, crl.RevokedCertificates)
        self._whole = _CERTIFICATE_ISSUER in der
        self._entries = _Entries(bytes(listed.contents) if present else b"")

    def __len__(self) -> int:
        """How many certificates it lists."""
        return len(self._entries)

    def lists(self, serial: bytes) -> bool:
        """Whether it has an entry of this serial number, of whichever issuer."""
        return next(self._entries.find(serial), None) is not None

    def revocation_dates(self, serial: bytes) -> Iterator[datetime]:
        """When it says that certificates of this serial number were revoked."""
        for entry in self._entries.find(serial):
            yield entry["revocation_date"].native

    def invalid_since(self, serial: bytes) -> datetime | None:
        """The earliest invalidityDate of certificates of this serial number (RFC 5280, 5.3.2)."""
        dates = [
            _invalidity_date(each["crl_entry_extensions"]) for each in self._entries.find(serial)
        ]
        return min((each for each in dates if each is not None), default=None)

    def shown(self, serials: Callable[[], Iterable[bytes]]) -> Any:
        """The CRL for the engine, with the entries of *serials* (asked when it looks) alone."""
        if self._whole:
            return self.parsed
        return _ShownList(
            self.parsed,
            lambda: [entry for serial in serials() for entry in self._entries.find(serial)],
        )

    def speaks_of_expired(self, not_after: datetime) -> bool:
        """Whether a certificate that ended at *not_after* would still be listed here."""
        since = self.keeps_expired_since
        return self.this_update <= not_after or (since is not None and since <= not_after)


class _ShownList:
    """A CertificateList whose revokedCertificates are only those that somebody may ask for."""

    def __init__(self, parsed: Any, entries: Callable[[], list[crl.RevokedCertificate]]) -> None:
        self._parsed = parsed
        self._entries = entries

    def __getitem__(self, name: str) -> Any:
        if name == "tbs_cert_list":
            return _ShownTbs(self._parsed[name], self._entries)
        return self._parsed[name]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parsed, name)


class _ShownTbs:
    """Its TBSCertList: the same octets, the same members but one."""

    def __init__(self, tbs: Any, entries: Callable[[], list[crl.RevokedCertificate]]) -> None:
        self._tbs = tbs
        self._entries = entries

    def __getitem__(self, name: str) -> Any:
        return self._entries() if name == "revoked_certificates" else self._tbs[name]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tbs, name)


class OcspAnswer:
    """An OCSP response, parsed once. Not for two threads at a time."""

    kind = "ocsp"

    def __init__(self, der: bytes) -> None:
        self.der = der
        self.sha256 = hashlib.sha256(der).hexdigest()
        self.parsed = ocsp.OCSPResponse.load(der, strict=True)
        self.count = len(OCSPContainer.load_multi(self.parsed))
        if not self.count:
            raise ValueError("it answers for no certificate")
        data = self.parsed.response_data
        self.produced_at: datetime = data["produced_at"].native
        self.singles = tuple(_Single(each) for each in data["responses"])
        self.this_update = max(each.this_update for each in self.singles)
        ends = [each.next_update for each in self.singles if each.next_update]
        self.next_update: datetime | None = min(ends, default=None)
        # A delegated responder comes along, and what it says ends with its certificate.
        self.responder_times: tuple[datetime, ...] = tuple(
            moment
            for each in self.parsed.basic_ocsp_response["certs"] or ()
            for moment in (each.not_valid_before, each.not_valid_after)
        )

    def about(self, serial: int) -> list[int]:
        """Which of its single responses are about certificates of this serial number."""
        return [at for at, each in enumerate(self.singles) if each.serial == serial]


class _Single:
    """What a SingleResponse says, read once."""

    def __init__(self, response: Any) -> None:
        self.serial: int = response["cert_id"]["serial_number"].native
        self.this_update: datetime = response["this_update"].native
        self.next_update: datetime | None = response["next_update"].native
        status = response["cert_status"]
        self.revoked = status.name == "revoked"
        self.revoked_at: datetime | None = (
            status.chosen["revocation_time"].native if self.revoked else None
        )
        self.invalid_since = _invalidity_date(response["single_extensions"])
        self.archive_cutoff: datetime | None = None
        for extension in response["single_extensions"] or ():
            if extension["extn_id"].native == "archive_cutoff":
                self.archive_cutoff = extension["extn_value"].parsed.native

    def speaks_of_expired(self, not_after: datetime) -> bool:
        """Whether it answers for a certificate that ended at *not_after* (RFC 6960, 4.4.4)."""
        cutoff = self.archive_cutoff
        return self.this_update <= not_after or (cutoff is not None and cutoff <= not_after)


@lru_cache(maxsize=64)
def read_crl(der: bytes) -> RevocationList:
    """The CRL in *der*; raises `RevocationUnreadableError`. The last 64 are kept."""
    try:
        return RevocationList(der)
    except Exception as error:
        raise RevocationUnreadableError(_reason(error)) from error


@lru_cache(maxsize=1_024)
def read_ocsp(der: bytes) -> OcspAnswer:
    """The OCSP response in *der*; raises `RevocationUnreadableError`. The last 1,024 are kept."""
    try:
        return OcspAnswer(der)
    except Exception as error:
        raise RevocationUnreadableError(_reason(error)) from error


def _reason(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def _invalidity_date(extensions: Any) -> datetime | None:
    """From when on the issuer holds the key to be lost, where it says so (RFC 5280, 5.3.2)."""
    for extension in extensions or ():
        if extension["extn_id"].native == "invalidity_date":
            since: datetime = extension["extn_value"].parsed.native
            return since
    return None


def _expired_certs_on_crl(extensions: Any) -> datetime | None:
    for extension in extensions or ():
        if extension["extn_id"].dotted == _EXPIRED_CERTS_ON_CRL:
            since: datetime = extension["extn_value"].parsed.native
            return since
    return None


@dataclass(frozen=True)
class Freshness:
    """When revocation data speaks for a time (EN 319 102-1, clause 5.2.5).

    *lenient*: at every time; for what stays true however old the data is.
    """

    constraints: RevocationConstraints
    lenient: bool = False

    def end(self, this_update: datetime, next_update: datetime | None) -> datetime:
        """Until when data with these times is fresh."""
        limits = [] if next_update is None else [next_update]
        if self.constraints.maximum_age is not None:
            limits.append(_later(this_update, self.constraints.maximum_age))
        if next_update is None:
            limits.append(_later(this_update, self.constraints.maximum_age_without_next_update))
        return min(limits)

    def judge(
        self, this_update: datetime, next_update: datetime | None, at: datetime
    ) -> RevinfoUsability:
        """Whether data with these times speaks for *at*."""
        if self.lenient:
            return RevinfoUsability(RevinfoUsabilityRating.OK)
        if at < this_update:
            return RevinfoUsability(RevinfoUsabilityRating.TOO_NEW)
        end = self.end(this_update, next_update)
        if at > end:
            return RevinfoUsability(
                RevinfoUsabilityRating.STALE, compared_to=at, last_usable_at=end
            )
        return RevinfoUsability(RevinfoUsabilityRating.OK)


@dataclass(frozen=True)
class JudgedCrl(CRLContainer):
    """A CRL for the engine, whose freshness follows our constraints."""

    source: RevocationList
    freshness: Freshness

    def usable_at(
        self,
        policy: CertRevTrustPolicy,  # noqa: ARG002 -- as inherited
        timing_params: ValidationTimingParams,
    ) -> RevinfoUsability:
        """See `Freshness`."""
        at = timing_params.validation_time
        return self.freshness.judge(self.source.this_update, self.source.next_update, at)


@dataclass(frozen=True)
class JudgedOcsp(OCSPContainer):
    """An OCSP response for the engine, whose freshness follows our constraints."""

    source: OcspAnswer = field(kw_only=True)
    freshness: Freshness = field(kw_only=True)

    def usable_at(
        self,
        policy: CertRevTrustPolicy,  # noqa: ARG002 -- the engine hands it in
        timing_params: ValidationTimingParams,
    ) -> RevinfoUsability:
        """See `Freshness`."""
        single = self.source.singles[self.index]
        at = timing_params.validation_time
        return self.freshness.judge(single.this_update, single.next_update, at)


def _later(moment: datetime, span: timedelta) -> datetime:
    """*span* after *moment*, at most the end of the calendar: hostile data names any time."""
    end = datetime.max.replace(tzinfo=UTC)
    return end if end - moment < span else moment + span
