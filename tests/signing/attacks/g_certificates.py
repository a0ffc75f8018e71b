"""G. Keys and certificates: a right value under a key that is not the signer's."""

from base64 import b64encode
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID, ObjectIdentifier

from hocba.sample.insecure_keys import insecure_ec_key
from signing import names
from signing.keys.key import SoftwareKey
from signing.report import SubIndication
from tests.support import forge as f
from tests.support import signed_records, signing_kit
from tests.support.attacks import FAILED, INDETERMINATE, PASSED, attack
from tests.support.forge import Forgery, Ref
from tests.support.odd_certificates import OddAuthority, authority, person
from tests.support.signed_records import signer
from tests.support.spoiled import PRINCIPAL, TEACHER, der, forged

NO_CHAIN = SubIndication.NO_CERTIFICATE_CHAIN_FOUND
BAD_CHAIN = SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE
NO_CERTIFICATE = SubIndication.NO_SIGNING_CERTIFICATE_FOUND
CRYPTO = SubIndication.SIG_CRYPTO_FAILURE
PRINCIPAL_ID = signed_records.PEOPLE[PRINCIPAL]


def _by(key: SoftwareKey, *above: x509.Certificate) -> bytes:
    """The principal's signature by *key*, with its certificate and those *above* in KeyInfo."""
    certificates = [der(each) for each in (key.certificate, *above)]
    return forged(Forgery([Ref("#data")], key, certificates=certificates))


def _with_key_info(text: str, key: SoftwareKey | None = None, **changes) -> bytes:
    forgery = Forgery([Ref("#data")], key or signer(PRINCIPAL), key_info=text, **changes)
    return forged(forgery)


def _x509_data(*certificates: x509.Certificate) -> str:
    texts = (b64encode(der(each)).decode() for each in certificates)
    inner = "".join(f"<X509Certificate>{each}</X509Certificate>" for each in texts)
    return f"<X509Data>{inner}</X509Data>"


# ------------------------------------------------------------------------- G1: attacker's own


@attack("G1", "own-authority", expects=(INDETERMINATE, NO_CHAIN, "HB-S041"), about=PRINCIPAL)
def own_authority() -> bytes:
    """A certificate for the principal's id by the attacker's own authority, sent along."""
    own = authority("Cơ quan của kẻ giả")
    return _by(person(PRINCIPAL_ID, issuer=own), own.certificate)


@attack("G1", "self-signed", expects=(INDETERMINATE, NO_CHAIN, "HB-S041"), about=PRINCIPAL)
def self_signed() -> bytes:
    """A certificate for the principal's id that issued itself."""
    name = x509.Name([x509.NameAttribute(NameOID.USER_ID, f"CCCD:{PRINCIPAL_ID}")])
    own = authority(name, label="self", ca=False, usage=False)
    return _by(SoftwareKey(own.key, own.certificate))


@attack(
    "G1",
    "real-chain-beside-own-certificate",
    expects=(INDETERMINATE, NO_CHAIN, "HB-S041"),
    about=PRINCIPAL,
)
def real_chain_beside() -> bytes:
    """The attacker's certificate, and beside it the real authority and the trusted root."""
    own = authority("Cơ quan của kẻ giả")
    key = person(PRINCIPAL_ID, issuer=own)
    return _by(key, signing_kit.issuer().certificate, signing_kit.root().certificate)


# ------------------------------------------------------------------------- G2: KeyValue


def _key_value(key: ec.EllipticCurvePublicKey) -> str:
    numbers = key.public_numbers()
    point = b"\4" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
    return (
        '<KeyValue><ECKeyValue xmlns="http://www.w3.org/2009/xmldsig11#">'
        '<NamedCurve URI="urn:oid:1.2.840.10045.3.1.7"/>'
        f"<PublicKey>{b64encode(point).decode()}</PublicKey></ECKeyValue></KeyValue>"
    )


def _attacker() -> SoftwareKey:
    return person(PRINCIPAL_ID, issuer=authority("Cơ quan của kẻ giả"))


@attack(
    "G2", "key-value-before-the-certificate", expects=(FAILED, CRYPTO, "HB-S020"), about=PRINCIPAL
)
def key_value_first() -> bytes:
    """The attacker's KeyValue before the principal's certificate, the value by the attacker."""
    genuine = person(PRINCIPAL_ID, key=ec.generate_private_key(ec.SECP256R1()))
    text = _key_value(_attacker().private_key.public_key()) + _x509_data(genuine.certificate)
    return _with_key_info(f"<KeyInfo>{text}</KeyInfo>", _attacker())


