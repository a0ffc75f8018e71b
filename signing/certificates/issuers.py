"""Which certificates may issue in a path: the store's, and those hints that are genuine."""

from collections.abc import Iterable, Sequence
from contextlib import suppress

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from signing.certificates.certificate import CertificateUnreadableError, read_certificate
from signing.certificates.trust import TrustAnchor


def readable(certificates: Iterable[bytes]) -> tuple[x509.Certificate, ...]:
    """The certificates among what was sent; junk is no hint and no harm."""
    found = []
    for der in certificates:
        with suppress(CertificateUnreadableError):
            found.append(read_certificate(der).certificate)
    return tuple(found)


def issuers_of(
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
