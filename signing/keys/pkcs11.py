"""Signing keys on USB tokens and HSMs (PKCS#11 v2.40): the key stays there, a digest goes in.

python-pkcs11 is an extra (`hocba[pkcs11]`) and is imported when a token is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cryptography import x509

from schemas.findings import finding
from signing.errors import SigningKeyError
from signing.keys.address import TokenAddress
from signing.keys.certificates import chain_of
from signing.keys.scheme import SignatureScheme, scheme_for
from signing.keys.token import (
    AskPin,
    attribute,
    certificate_of,
    certificates_on,
    close,
    find_key,
    find_token,
    label_of,
    load_library,
    pin_of,
    telling,
)

if TYPE_CHECKING:
    import pkcs11

# DER of DigestInfo up to the digest (RFC 8017 9.2, note 1): CKM_RSA_PKCS pads, and hashes nothing.
_DIGEST_INFO: Final = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}
_MECHANISMS: Final = {"rsa": "RSA_PKCS", "rsa-pss": "RSA_PKCS_PSS", "ecdsa": "ECDSA"}


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A signing key on a token, logged in until `close`."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    scheme: SignatureScheme
    token: str
    _session: pkcs11.Session = field(repr=False)
    _key: Any = field(repr=False)
    _pin: str | None = field(repr=False)  # kept only for a key that wants it at every signature

    @property
    def signature_algorithm(self) -> str:
        """See `SigningKey`."""
        return self.scheme.uri

    @property
    def digest_algorithm(self) -> str:
        """See `SigningKey`."""
        return self.scheme.hash_name

    @property
    def batch_limit(self) -> int:
        """See `SigningKey`."""
        return 1

    def sign_digest(self, digest: bytes) -> bytes:
        """See `SigningKey`; what the token gives is verified before it is returned."""
        data = digest
        if self.scheme.family == "rsa":
            data = _DIGEST_INFO[self.scheme.hash_name] + digest
        mechanism, parameter = _mechanism(self.scheme)
        more = {} if self._pin is None else {"pin": self._pin}
        with telling(self.token):
            value = bytes(
                self._key.sign(data, mechanism=mechanism, mechanism_param=parameter, **more)
            )
        self.scheme.verify_digest(self.certificate, digest, value)
        return value

    def sign_digests(self, digests: Sequence[bytes]) -> tuple[bytes, ...]:
        """See `SigningKey`."""
        return tuple(self.sign_digest(digest) for digest in digests)

    def close(self) -> None:
        """Log out; also of a token that is gone."""
        close(self._session)


def open_token_key(
    address: TokenAddress,
    ask_pin: AskPin,
    *,
    certificates: Sequence[x509.Certificate] = (),
    algorithm: str | None = None,
) -> TokenKey:
    """The one key that *address* names, logged in; raises `SigningKeyError`.

    The signer's certificate is the first of *certificates*, or stands on the token with the key.
    """
    library = load_library(address.module)
    token = find_token(library, address)
    label = label_of(token)
    pin = pin_of(token, label, ask_pin)
    with telling(label):
        session = token.open(user_pin=pin)
    try:
        with telling(label):
            key = find_key(session, label, address)
            pool = tuple(certificates) or certificates_on(session)
            certificate = certificates[0] if certificates else certificate_of(session, key, label)
            scheme = scheme_for(certificate.public_key(), algorithm)
            _refuse_missing_mechanism(token, scheme)
            always = attribute(key, "ALWAYS_AUTHENTICATE") is True
        kept = pin if always and isinstance(pin, str) else None
        return TokenKey(certificate, chain_of(certificate, pool), scheme, label, session, key, kept)
    except BaseException:
        close(session)
        raise


def _refuse_missing_mechanism(token: Any, scheme: SignatureScheme) -> None:
    offered = {getattr(each, "name", "") for each in token.slot.get_mechanisms()}
    if _MECHANISMS[scheme.family] not in offered:
        known = ", ".join(name for name, each in _MECHANISMS.items() if each in offered)
        raise SigningKeyError(finding("HB-K048", scheme=scheme.name, known=known or "–"))


def _mechanism(scheme: SignatureScheme) -> tuple[Any, Any]:
    from pkcs11 import MGF, Mechanism

    mechanism = Mechanism[_MECHANISMS[scheme.family]]
    if scheme.family != "rsa-pss":
        return mechanism, None
    name = scheme.hash_name.upper()
    return mechanism, (Mechanism[name], MGF[name], scheme.hash.digest_size)