@attack(
    "G2", "key-value-behind-the-certificate", expects=(FAILED, CRYPTO, "HB-S020"), about=PRINCIPAL
)
def key_value_last() -> bytes:
    """The same behind it."""
    genuine = person(PRINCIPAL_ID, key=ec.generate_private_key(ec.SECP256R1()))
    text = _x509_data(genuine.certificate) + _key_value(_attacker().private_key.public_key())
    return _with_key_info(f"<KeyInfo>{text}</KeyInfo>", _attacker())


@attack(
    "G2", "key-value-alone", expects=(INDETERMINATE, NO_CERTIFICATE, "HB-S030"), about=PRINCIPAL
)
def key_value_alone() -> bytes:
    """A KeyValue and no certificate: a right value by nobody."""
    text = _key_value(_attacker().private_key.public_key())
    return _with_key_info(f"<KeyInfo>{text}</KeyInfo>", _attacker())


# ------------------------------------------------------------------------- G3: several, any order


@attack("G3", "strangers-certificate-first", expects=(FAILED, CRYPTO, "HB-S020"), about=PRINCIPAL)
def strangers_first() -> bytes:
    """The principal's certificate first, the attacker's second, the value by the attacker."""
    genuine = person(PRINCIPAL_ID, key=ec.generate_private_key(ec.SECP256R1()))
    data = _x509_data(genuine.certificate, _attacker().certificate)
    return _with_key_info(f"<KeyInfo>{data}</KeyInfo>", _attacker())


@attack(
    "G3",
    "attackers-certificate-first",
    expects=(INDETERMINATE, NO_CHAIN, "HB-S041"),
    about=PRINCIPAL,
)
def attackers_first() -> bytes:
    """The attacker's certificate first, the principal's second: the first one is judged."""
    data = _x509_data(_attacker().certificate, signer(PRINCIPAL).certificate)
    return _with_key_info(f"<KeyInfo>{data}</KeyInfo>", _attacker())


@attack(
    "G3",
    "two-certificates-of-one-key",
    expects=(INDETERMINATE, NO_CHAIN, "HB-S041"),
    about=PRINCIPAL,
)
def two_of_one_key() -> bytes:
    """Two certificates of one key, the untrusted one first: no second try with the other."""
    key = insecure_ec_key("odd/shared", ec.SECP256R1())
    genuine = person(PRINCIPAL_ID, key=key)
    own = person(PRINCIPAL_ID, key=key, issuer=authority("Cơ quan của kẻ giả"))
    data = _x509_data(own.certificate, genuine.certificate)
    return _with_key_info(f"<KeyInfo>{data}</KeyInfo>", genuine)


for _name, _order in (("reversed", (2, 1, 0)), ("shuffled", (1, 0, 2)), ("doubled", (0, 1, 0, 2))):

    def _chain(order=_order) -> bytes:
        chain = (
            signer(PRINCIPAL).certificate,
            signing_kit.issuer().certificate,
            signing_kit.root().certificate,
        )
        data = _x509_data(*(chain[each] for each in order))
        return _with_key_info(f"<KeyInfo>{data}</KeyInfo>")

    _chain.__doc__ = f"The chain of the principal in another order: {_name}."
    attack(
        "G3",
        f"chain-{_name}",
        expects=(PASSED, None, None),
        about=PRINCIPAL,
        harmless="the signer's certificate is the one that issued none of the others",
    )(_chain)


# ------------------------------------------------------------------------- G4: SigningCertificate


def _object(property_text: str, identifier: str = "S-1") -> str:
    return (
        f'<Object><q:QualifyingProperties xmlns:q="{names.XADES}" Target="#{identifier}">'
        '<q:SignedProperties Id="SP-1"><q:SignedSignatureProperties>'
        "<q:SigningTime>2026-05-29T03:00:00Z</q:SigningTime>"
        f"{property_text}</q:SignedSignatureProperties></q:SignedProperties>"
        "</q:QualifyingProperties></Object>"
    )


def _reference(digest: bytes, *, version: str = "V2", serial: str = "") -> str:
    return (
        f"<q:SigningCertificate{version}><q:Cert><q:CertDigest>"
        f'<DigestMethod Algorithm="{f.SHA256}"/><DigestValue>{b64encode(digest).decode()}'
        f"</DigestValue></q:CertDigest>{serial}</q:Cert></q:SigningCertificate{version}>"
    )


