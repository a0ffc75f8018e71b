"""The algorithm table as data (`algorithms.toml`), and the one place that verifies a value."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

_HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303 -- known in order to be refused by date, with its name
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_CURVES = frozenset({"secp256r1", "secp384r1", "secp521r1"})


class WrongSignatureValueError(Exception):
    """The signature value does not verify under this key."""


class UnfitKeyError(Exception):
    """The key is not of the kind, size or curve that the algorithm demands."""


@dataclass(frozen=True, slots=True)
class DigestAlgorithm:
    """A digest method; `name` is what hashlib calls it."""

    uri: str
    name: str
    accepted_until: date | None


@dataclass(frozen=True, slots=True)
class SignatureAlgorithm:
    """A signature method with what it demands of the key."""

    uri: str
    key: str
    padding: str | None
    hash_name: str
    minimum_bits: int
    accepted_until: date | None
    short_key: tuple[int, date] | None

    def end(self, bits: int) -> date | None:
        """Until when a verdict may rest on it with a key of *bits*; None where no end is set."""
        ends = [self.accepted_until] if self.accepted_until else []
        if self.short_key and bits < self.short_key[0]:
            ends.append(self.short_key[1])
        return min(ends, default=None)

    def verify(self, key: object, value: bytes, data: bytes) -> None:
        """Verify the SignatureValue octets *value* over *data*.

        Raises `UnfitKeyError` or `WrongSignatureValueError`; returning is success.
        """
        self.refuse_unfit(key)
        try:
            match key:
                case rsa.RSAPublicKey() if self.key == "rsa":
                    key.verify(value, data, self._rsa_padding(), _HASHES[self.hash_name])
                case ec.EllipticCurvePublicKey() if self.key == "ecdsa":
                    der = _der_from_raw(value, key)
                    key.verify(der, data, ec.ECDSA(_HASHES[self.hash_name]))
                case _:
                    raise UnfitKeyError(f"{type(key).__name__} with {self.uri}")
        except InvalidSignature as error:
            raise WrongSignatureValueError(self.uri) from error
        except (ValueError, UnsupportedAlgorithm) as error:
            raise UnfitKeyError(str(error)) from error

    def refuse_unfit(self, key: object) -> int:
        """The key's size in bits; raises `UnfitKeyError` when the algorithm refuses it."""
        match key:
            case rsa.RSAPublicKey() if self.key == "rsa":
                if key.public_numbers().e < 65537:
                    raise UnfitKeyError("RSA e < 65537")
                bits = key.key_size
            case ec.EllipticCurvePublicKey() if self.key == "ecdsa":
                if key.curve.name not in _CURVES:
                    raise UnfitKeyError(f"EC {key.curve.name}")
                bits = key.key_size
            case _:
                raise UnfitKeyError(type(key).__name__)
        if bits < self.minimum_bits:
            raise UnfitKeyError(f"{self.key.upper()} {bits} bit < {self.minimum_bits}")
        return bits

    def _rsa_padding(self) -> rsa_padding.PSS | rsa_padding.PKCS1v15:
        if self.padding == "pss":
            digest = _HASHES[self.hash_name]
            return rsa_padding.PSS(rsa_padding.MGF1(digest), digest.digest_size)
        return rsa_padding.PKCS1v15()


@dataclass(frozen=True, slots=True)
class AlgorithmPolicy:
    """The table: what a signature may use."""

    name: str
    version: str
    digests: Mapping[str, DigestAlgorithm]
    signatures: Mapping[str, SignatureAlgorithm]


@cache
def default_policy() -> AlgorithmPolicy:
    """The table that ships, after ETSI TS 119 312 V1.5.1."""
    raw = tomllib.loads(
        resources.files("signing.xmldsig").joinpath("algorithms.toml").read_text("utf-8")
    )
    short_keys = {
        (each["key"], each.get("padding")): (each["below_bits"], each["accepted_until"])
        for each in raw["key_size"]
    }
    return AlgorithmPolicy(
        name=raw["name"],
        version=raw["version"],
        digests={
            each["uri"]: DigestAlgorithm(each["uri"], each["hash"], each.get("accepted_until"))
            for each in raw["digest"]
        },
        signatures={
            each["uri"]: SignatureAlgorithm(
                uri=each["uri"],
                key=each["key"],
                padding=each.get("padding"),
                hash_name=each["hash"],
                minimum_bits=each["minimum_bits"],
                accepted_until=each.get("accepted_until"),
                short_key=short_keys.get((each["key"], each.get("padding"))),
            )
            for each in raw["signature"]
        },
    )


def _der_from_raw(value: bytes, key: ec.EllipticCurvePublicKey) -> bytes:
    """ECDSA r‖s, each as long as the curve's order (XML-DSig 1.1 §6.4.3), as DER."""
    size = (key.key_size + 7) // 8
    if len(value) != 2 * size:
        raise WrongSignatureValueError(f"{len(value)} octets, expected {2 * size}")
    return encode_dss_signature(
        int.from_bytes(value[:size], "big"), int.from_bytes(value[size:], "big")
    )
