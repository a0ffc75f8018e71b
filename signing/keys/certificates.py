"""Certificates that come beside a key: in a file, on a token, from a service."""

import errno
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509

from schemas.findings import finding
from signing.errors import SigningKeyError

MAX_BYTES = 1 << 20
_LONGEST_CHAIN = 8


def read_certificates(path: Path) -> tuple[x509.Certificate, ...]:
    """The certificates in a file, PEM or DER, the signer's own first; raises `SigningKeyError`."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES)
        if b"-----BEGIN" in data:
            return tuple(x509.load_pem_x509_certificates(data))
        return (x509.load_der_x509_certificate(data),)
    except OSError as error:
        raise SigningKeyError(
            finding("HB-K059", file=path.name, reason=system_reason(error))
        ) from error
    except ValueError as error:
        raise SigningKeyError(finding("HB-K059", file=path.name, reason="not-x509")) from error


def system_reason(error: OSError) -> str:
    """The name of a system error, which texts spell out."""
    return errno.errorcode.get(error.errno or 0, type(error).__name__)


def chain_of(
    certificate: x509.Certificate, pool: Iterable[x509.Certificate]
) -> tuple[x509.Certificate, ...]:
    """Those of *pool* that issued *certificate*, nearest first, without a self-signed one."""
    candidates = [each for each in pool if each.subject != each.issuer]
    chain: list[x509.Certificate] = []
    last = certificate
    while len(chain) < _LONGEST_CHAIN:
        found = next((each for each in candidates if _issued(each, last)), None)
        if found is None or found in chain:
            break
        chain.append(found)
        last = found
    return tuple(chain)


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    if issuer.subject != certificate.issuer:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:  # noqa: BLE001 -- whatever a foreign certificate makes it raise: not it
        return False
    return True