def _with_property(text: str) -> bytes:
    references = [Ref("#data"), Ref("#SP-1", type=names.TYPE_SIGNED_PROPERTIES)]
    forgery = Forgery(references, signer(PRINCIPAL), id="S-1", objects=[_object(text)])
    return forged(forgery)


def _digest_of(certificate: x509.Certificate) -> bytes:
    return sha256(der(certificate)).digest()


@attack(
    "G4",
    "signing-certificate-v2-of-another",
    expects=(INDETERMINATE, NO_CERTIFICATE, "HB-S031"),
    about=PRINCIPAL,
)
def v2_of_another() -> bytes:
    """SigningCertificateV2 names the teacher's certificate."""
    return _with_property(_reference(_digest_of(signer(TEACHER).certificate)))


@attack(
    "G4",
    "signing-certificate-v1-of-another",
    expects=(INDETERMINATE, NO_CERTIFICATE, "HB-S031"),
    about=PRINCIPAL,
)
def v1_of_another() -> bytes:
    """SigningCertificate of the older version names the teacher's certificate."""
    return _with_property(_reference(_digest_of(signer(TEACHER).certificate), version=""))


@attack(
    "G4",
    "signing-certificate-names-the-issuer",
    expects=(INDETERMINATE, NO_CERTIFICATE, "HB-S031"),
    about=PRINCIPAL,
)
def names_the_issuer() -> bytes:
    """The first Cert of SigningCertificateV2 is the issuer's, which did not sign."""
    return _with_property(_reference(_digest_of(signing_kit.issuer().certificate)))


@attack(
    "G4",
    "signing-certificate-empty",
    expects=(INDETERMINATE, NO_CERTIFICATE, "HB-S031"),
    about=PRINCIPAL,
)
def empty_property() -> bytes:
    """SigningCertificateV2 without any Cert."""
    return _with_property("<q:SigningCertificateV2/>")


@attack(
    "G4",
    "signing-certificate-by-sha1",
    expects=(INDETERMINATE, NO_CERTIFICATE, "HB-S031"),
    about=PRINCIPAL,
)
def by_sha1() -> bytes:
    """SigningCertificateV2 names the certificate by a digest that may no longer be relied on."""
    text = _reference(_digest_of(signer(PRINCIPAL).certificate)).replace(f.SHA256, f.SHA1)
    return _with_property(text)


@attack(
    "G4",
    "another-certificate-of-the-same-key",
    expects=(INDETERMINATE, NO_CERTIFICATE, "HB-S031"),
    about=PRINCIPAL,
)
def same_key() -> bytes:
    """A second certificate of the signer's key in the place of the one that was signed."""
    other = person(PRINCIPAL_ID, key=signer(PRINCIPAL).private_key)
    references = [Ref("#data"), Ref("#SP-1", type=names.TYPE_SIGNED_PROPERTIES)]
    named = _object(_reference(_digest_of(signer(PRINCIPAL).certificate)))
    certificates = [der(other.certificate)]
    forgery = Forgery(
        references, signer(PRINCIPAL), id="S-1", objects=[named], certificates=certificates
    )
    return forged(forgery)


def _serial(number: int) -> str:
    return (
        "<q:IssuerSerial><X509IssuerName>CN=Khác</X509IssuerName>"
        f"<X509SerialNumber>{number}</X509SerialNumber></q:IssuerSerial>"
    )


@attack(
    "G4",
    "signing-certificate-v1-wrong-serial",
    expects=(PASSED, None, None),
    about=PRINCIPAL,
    harmless="the digest names the certificate; IssuerSerial is only a hint (EN 319 102-1 5.2.3.4)",
)
def wrong_serial() -> bytes:
    """The right digest in SigningCertificate beside the serial number of another certificate."""
    right = _digest_of(signer(PRINCIPAL).certificate)
    return _with_property(_reference(right, version="", serial=_serial(1)))


@attack(
    "G4",
    "signing-certificate-v1-serial-right-digest-wrong",
    expects=(INDETERMINATE, NO_CERTIFICATE, "HB-S031"),
    about=PRINCIPAL,
)
def right_serial() -> bytes:
    """The right serial number beside the digest of another certificate: the digest decides."""
    own = signer(PRINCIPAL).certificate
    other = _digest_of(signer(TEACHER).certificate)
    return _with_property(_reference(other, version="", serial=_serial(own.serial_number)))


# ------------------------------------------------------------------------- G5: RetrievalMethod


