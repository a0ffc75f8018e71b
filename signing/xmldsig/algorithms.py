"""The algorithm table as data (`algorithms.toml`), and the one place that verifies a value."""

import hashlib
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TypeVar, cast

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from schemas.findings import Finding, catalogue, finding
from signing.errors import PolicyError
from signing.toml_table import TomlTable, octets_of

_HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303 -- known in order to be refused by date, with its name
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
    "sha3_256": hashes.SHA3_256(),
    "sha3_384": hashes.SHA3_384(),
    "sha3_512": hashes.SHA3_512(),
}
_DIGESTS: Mapping[str, Callable[[bytes], "hashlib._Hash"]] = {
    name: getattr(hashlib, name) for name in _HASHES
}
_KNOWN_CURVES = frozenset({"secp256r1", "secp384r1", "secp521r1"})
_K = TypeVar("_K")
_V = TypeVar("_V")
_LEAST_EXPONENT = 65537
# Below these no table may go: what an operator drops in may be stricter, never weaker.
_LEAST_BITS = {"rsa": 2048, "ecdsa": 256}
_MOST_BITS = 16_384
_LATEST_ENDS = {"sha1": date(2012, 8, 1), "sha224": date(2029, 1, 1)}


def digest(name: str, data: bytes) -> bytes:
    """The digest of *data* by the algorithm that hashlib calls *name*."""
    known = _DIGESTS.get(name)
    return known(data).digest() if known else hashlib.new(name, data).digest()


class WrongSignatureValueError(Exception):
    """The signature value does not verify under this key."""


class UnfitKeyError(Exception):
    """The key is not of the kind, size or curve that the algorithm demands.

    `finding` says so, and where the table names a reason, why.
    """

    def __init__(self, reason: str, code: str | None = None) -> None:
        super().__init__(reason)
        self.finding = finding(code or "HB-S023", reason=reason)


@dataclass(frozen=True, slots=True)
class DigestAlgorithm:
    """A digest method; `name` is what hashlib calls it."""

    uri: str
    name: str
    accepted_until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRule:
    """What a kind of key must be: `sizes` holds (from so many bits on, until when), ascending."""

    kind: str
    padding: str | None
    sizes: tuple[tuple[int, date | None], ...]
    curves: frozenset[str] = frozenset()
    refused_curves: Mapping[str, str]

    def end(self, bits: int) -> date | None:
        """Until when a verdict may rest on a key of *bits* that was not refused."""
        return [until for least, until in self.sizes if bits >= least][-1]

    def refuse_unfit(self, key: object) -> int:
        """The key's size in bits; raises `UnfitKeyError` where the rule refuses it."""
        match key:
            case rsa.RSAPublicKey() if self.kind == "rsa":
                return self.refuse_size(key.key_size, key.public_numbers().e)
            case ec.EllipticCurvePublicKey() if self.kind == "ecdsa":
                self.refuse_curve(key.curve.name)
                return self.refuse_size(key.key_size)
            case _:
                raise UnfitKeyError(type(key).__name__)

    def refuse_curve(self, name: str) -> None:
        """Raises `UnfitKeyError` unless the curve is one of the rule's."""
        if name not in self.curves:
            reasons = (
                code for prefix, code in self.refused_curves.items() if name.startswith(prefix)
            )
            raise UnfitKeyError(f"EC {name}", next(reasons, None))

    def refuse_size(self, bits: int, exponent: int = _LEAST_EXPONENT) -> int:
        """*bits*; raises `UnfitKeyError` where they are too few, or an RSA exponent too small."""
        if exponent < _LEAST_EXPONENT:
            raise UnfitKeyError(f"RSA e < {_LEAST_EXPONENT}")
        least = self.sizes[0][0]
        if bits < least:
            raise UnfitKeyError(f"{self.kind.upper()} {bits} bit < {least}")
        return bits


