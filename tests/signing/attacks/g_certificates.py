"""G. Keys and certificates: a right value under a key that is not the signer's."""

from base64 import b64encode
from dataclasses import replace
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID, ObjectIdentifier

from hocba.sample.insecure_keys import insecure_ec_key
from signing import names
from signing.certificates.path import PathValidator
from signing.keys.key import SoftwareKey
from signing.report import SubIndication
from tests.support import forge as f
from tests.support import signed_records, signing_kit
from tests.support.attacks import FAILED, INDETERMINATE, PASSED, Attempt, attack
from tests.support.forge import Forgery, Ref
from tests.support.odd_certificates import OddAuthority, authority, person, revocation_list
from tests.support.signed_records import signer
from tests.support.spoiled import PRINCIPAL, TEACHER, der, forged
from tests.support.stamped import Stamp, current, day, judged, pki, signed_by

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


@attack(
    "G4",
    "signing-certificate-named-second",
    expects=(INDETERMINATE, NO_CERTIFICATE, "HB-S031"),
    about=PRINCIPAL,
)
def named_second() -> bytes:
    """The first Cert names the issuer's certificate, only the second one the signer's."""
    issuers = _reference(_digest_of(signing_kit.issuer().certificate))
    own = _reference(_digest_of(signer(PRINCIPAL).certificate))
    end = "</q:SigningCertificateV2>"
    return _with_property(issuers.removesuffix(end) + own.removeprefix("<q:SigningCertificateV2>"))


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
def name_constraints() -> Attempt:
    """An authority by the root that may name holders in another country only."""
    permitted = x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "LA")]))
    constraints = x509.NameConstraints(permitted_subtrees=[permitted], excluded_subtrees=None)
    own = authority("CA hạn chế", signing_kit.root(), extensions=[(constraints, True)])
    trust = signed_records.trust()
    paths = PathValidator(replace(trust, crls=(*trust.crls, revocation_list(own))))
    return Attempt(data=_by(person(PRINCIPAL_ID, issuer=own), own.certificate), paths=paths)


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


# ------------------------------------------------------------------------- G11 to G17: revocation

TRY_LATER = SubIndication.TRY_LATER
REVOKED, CLAIMED = "homeroom-new-revoked", "2026-02-01"


@attack(
    "G11",
    "revoked-without-proof-of-time",
    expects=(INDETERMINATE, SubIndication.REVOKED_NO_POE, "HB-S062"),
    about=TEACHER,
)
def revoked() -> Attempt:
    """The certificate was revoked; nothing proves that the signature is older."""
    return judged(signed_by("homeroom-new-revoked", CLAIMED))


@attack(
    "G11",
    "revoked-before-the-proved-time",
    expects=(INDETERMINATE, SubIndication.REVOKED_NO_POE, "HB-S072"),
    about=TEACHER,
)
def revoked_before() -> Attempt:
    """A time-stamp from after the revocation: nothing proves an earlier time."""
    return judged(signed_by(REVOKED, "2026-04-01", [Stamp("2026-04-01")]))


@attack(
    "G11",
    "revoked-after-the-proved-time",
    expects=(PASSED, None, None),
    about=TEACHER,
    harmless="a time-stamp proves the signature to be older than the revocation",
)
def revoked_after() -> Attempt:
    """A time-stamp from before the revocation."""
    return judged(signed_by(REVOKED, CLAIMED, [Stamp(CLAIMED)]))


@attack("G11", "certificate-on-hold", expects=(INDETERMINATE, TRY_LATER, "HB-S064"), about=TEACHER)
def on_hold() -> Attempt:
    """The certificate is suspended, not revoked for good."""
    return judged(signed_by("homeroom-new-held", CLAIMED))


@attack(
    "G11",
    "issuer-revoked",
    expects=(INDETERMINATE, SubIndication.REVOKED_CA_NO_POE, "HB-S063"),
    about=TEACHER,
)
def issuer_revoked() -> Attempt:
    """The authority above the signer was revoked."""
    return judged(signed_by("homeroom-under-revoked-issuer", CLAIMED))


@attack(
    "G12",
    "back-dated-after-key-compromise",
    expects=(INDETERMINATE, SubIndication.REVOKED_NO_POE, "HB-S062"),
    about=TEACHER,
)
def back_dated() -> Attempt:
    """Whoever stole the key claims a time from before the theft: a claim proves nothing."""
    return judged(signed_by(REVOKED, "2026-02-28"))


