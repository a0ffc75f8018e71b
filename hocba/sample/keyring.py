"""Every signing key of a sample, in a form that crosses to worker processes."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from hocba.sample.insecure_keys import PrivateKey, insecure_ec_key, insecure_rsa_keys, prime_count
from hocba.sample.people import Person
from hocba.sample.pki import (
    Authority,
    AuthorityName,
    Holder,
    Validity,
    issuing_authority,
    revocation_list,
    root_authority,
    subscriber,
    subscriber_serial,
)
from hocba.sample.source import words
from hocba.sample.world import School, World
from signing.keys.key import SoftwareKey

_RSA_AUTHORITIES: Final = (AuthorityName.PERSON_RSA, AuthorityName.ORGANIZATION)


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A private key (PKCS#8) and its certificates (DER), the signer's first."""

    private_key: bytes
    certificates: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Keyring:
    """Keys by holder: personal ids, and tax codes for seals."""

    stored: Mapping[str, StoredKey]
    _loaded: dict[str, SoftwareKey] = field(default_factory=dict, compare=False)

    def __getitem__(self, holder: str) -> SoftwareKey:
        """The holder's key; loaded once a process."""
        if holder not in self._loaded:
            self._loaded[holder] = _loaded(self.stored[holder])
        return self._loaded[holder]

    def __reduce__(self) -> tuple[type["Keyring"], tuple[Mapping[str, StoredKey]]]:
        """Loaded keys stay in their process."""
        return (Keyring, (dict(self.stored),))


@dataclass(frozen=True, slots=True)
class SamplePki:
    """The authorities of a sample, everybody's keys, and which certificates were revoked.

    `revoked` holds serial numbers by authority; `opened` is when the lists begin to speak.
    """

    root: Authority
    authorities: tuple[Authority, ...]
    keyring: Keyring
    opened: datetime
    revoked: Mapping[str, Mapping[int, datetime]] = field(default_factory=dict)

    def crls(self) -> Iterator[tuple[str, bytes]]:
        """The CRL of each authority, the root's first: name and DER."""
        for each in (self.root, *self.authorities):
            listed = revocation_list(each, self.opened, self.revoked.get(each.name, {}))
            name = "root" if each is self.root else each.name
            yield name, listed.public_bytes(Encoding.DER)

    def authority(self, name: AuthorityName) -> Authority:
        """One issuing authority."""
        return next(each for each in self.authorities if each.name == name.value)


def key_steps(world: World) -> int:
    """How often `make_pki` reports progress."""
    return prime_count(len(world.rsa_holders) + len(_RSA_AUTHORITIES))


def make_pki(
    world: World, pool: Executor, progress: Callable[[int, int], None] | None = None
) -> SamplePki:
    """Authorities, and a key with its certificate for everybody in *world*.

    RSA keys are searched for in *pool*, which is what takes the time.
    """
    seed = f"hocba-sample/{world.seed}"
    wanted = [*_RSA_AUTHORITIES, *sorted(world.rsa_holders)]
    found = insecure_rsa_keys(seed, len(wanted), pool, progress)
    rsa_keys = dict(zip(wanted, found, strict=True))
    start = world.calendar.certificates.start
    root = root_authority(seed, start.replace(year=start.year - 8))
    authorities = []
    for name in (AuthorityName.PERSON_RSA, AuthorityName.PERSON_EC, AuthorityName.ORGANIZATION):
        key: PrivateKey = rsa_keys.get(name) or insecure_ec_key(f"{seed}/{name}", ec.SECP384R1())
        opened = start.replace(year=start.year - 2) - timedelta(days=30)
        authorities.append(issuing_authority(seed, name, key, root, opened))
    pki = SamplePki(root, tuple(authorities), Keyring({}), start)
    stored = {
        holder: _stored(subscriber_key(pki, world, described, rsa_keys.get(holder)))
        for holder, described in _holders(world)
    }
    return SamplePki(root, tuple(authorities), Keyring(stored), start, _former(pki, world))


def former_validity(world: World) -> Validity:
    """When the certificates were to be valid that principals had before the present ones."""
    now = world.calendar.certificates
    return Validity(now.start - timedelta(days=60), now.end)


def _former(pki: SamplePki, world: World) -> dict[str, dict[int, datetime]]:
    """Every principal's former certificate (EC), superseded on the day before the present one."""
    issuer = pki.authority(AuthorityName.PERSON_EC)
    validity = former_validity(world)
    since = world.calendar.certificates.start - timedelta(days=1)
    seed = f"hocba-sample/{world.seed}"
    heads = {head.person.personal_id for school in world.all_schools() for head in school.heads}
    serials = (subscriber_serial(seed, f"CCCD:{each}", validity, issuer) for each in heads)
    return {issuer.name: dict.fromkeys(serials, since)}


def subscriber_key(
    pki: SamplePki,
    world: World,
    holder: Holder,
    rsa_key: rsa.RSAPrivateKey | None = None,
    *,
    validity: Validity | None = None,
    issuer: Authority | None = None,
) -> SoftwareKey:
    """A key with a certificate for *holder*: EC from the seed unless an RSA key is given."""
    seed = f"hocba-sample/{world.seed}"
    key = rsa_key or insecure_ec_key(f"{seed}/{holder.identifier}", ec.SECP256R1())
    if issuer is None:
        kind = AuthorityName.PERSON_RSA if rsa_key else AuthorityName.PERSON_EC
        if holder.identifier.startswith("MST:"):
            kind = AuthorityName.ORGANIZATION
        issuer = pki.authority(kind)
    return subscriber(seed, holder, key, issuer, validity or world.calendar.certificates)


def person_holder(person: Person, school: School) -> Holder:
    """What a teacher's certificate says."""
    return Holder(
        person.name, f"CCCD:{person.personal_id}", school.name, school.commune, _province()
    )


def school_holder(school: School) -> Holder:
    """What a seal's certificate says."""
    return Holder(school.name, f"MST:{school.tax_code}", school.name, school.commune, _province())


def _province() -> str:
    name: str = words()["province"]["name"]
    return name


def _holders(world: World) -> Iterator[tuple[str, Holder]]:
    for school in world.all_schools():
        for person in school.people():
            yield person.personal_id, person_holder(person, school)
        yield school.tax_code, school_holder(school)


def _stored(key: SoftwareKey) -> StoredKey:
    return StoredKey(
        key.private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        tuple(each.public_bytes(Encoding.DER) for each in (key.certificate, *key.chain)),
    )


def _loaded(stored: StoredKey) -> SoftwareKey:
    key = load_der_private_key(stored.private_key, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise TypeError(type(key).__name__)
    certificate, *chain = map(x509.load_der_x509_certificate, stored.certificates)
    return SoftwareKey(key, certificate, tuple(chain))