@dataclass(frozen=True, slots=True)
class SignatureAlgorithm:
    """A signature method: a digest with a kind of key."""

    uri: str
    digest: DigestAlgorithm
    rule: KeyRule

    @property
    def hash_name(self) -> str:
        """What hashlib calls its digest."""
        return self.digest.name

    def end(self, bits: int) -> date | None:
        """Until when a verdict may rest on it with a key of *bits*; None where no end is set."""
        ends = [each for each in (self.digest.accepted_until, self.rule.end(bits)) if each]
        return min(ends, default=None)

    def verify(self, key: object, value: bytes, data: bytes) -> int:
        """Verify the SignatureValue octets *value* over *data*; the key's size in bits.

        Raises `UnfitKeyError` or `WrongSignatureValueError`; returning is success.
        """
        bits = self.refuse_unfit(key)
        digest = _HASHES[self.digest.name]
        try:
            match key:
                case rsa.RSAPublicKey():
                    key.verify(value, data, self._rsa_padding(digest), digest)
                case _:  # nothing else is left by the check above
                    curve_key = cast("ec.EllipticCurvePublicKey", key)
                    octets = _der_from_raw(value, curve_key)
                    curve_key.verify(octets, data, ec.ECDSA(digest))
        except InvalidSignature as error:
            raise WrongSignatureValueError(self.uri) from error
        except (ValueError, UnsupportedAlgorithm) as error:
            raise UnfitKeyError(str(error)) from error
        return bits

    def refuse_unfit(self, key: object) -> int:
        """The key's size in bits; raises `UnfitKeyError` when the algorithm refuses it."""
        return self.rule.refuse_unfit(key)

    def _rsa_padding(self, digest: hashes.HashAlgorithm) -> rsa_padding.AsymmetricPadding:
        if self.rule.padding == "pss":
            return rsa_padding.PSS(rsa_padding.MGF1(digest), digest.digest_size)
        return rsa_padding.PKCS1v15()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlgorithmPolicy:
    """The table: what a signature may use.

    `refused` holds the finding code for each method that is known and refused at every time.
    `sha256` is that of the file's octets: two files of one version show.
    """

    name: str
    version: str
    issued: date
    source: tuple[str, ...]
    sha256: str
    digests: Mapping[str, DigestAlgorithm]
    signatures: Mapping[str, SignatureAlgorithm]
    refused: Mapping[str, str]

    @property
    def reference(self) -> str:
        """Name and version as every report carries them."""
        return f"{self.name}/{self.version}"

    def refusal(self, uri: str) -> Finding:
        """The finding on a method that is not in the table: why it is refused, where known."""
        return finding(self.refused.get(uri, "HB-S021"), algorithm=uri)


@cache
def default_policy() -> AlgorithmPolicy:
    """The table that ships, after ETSI TS 119 312 V1.5.1."""
    file = resources.files("signing.xmldsig").joinpath("algorithms.toml")
    return parse_algorithms(file.read_bytes(), "algorithms.toml")


def read_algorithms(path: Path) -> AlgorithmPolicy:
    """The algorithm table in a TOML file; raises `PolicyError` with file and reason."""
    return parse_algorithms(octets_of(path), path.name)


def parse_algorithms(data: bytes, file_name: str) -> AlgorithmPolicy:
    """The algorithm table in the octets of a TOML file; raises `PolicyError` with the reason."""
    try:
        return _policy(TomlTable(tomllib.loads(data.decode("utf-8"))), data)
    except ValueError as error:  # tomllib's and Unicode's errors are of this class
        raise PolicyError(f"{file_name}: {error}") from error