@attack(
    "G12",
    "back-dated-and-time-stamped",
    expects=(INDETERMINATE, SubIndication.REVOKED_NO_POE, "HB-S072"),
    about=TEACHER,
)
def back_dated_and_stamped() -> Attempt:
    """The same with a time-stamp of the day on which it was really made."""
    return judged(signed_by(REVOKED, "2026-02-28", [Stamp("2026-03-02")]))


@attack("G13", "crl-by-a-lookalike", expects=(INDETERMINATE, TRY_LATER, "HB-S066"), about=TEACHER)
def crl_by_lookalike() -> Attempt:
    """A CRL that clears the revoked signer, by another key of the issuer's name."""
    return judged(signed_by(REVOKED, CLAIMED), crls=current("root", "tsa-issuer", "lookalike"))


@attack(
    "G13", "crl-by-another-authority", expects=(INDETERMINATE, TRY_LATER, "HB-S060"), about=TEACHER
)
def crl_by_another() -> Attempt:
    """Only CRLs of authorities that did not issue this certificate."""
    return judged(signed_by(REVOKED, CLAIMED), crls=current("root", "tsa-issuer"))


def _by_ocsp(label: str, *, about: str | None = None, responder: str = "issuer") -> Attempt:
    """Judged by an OCSP response alone where the issuer's CRL is not there."""
    answer = pki().ocsp(about or label, signed_records.NOW, responder)
    without = current("root", "tsa-issuer")
    return judged(signed_by(label, CLAIMED), crls=without, ocsp=[answer])


@attack(
    "G14",
    "ocsp-as-it-should-be",
    expects=(PASSED, None, None),
    about=TEACHER,
    harmless="the control of those that follow: a current answer by an authorised responder",
)
def good_ocsp() -> Attempt:
    """An OCSP response by the issuer's responder."""
    return _by_ocsp("homeroom-new")


@attack(
    "G14",
    "ocsp-by-an-expired-responder",
    expects=(INDETERMINATE, TRY_LATER, "HB-S066"),
    about=TEACHER,
)
def expired_responder() -> Attempt:
    """An OCSP response by a responder whose certificate has expired."""
    return _by_ocsp("homeroom-new", responder="issuer-expired")


@attack(
    "G14", "ocsp-by-nobodys-responder", expects=(INDETERMINATE, TRY_LATER, "HB-S066"), about=TEACHER
)
def responder_without_mandate() -> Attempt:
    """An OCSP response by a signer of the same authority whom nobody told to answer."""
    return _by_ocsp("homeroom-new", responder="issuer-without-mandate")


@attack(
    "G15", "ocsp-for-another-serial", expects=(INDETERMINATE, TRY_LATER, "HB-S060"), about=TEACHER
)
def another_serial() -> Attempt:
    """A good OCSP response about the principal's certificate, for the teacher's."""
    return _by_ocsp("homeroom-new", about="principal-new")


@attack(
    "G15", "ocsp-for-another-issuer", expects=(INDETERMINATE, TRY_LATER, "HB-S060"), about=TEACHER
)
def another_issuer() -> Attempt:
    """An OCSP response whose CertID hashes another issuer's key."""
    return _by_ocsp("homeroom-new", about="homeroom-under-lookalike")


@attack("G16", "crl-from-the-future", expects=(INDETERMINATE, TRY_LATER, "HB-S067"), about=TEACHER)
def future() -> Attempt:
    """A CRL whose thisUpdate lies a year ahead."""
    ahead = current("issuer", at=day("2027-06-15"))
    crls = (*current("root", "tsa-issuer"), *ahead)
    return judged(signed_by("homeroom-new", CLAIMED), crls=crls)


@attack("G17", "crl-out-of-date", expects=(INDETERMINATE, TRY_LATER, "HB-S061"), about=TEACHER)
def stale() -> Attempt:
    """A CRL whose nextUpdate passed before the revocation: it does not know of it."""
    old = current("issuer", at=day("2026-01-10"))
    crls = (*current("root", "tsa-issuer"), *old)
    return judged(signed_by(REVOKED, CLAIMED), crls=crls)


@attack("G17", "ocsp-out-of-date", expects=(INDETERMINATE, TRY_LATER, "HB-S061"), about=TEACHER)
def stale_ocsp() -> Attempt:
    """An OCSP response from before the revocation, its nextUpdate passed."""
    answer = pki().ocsp(REVOKED, day("2026-01-10"))
    without = current("root", "tsa-issuer")
    return judged(signed_by(REVOKED, CLAIMED), crls=without, ocsp=[answer])
