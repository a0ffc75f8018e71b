"""Revocation data from where certificates say it is published: on a server, when switched on.

Whoever makes a certificate writes the addresses in it, so an address is gone to only where its
host is on the operator's list, exactly as written there, with its port; only over plain http (what
is fetched is signed), without following redirects, within a time for the whole exchange and a
limit of size. What was fetched is believed in nothing: signatures decide, as for everything else.

Copies are kept by content, with when they go stale, so that neither a restart nor another process
fetches again; failures are remembered for a while. Whoever can write the folder can at most make
status unknown: nothing in it is believed without its signature.
"""

import fcntl
import hashlib
import json
import os
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from signing.certificates.revocation import RevocationUnreadableError, read_crl, read_ocsp
from signing.certificates.validation import ValidationMaterial
from signing.exchange import ExchangeError, Limits, exchange

_MOST_ADDRESSES = 3
_MOST_IN_MEMORY = 128
_FORGOTTEN_AFTER = timedelta(days=90)
# What comes over plain http states its own end, and no signature on it was looked at here: whoever
# once stood in the way would otherwise have answered for as long as he liked.
_ASKED_AGAIN_AFTER = timedelta(days=1)
_OCSP_HEADERS = {
    "Content-Type": "application/ocsp-request",
    "Accept": "application/ocsp-response",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPolicy:
    """Where may be fetched from, and at what cost.

    `hosts` are names as they stand in addresses, with a port where it is not 80: an IP address or
    the machine itself only where it is listed. `timeout` is for one whole exchange; an address
    that failed is not asked again before `retry_after`.
    """

    hosts: frozenset[str]
    timeout: timedelta = timedelta(seconds=10)
    maximum_bytes: int = 64 * 1024 * 1024
    retry_after: timedelta = timedelta(minutes=10)

    def allows(self, url: str) -> bool:
        """Whether *url* may be gone to."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return False
        if parts.scheme != "http" or not parts.hostname or parts.username is not None:
            return False
        if any(not 0x21 <= ord(each) <= 0x7E for each in url):
            return False
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return (host if port in (None, 80) else f"{host}:{port}") in self.hosts


@dataclass(frozen=True, slots=True)
class _Copy:
    """What is known of one address: an object until when it is fresh, or a failure."""

    content: bytes | None
    fresh_until: datetime
    failed_at: datetime | None


def _now() -> datetime:
    return datetime.now(UTC)


class RevocationFetcher:
    """A `RevocationSource` that fetches by *policy* and keeps copies in *folder*.

    For any number of threads and processes: of those that want one address, one fetches.
    """

    def __init__(
        self, policy: FetchPolicy, folder: Path, *, clock: Callable[[], datetime] = _now
    ) -> None:
        self._policy = policy
        self._folder = folder
        self._clock = clock
        self._memory: OrderedDict[str, _Copy] = OrderedDict()
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        self._sweep()

    def obtain(
        self,
        certificate: x509.Certificate,
        issuer: x509.Certificate,
        at: datetime,  # noqa: ARG002 -- freshness is by this server's clock
    ) -> ValidationMaterial:
        """See `RevocationSource`: the CRL, which serves everybody, else an OCSP response."""
        for url in self._allowed(_crl_addresses(certificate)):
            der = self._get(url, url, None)
            if der is not None:
                return ValidationMaterial(crls=(der,))
        for url in self._allowed(_ocsp_addresses(certificate)):
            request = _ocsp_request(certificate, issuer)
            name = f"{url} {hashlib.sha256(request).hexdigest()}"
            der = self._get(name, url, request)
            if der is not None:
                return ValidationMaterial(ocsp_responses=(der,))
        return ValidationMaterial()

    def _allowed(self, urls: Iterator[str]) -> list[str]:
        return [each for each in urls if self._policy.allows(each)][:_MOST_ADDRESSES]

    def _get(self, name: str, url: str, request: bytes | None) -> bytes | None:
        """The object that *name* stands for, from memory, the folder or *url*; None for none."""
        with self._lock:
            copy = self._memory.get(name)
        if copy is None or not self._settled(copy):
            try:
                with self._alone(name):
                    copy = self._read(name)
                    if copy is None or not self._settled(copy):
                        copy = self._fetch(url, request, copy)
                        self._write(name, copy)
            except OSError:  # a full or missing disk: as if there were no folder
                copy = copy or self._fetch(url, request, None)
        with self._lock:
            self._memory[name] = copy
            self._memory.move_to_end(name)
            while len(self._memory) > _MOST_IN_MEMORY:
                self._memory.popitem(last=False)
        return copy.content

    def _settled(self, copy: _Copy) -> bool:
        """Whether there is nothing to ask for now."""
        now = self._clock()
        if copy.failed_at is not None and now < copy.failed_at + self._policy.retry_after:
            return True
        return copy.content is not None and now < copy.fresh_until

    def _fetch(self, url: str, request: bytes | None, before: _Copy | None) -> _Copy:
        """A new copy; where none can be had, the one *before* with a note of the failure."""
        now = self._clock()
        try:
            content = _in_thread(lambda: self._ask(url, request))
            if request is None:
                listed = read_crl(content)
                end = listed.next_update
            else:
                end = read_ocsp(content).next_update
        except (ExchangeError, RevocationUnreadableError):
            old = None if before is None else before.content
            return _Copy(old, now, now)
        fresh_until = min(end or now + self._policy.retry_after, now + _ASKED_AGAIN_AFTER)
        # An authority that still serves what is stale is not asked every time.
        return _Copy(content, fresh_until, None if fresh_until > now else now)

    def _ask(self, url: str, request: bytes | None) -> bytes:
        limits = Limits(
            seconds=self._policy.timeout.total_seconds(), maximum_bytes=self._policy.maximum_bytes
        )
        headers = None if request is None else _OCSP_HEADERS
        answer = exchange(url, limits, body=request, headers=headers)
        if answer.status != 200:
            raise RevocationUnreadableError(f"HTTP {answer.status}")
        return answer.body

    # ---------------------------------------------------------------------------- the folder

    def _path(self, name: str) -> Path:
        return self._folder / hashlib.sha256(name.encode()).hexdigest()

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """Alone with *name* among all threads and processes; waits for whoever fetches it."""
        with self._path(name).with_suffix(".lock").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _read(self, name: str) -> _Copy | None:
        path = self._path(name)
        try:
            note = json.loads(path.with_suffix(".json").read_text("utf-8"))
            content = None
            if note["sha256"]:
                content = (self._folder / f"{note['sha256']}.der").read_bytes()
                if hashlib.sha256(content).hexdigest() != note["sha256"]:
                    return None
            failed_at = note["failed_at"]
            return _Copy(
                content,
                datetime.fromisoformat(note["fresh_until"]),
                datetime.fromisoformat(failed_at) if failed_at else None,
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _write(self, name: str, copy: _Copy) -> None:
        digest = ""
        if copy.content is not None:
            digest = hashlib.sha256(copy.content).hexdigest()
            stored = self._folder / f"{digest}.der"
            if not stored.exists():
                self._replace(stored, copy.content)
        note = {
            "source": name.partition(" ")[0],
            "sha256": digest,
            "fresh_until": copy.fresh_until.isoformat(),
            "failed_at": copy.failed_at.isoformat() if copy.failed_at else None,
        }
        self._replace(self._path(name).with_suffix(".json"), json.dumps(note).encode())

    def _replace(self, path: Path, content: bytes) -> None:
        descriptor, draft = tempfile.mkstemp(dir=self._folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            Path(draft).replace(path)
        except OSError:
            Path(draft).unlink(missing_ok=True)
            raise

    def _sweep(self) -> None:
        """Forget what nobody fetched for long: OCSP responses are one for each signer."""
        before = (self._clock() - _FORGOTTEN_AFTER).timestamp()
        for file in self._folder.iterdir():
            with suppress(OSError):
                if file.stat().st_mtime < before:
                    file.unlink()


def _in_thread(ask: Callable[[], bytes]) -> bytes:
    """What *ask* gives, in a thread of its own: the exchange runs an event loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(ask).result()


def _crl_addresses(certificate: x509.Certificate) -> Iterator[str]:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except (x509.ExtensionNotFound, ValueError):
        return
    for point in points:
        for name in point.full_name or ():
            if isinstance(name, x509.UniformResourceIdentifier):
                yield name.value


def _ocsp_addresses(certificate: x509.Certificate) -> Iterator[str]:
    try:
        access = certificate.extensions.get_extension_for_class(
            x509.AuthorityInformationAccess
        ).value
    except (x509.ExtensionNotFound, ValueError):
        return
    for each in access:
        if each.access_method == AuthorityInformationAccessOID.OCSP and isinstance(
            each.access_location, x509.UniformResourceIdentifier
        ):
            yield each.access_location.value


def _ocsp_request(certificate: x509.Certificate, issuer: x509.Certificate) -> bytes:
    """The request (RFC 6960 4.1), with SHA-1 in CertID: it names, it proves nothing (RFC 5019)."""
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303
    return builder.build().public_bytes(Encoding.DER)