def _policy(table: TomlTable, data: bytes) -> AlgorithmPolicy:
    digests = _unique((each.uri, each) for each in map(_digest, table.tables("digest")))
    refused_curves = dict(_refused(table, "refused_curve", "prefixes"))
    rules = _unique(
        ((each.kind, each.padding), each)
        for each in (_key_rule(one, refused_curves) for one in table.tables("key"))
    )
    by_name = {each.name: each for each in digests.values()}
    signatures = _unique(
        (each.uri, each)
        for each in (_signature(one, by_name, rules) for one in table.tables("signature"))
    )
    policy = AlgorithmPolicy(
        name=table.take("name", str),
        version=table.take("version", str),
        issued=table.take("date", date),
        source=table.texts("source"),
        sha256=hashlib.sha256(data).hexdigest(),
        digests=digests,
        signatures=signatures,
        refused=_unique(_refused(table, "refused", "uris")),
    )
    table.refuse_rest()
    if not (policy.name and policy.version and policy.source):
        raise ValueError("name, version and source must be set")
    if not (digests and signatures):
        raise ValueError("no digest or no signature method: nothing could pass")
    twice = policy.refused.keys() & (digests.keys() | signatures.keys())
    if twice:
        raise ValueError(f"both accepted and refused: {', '.join(sorted(twice))}")
    return policy


def _digest(table: TomlTable) -> DigestAlgorithm:
    name, until = table.take("hash", str), table.take_or_none("until", date)
    if name not in _HASHES:
        raise ValueError(f"hash {name} is not one of {', '.join(_HASHES)}")
    if name in _LATEST_ENDS and (until is None or until > _LATEST_ENDS[name]):
        raise ValueError(f"hash {name} must have an end, {_LATEST_ENDS[name]} at the latest")
    return DigestAlgorithm(table.take("uri", str), name, until)


def _key_rule(table: TomlTable, refused_curves: Mapping[str, str]) -> KeyRule:
    kind, padding = table.take("kind", str), table.take_or_none("padding", str)
    if (kind, padding) not in {("rsa", "pkcs1v15"), ("rsa", "pss"), ("ecdsa", None)}:
        raise ValueError(f"key {kind} with padding {padding} is not supported")
    sizes = tuple(
        (each.number("bits", _LEAST_BITS[kind], _MOST_BITS), each.take_or_none("until", date))
        for each in table.tables("size")
    )
    if not sizes or [bits for bits, _ in sizes] != sorted({bits for bits, _ in sizes}):
        raise ValueError(f"key {kind}: sizes must be in ascending order, each once")
    curves = frozenset(table.texts("curves")) if kind == "ecdsa" else frozenset()
    if curves - _KNOWN_CURVES or (kind == "ecdsa" and not curves):
        raise ValueError(f"key {kind}: curves must be some of {', '.join(sorted(_KNOWN_CURVES))}")
    return KeyRule(
        kind=kind, padding=padding, sizes=sizes, curves=curves, refused_curves=refused_curves
    )


def _signature(
    table: TomlTable,
    digests: Mapping[str, DigestAlgorithm],
    rules: Mapping[tuple[str, str | None], KeyRule],
) -> SignatureAlgorithm:
    uri, name = table.take("uri", str), table.take("hash", str)
    key = (table.take("kind", str), table.take_or_none("padding", str))
    if name not in digests or key not in rules:
        raise ValueError(f"{uri}: its digest {name} or its key {key[0]} is not in the table")
    return SignatureAlgorithm(uri, digests[name], rules[key])


def _refused(table: TomlTable, name: str, member: str) -> Iterator[tuple[str, str]]:
    for each in table.tables(name):
        code = each.take("reason", str)
        if code not in catalogue():
            raise ValueError(f"reason {code} is no finding")
        yield from ((one, code) for one in each.texts(member))


def _unique(pairs: Iterable[tuple[_K, _V]]) -> dict[_K, _V]:
    found: dict[_K, _V] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"stands twice: {key}")
        found[key] = value
    return found


def _der_from_raw(value: bytes, key: ec.EllipticCurvePublicKey) -> bytes:
    """ECDSA r‖s, each as long as the curve's order (XML-DSig 1.1 §6.4.3), as DER."""
    size = (key.key_size + 7) // 8
    if len(value) != 2 * size:
        raise WrongSignatureValueError(f"{len(value)} octets, expected {2 * size}")
    return encode_dss_signature(
        int.from_bytes(value[:size], "big"), int.from_bytes(value[size:], "big")
    )