@attack(
    "G5",
    "retrieval-method-of-itself",
    expects=(INDETERMINATE, NO_CERTIFICATE, "HB-S030"),
    about=PRINCIPAL,
)
def loop() -> bytes:
    """A RetrievalMethod that names its own KeyInfo."""
    return _with_key_info('<KeyInfo Id="k"><RetrievalMethod URI="#k"/></KeyInfo>')


@attack(
    "G5",
    "retrieval-methods-of-each-other",
    expects=(INDETERMINATE, NO_CERTIFICATE, "HB-S030"),
    about=PRINCIPAL,
)
def ring() -> bytes:
    """Two RetrievalMethods that name each other."""
    methods = '<RetrievalMethod Id="k1" URI="#k2"/><RetrievalMethod Id="k2" URI="#k1"/>'
    return _with_key_info(f"<KeyInfo>{methods}</KeyInfo>")


# ------------------------------------------------------------------------- G6 to G10: the path


@attack("G6", "issuer-lookalike", expects=(INDETERMINATE, BAD_CHAIN, "HB-S044"), about=PRINCIPAL)
def lookalike() -> bytes:
    """An authority with the name of the trusted issuer and a key of its own."""
    own = authority(signing_kit.issuer().certificate.subject, label="lookalike")
    return _by(person(PRINCIPAL_ID, issuer=own), own.certificate)


@attack("G6", "root-lookalike", expects=(INDETERMINATE, BAD_CHAIN, "HB-S044"), about=PRINCIPAL)
def root_lookalike() -> bytes:
    """A whole chain below a root with the name of the trusted one."""
    root = authority(signing_kit.root().certificate.subject, label="root lookalike")
    own = authority(signing_kit.issuer().certificate.subject, root, label="below it")
    return _by(person(PRINCIPAL_ID, issuer=own), own.certificate, root.certificate)


def _teacher() -> OddAuthority:
    key = signer(TEACHER)
    return OddAuthority(key.private_key, key.certificate)


@attack(
    "G7",
    "teacher-issues-a-certificate",
    expects=(INDETERMINATE, BAD_CHAIN, "HB-S044"),
    about=PRINCIPAL,
)
def issued_by_a_teacher() -> bytes:
    """The teacher's own, genuine certificate issued one for the principal's id."""
    return _by(person(PRINCIPAL_ID, issuer=_teacher()), signer(TEACHER).certificate)


@attack(
    "G7",
    "intermediate-without-ca-bit",
    expects=(INDETERMINATE, BAD_CHAIN, "HB-S044"),
    about=PRINCIPAL,
)
def without_ca_bit() -> bytes:
    """An intermediate by the root whose BasicConstraints say that it is none."""
    own = authority("Không phải CA", signing_kit.root(), ca=False)
    return _by(person(PRINCIPAL_ID, issuer=own), own.certificate)


@attack(
    "G8",
    "path-longer-than-path-length",
    expects=(INDETERMINATE, BAD_CHAIN, "HB-S044"),
    about=PRINCIPAL,
)
def too_long() -> bytes:
    """An authority below the issuing one, whose pathLenConstraint is 0."""
    own = authority("CA thứ ba", signing_kit.issuer())
    return _by(person(PRINCIPAL_ID, issuer=own), own.certificate)


@attack(
    "G9",
    "outside-the-name-constraints",
    expects=(INDETERMINATE, BAD_CHAIN, "HB-S044"),
    about=PRINCIPAL,
)
def name_constraints() -> bytes:
    """An authority by the root that may name holders in another country only."""
    permitted = x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "LA")]))
    constraints = x509.NameConstraints(permitted_subtrees=[permitted], excluded_subtrees=None)
    own = authority("CA hạn chế", signing_kit.root(), extensions=[(constraints, True)])
    return _by(person(PRINCIPAL_ID, issuer=own), own.certificate)


def _unknown(*, critical: bool) -> bytes:
    extension = x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\5\0")
    return _by(person(PRINCIPAL_ID, extensions=[(extension, critical)]))


@attack(
    "G10",
    "critical-unknown-extension",
    expects=(INDETERMINATE, BAD_CHAIN, "HB-S044"),
    about=PRINCIPAL,
)
def critical_unknown() -> bytes:
    """A certificate with a critical extension that nobody knows: what it forbids is not known."""
    return _unknown(critical=True)


@attack(
    "G10",
    "unknown-extension-not-critical",
    expects=(PASSED, None, None),
    about=PRINCIPAL,
    harmless="an extension that is not critical may be ignored (RFC 5280 4.2)",
)
def unknown() -> bytes:
    """The same extension, not critical."""
    return _unknown(critical=False)
