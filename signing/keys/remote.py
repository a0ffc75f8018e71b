"""Signing keys at a remote signing service (Cloud Signature Consortium API).

Every signature that comes back is verified under the credential's certificate before anybody gets
it: a service that signs something else, or with another key, is found out here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from schemas.findings import finding
from signing.errors import SigningKeyError
from signing.keys.csc import (
    Credential,
    Factor,
    authorization,
    read_activation,
    read_credential,
    read_signatures,
    signature_request,
)
from signing.keys.csc_client import CscClient
from signing.keys.scheme import raw_ecdsa

AskFactor = Callable[[Factor], str | None]
"""Gives what the signer types for a factor; None where nobody can be asked."""

MOST_AT_ONCE: Final = 1000

# Where `hocba sign` looks for a factor before it asks.
_SOURCES: Final = {
    Factor.PIN: ("--password-file", "HOCBA_KEY_PASSWORD"),
    Factor.OTP: ("–", "HOCBA_KEY_OTP"),
}


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait: for an answer, and where the signer may have to confirm on a phone."""

    answer: float = 30.0
    approval: float = 180.0


@dataclass(frozen=True, slots=True)
class RemoteKey:
    """A credential of a signing service; one authorisation serves one batch."""

    client: CscClient
    credential: Credential
    ask: AskFactor = field(repr=False)
    patience: Patience = Patience()

    @property
    def certificate(self) -> x509.Certificate:
        """See `SigningKey`."""
        return self.credential.certificate

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """See `SigningKey`."""
        return self.credential.chain

    @property
    def signature_algorithm(self) -> str:
        """See `SigningKey`."""
        return self.credential.scheme.uri

    @property
    def digest_algorithm(self) -> str:
        """See `SigningKey`."""
        return self.credential.scheme.hash_name

    @property
    def batch_limit(self) -> int:
        """See `SigningKey`."""
        return min(self.credential.multisign, MOST_AT_ONCE)

    def sign_digest(self, digest: bytes) -> bytes:
        """See `SigningKey`."""
        return self.sign_digests((digest,))[0]

    def sign_digests(self, digests: Sequence[bytes]) -> tuple[bytes, ...]:
        """See `SigningKey`: (1) authorise these digests, (2) have them signed, (3) verify all."""
        limit = self.batch_limit
        if not 0 < len(digests) <= limit:
            raise ValueError(f"{len(digests)} digests, limit is {limit}")
        client, version = self.client, self.client.address.version
        # (1):
        body = authorization(version, self.credential, digests, self._factors())
        answer = client.call("credentials/authorize", body, seconds=self.patience.approval)
        activation = read_activation(client, answer)
        # (2):
        body = signature_request(version, self.credential, digests, activation)
        answer = client.call("signatures/signHash", body, seconds=self.patience.approval)
        values = read_signatures(client, answer, len(digests))
        # (3):
        return tuple(
            self._verified(digest, value) for digest, value in zip(digests, values, strict=True)
        )

    def close(self) -> None:
        """Nothing stays open."""

    def _factors(self) -> dict[str, str]:
        """What the signer gives for this batch, by the service's names for it."""
        given = {}
        for each in self.credential.factors:
            if each.prompt is not None:
                self.client.call(each.prompt, {}, seconds=self.patience.answer)
            value = self.ask(each.factor)
            if not value:
                option, variable = _SOURCES[each.factor]
                raise SigningKeyError(
                    finding(
                        "HB-K058",
                        host=self.client.address.host,
                        what=each.factor.value,
                        option=option,
                        variable=variable,
                    )
                )
            given[each.identifier] = value
        return given

    def _verified(self, digest: bytes, value: bytes) -> bytes:
        """The value as XML-DSig wants it; services give ECDSA as DER or as r‖s."""
        key, scheme = self.certificate.public_key(), self.credential.scheme
        if isinstance(key, ec.EllipticCurvePublicKey):
            size = 2 * ((key.key_size + 7) // 8)
            try:
                value = raw_ecdsa(value, key.key_size)
            except ValueError:
                value = value if len(value) == size else b""
        scheme.verify_digest(self.certificate, digest, value)
        return value


def open_remote_key(
    client: CscClient,
    ask: AskFactor,
    *,
    algorithm: str | None = None,
    patience: Patience = Patience(),
) -> RemoteKey:
    """The credential, ready to sign as *algorithm*; raises `SigningKeyError`."""
    question = {"certificates": "chain", "certInfo": False, "authInfo": True}
    answer = client.call("credentials/info", question, seconds=patience.answer)
    return RemoteKey(client, read_credential(client, answer, algorithm), ask, patience)
