"""F. Algorithms: a right signature that proves nothing, or a wrong one that might pass."""

import hashlib
import hmac
from datetime import UTC, datetime

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signing.keys.key import SoftwareKey
from signing.report import SubIndication
from tests.support import forge as f
from tests.support import signed_records
from tests.support.attacks import FAILED, INDETERMINATE, PASSED, Attempt, attack
from tests.support.forge import Forgery, Ref
from tests.support.odd_certificates import person
from tests.support.signed_records import signer
from tests.support.spoiled import PRINCIPAL, forged

CONSTRAINTS = SubIndication.CRYPTO_CONSTRAINTS_FAILURE
NO_POE = SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE
CRYPTO = SubIndication.SIG_CRYPTO_FAILURE
NO_CERTIFICATE = SubIndication.NO_SIGNING_CERTIFICATE_FOUND

MORE = "http://www.w3.org/2001/04/xmldsig-more#"
HMAC_SHA256 = f"{MORE}hmac-sha256"
PRINCIPAL_ID = signed_records.PEOPLE[PRINCIPAL]


def _principal(**changes) -> bytes:
    """The principal's signature over the content, made as *changes* say."""
    references = changes.pop("references", [Ref("#data")])
    key = changes.pop("key", None) or signer(PRINCIPAL)
    return forged(Forgery(references, key, **changes))


# ------------------------------------------------------------------------- F1, F2: HMAC


def _public_pem() -> bytes:
    key = signer(PRINCIPAL).certificate.public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@attack(
    "F1",
    "hmac-with-the-public-key",
    expects=(INDETERMINATE, CONSTRAINTS, "HB-S241"),
    about=PRINCIPAL,
)
def hmac_public_key() -> bytes:
    """An HMAC whose secret is the principal's public key, which everybody has."""

    def value(octets):
        return hmac.digest(_public_pem(), octets, hashlib.sha256)

    return _principal(method=HMAC_SHA256, value=value)


@attack(
    "F1",
    "hmac-with-the-certificate",
    expects=(INDETERMINATE, CONSTRAINTS, "HB-S241"),
    about=PRINCIPAL,
)
def hmac_certificate() -> bytes:
    """An HMAC whose secret is the principal's certificate."""
    secret = signer(PRINCIPAL).certificate.public_bytes(Encoding.DER)
    return _principal(
        method=HMAC_SHA256, value=lambda octets: hmac.digest(secret, octets, hashlib.sha256)
    )


@attack(
    "F2", "hmac-cut-to-one-bit", expects=(INDETERMINATE, CONSTRAINTS, "HB-S241"), about=PRINCIPAL
)
def hmac_cut() -> bytes:
    """An HMAC of which HMACOutputLength leaves one bit: half of all values are right."""
    return _principal(
        method=HMAC_SHA256,
        method_content="<HMACOutputLength>1</HMACOutputLength>",
        value=b"\x80",
    )


@attack(
    "F2", "output-length-on-rsa", expects=(INDETERMINATE, CONSTRAINTS, "HB-S021"), about=PRINCIPAL
)
def rsa_cut() -> bytes:
    """HMACOutputLength as a parameter of RSA: a parameter that this method does not have."""
    return _principal(method_content="<HMACOutputLength>0</HMACOutputLength>")


# ------------------------------------------------------------------------- F3: digests

for _name, _method, _expects in (
    ("sha1", f.SHA1, (INDETERMINATE, NO_POE, "HB-S022")),
    ("md5", f.MD5, (INDETERMINATE, CONSTRAINTS, "HB-S240")),
    (
        "ripemd160",
        "http://www.w3.org/2001/04/xmlenc#ripemd160",
        (INDETERMINATE, CONSTRAINTS, "HB-S240"),
    ),
):

    def _digest(method=_method) -> bytes:
        return _principal(references=[Ref("#data", digest_method=method)])

    _digest.__doc__ = f"The content digested with {_name}, everything else as usual."
    attack("F3", f"digest-{_name}", expects=_expects, about=PRINCIPAL)(_digest)

for _name, _method, _expects in (
    ("rsa-sha1", f.RSA_SHA1, (INDETERMINATE, NO_POE, "HB-S022")),
    ("rsa-md5", f.RSA_MD5, (INDETERMINATE, CONSTRAINTS, "HB-S240")),
    ("rsa-ripemd160", f"{MORE}rsa-ripemd160", (INDETERMINATE, CONSTRAINTS, "HB-S240")),
    (
        "dsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        (INDETERMINATE, CONSTRAINTS, "HB-S242"),
    ),
):

    def _signature(method=_method) -> bytes:
        return _principal(method=method)

    _signature.__doc__ = f"The signature made with {_name}."
    attack("F3", f"signature-{_name}", expects=_expects, about=PRINCIPAL)(_signature)


# ------------------------------------------------------------------------- F4, F5: RSA keys


def _rsa(bits: int, exponent: int = 65537) -> SoftwareKey:
    key = rsa.generate_private_key(exponent, bits)
    return person(PRINCIPAL_ID, key=key)


@attack("F4", "rsa-1024", expects=(INDETERMINATE, CONSTRAINTS, "HB-S023"), about=PRINCIPAL)
def rsa_1024() -> bytes:
    """A genuine signature with a key of 1024 bits, its certificate by a trusted authority."""
    return _principal(key=_rsa(1024))


@attack("F4", "rsa-2047", expects=(INDETERMINATE, CONSTRAINTS, "HB-S023"), about=PRINCIPAL)
def rsa_2047() -> bytes:
    """A key one bit below the limit."""
    return _principal(key=_rsa(2047))


@attack("F5", "rsa-exponent-3", expects=(INDETERMINATE, CONSTRAINTS, "HB-S023"), about=PRINCIPAL)
def exponent_3() -> bytes:
    """A key of 2048 bits whose exponent is 3, for which values have been forged."""
    return _principal(key=_rsa(2048, 3))


def _patched(change) -> bytes:
    """The principal's certificate with its key changed: the authority's signature breaks."""
    loaded = asn1_x509.Certificate.load(signer(PRINCIPAL).certificate.public_bytes(Encoding.DER))
    change(loaded["tbs_certificate"]["subject_public_key_info"])
    return loaded.dump(force=True)


@attack("F5", "rsa-exponent-1", expects=(INDETERMINATE, NO_CERTIFICATE, "HB-S032"), about=PRINCIPAL)
def exponent_1() -> bytes:
    """A key whose exponent is 1: the value is the padded digest itself, anybody can write it."""

    def change(info):
        info["public_key"].parsed["public_exponent"] = 1

    prefix = bytes.fromhex("3031300d060960864801650304020105000420")

    def value(octets):
        digest = prefix + hashlib.sha256(octets).digest()
        return b"\0\1" + b"\xff" * (256 - 3 - len(digest)) + b"\0" + digest

    return _principal(certificates=[_patched(change)], value=value)


# ------------------------------------------------------------------------- F6: PSS


def _pss(mgf: hashes.HashAlgorithm, digest: hashes.HashAlgorithm, salt: int):
    def value(octets):
        return signer(PRINCIPAL).private_key.sign(
            octets, padding.PSS(padding.MGF1(mgf), salt), digest
        )

    return value


for _name, _value in (
    ("salt-20", _pss(hashes.SHA256(), hashes.SHA256(), 20)),
    ("salt-0", _pss(hashes.SHA256(), hashes.SHA256(), 0)),
    ("salt-longest", _pss(hashes.SHA256(), hashes.SHA256(), 222)),
    ("mgf-sha1", _pss(hashes.SHA1(), hashes.SHA256(), 32)),  # noqa: S303 -- to be refused
    ("digest-sha512", _pss(hashes.SHA512(), hashes.SHA512(), 64)),
):

    def _build(value=_value) -> bytes:
        return _principal(method=f.RSA_PSS_SHA256, value=value)

    _build.__doc__ = f"A PSS value made otherwise than the method says: {_name}."
    attack("F6", f"pss-{_name}", expects=(FAILED, CRYPTO, "HB-S020"), about=PRINCIPAL)(_build)


@attack("F6", "pss-value-under-pkcs1", expects=(FAILED, CRYPTO, "HB-S020"), about=PRINCIPAL)
def pss_as_pkcs1() -> bytes:
    """A PSS value under the method of PKCS#1."""
    return _principal(method=f.RSA_SHA256, value=_pss(hashes.SHA256(), hashes.SHA256(), 32))


# ------------------------------------------------------------------------- F7: ECDSA

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def _ecdsa(make) -> bytes:
    key = person(PRINCIPAL_ID)

    def value(octets):
        r, s = utils.decode_dss_signature(key.private_key.sign(octets, ec.ECDSA(hashes.SHA256())))
        return make(r, s)

    return _principal(key=key, value=value)


def _raw(r: int, s: int, size: int = 32) -> bytes:
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


for _name, _make, _what in (
    ("der", utils.encode_dss_signature, "in DER, as TLS and X.509 write it"),
    ("too-long", lambda r, s: _raw(r, s, 33), "with a leading null octet in each half"),
    ("too-short", lambda r, s: _raw(r, s)[:-1], "without its last octet"),
    ("odd", lambda r, s: _raw(r, s) + b"\0", "with a null octet behind it"),
    ("r-zero", lambda _, s: _raw(0, s), "with r = 0"),
    ("s-zero", lambda r, _: _raw(r, 0), "with s = 0"),
    ("both-zero", lambda *_: bytes(64), "with r = s = 0 (CVE-2022-21449)"),
    ("r-and-s-swapped", lambda r, s: _raw(s, r), "with r and s swapped"),
    ("s-above-the-order", lambda r, s: _raw(r, min(s + ORDER, 2**256 - 1)), "with s + n for s"),
    ("r-is-the-order", lambda _, s: _raw(ORDER, s), "with r = n, which is 0 modulo n"),
):

    def _value_of(make=_make) -> bytes:
        return _ecdsa(make)

    _value_of.__doc__ = f"The pair of numbers {_what}."
    attack("F7", f"ecdsa-{_name}", expects=(FAILED, CRYPTO, "HB-S020"), about=PRINCIPAL)(_value_of)


# ------------------------------------------------------------------------- F8, F9: unknown


@attack("F8", "method-unheard-of", expects=(INDETERMINATE, CONSTRAINTS, "HB-S021"), about=PRINCIPAL)
def unheard_of() -> bytes:
    """A signature method that nobody has defined."""
    return _principal(method="urn:unheard-of")


@attack("F8", "digest-unheard-of", expects=(INDETERMINATE, CONSTRAINTS, "HB-S021"), about=PRINCIPAL)
def digest_unheard_of() -> bytes:
    """A digest method that nobody has defined."""
    return _principal(references=[Ref("#data", digest_method="urn:unheard-of")])


@attack(
    "F8",
    "canonicalization-unheard-of",
    expects=(INDETERMINATE, CONSTRAINTS, "HB-S021"),
    about=PRINCIPAL,
)
def canonicalization_unheard_of() -> bytes:
    """A canonicalisation of SignedInfo that nobody has defined."""
    return _principal(canonicalization="urn:unheard-of")


@attack("F8", "eddsa", expects=(INDETERMINATE, CONSTRAINTS, "HB-S243"), about=PRINCIPAL)
def eddsa() -> bytes:
    """A genuine Ed25519 signature, its certificate by a trusted authority."""
    key = person(PRINCIPAL_ID, key=ed25519.Ed25519PrivateKey.generate())
    method = "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519"
    return _principal(key=key, method=method, value=key.private_key.sign)


@attack(
    "F8", "eddsa-key-under-ecdsa", expects=(INDETERMINATE, CONSTRAINTS, "HB-S023"), about=PRINCIPAL
)
def eddsa_key_under_ecdsa() -> bytes:
    """An Ed25519 key and value under the method of ECDSA."""
    key = person(PRINCIPAL_ID, key=ed25519.Ed25519PrivateKey.generate())
    return _principal(key=key, method=f.ECDSA_SHA256, value=key.private_key.sign)


@attack(
    "F8", "rsa-key-under-ecdsa", expects=(INDETERMINATE, CONSTRAINTS, "HB-S023"), about=PRINCIPAL
)
def rsa_key_under_ecdsa() -> bytes:
    """An RSA value under the method of ECDSA."""
    return _principal(method=f.ECDSA_SHA256)


@attack("F9", "sect-curve", expects=(INDETERMINATE, NO_CERTIFICATE, "HB-S032"), about=PRINCIPAL)
def sect_curve() -> bytes:
    """A certificate whose key lies on sect283r1, as a point of a small subgroup would."""
    ours = asn1_x509.Certificate.load(person(PRINCIPAL_ID).certificate.public_bytes(Encoding.DER))
    info = ours["tbs_certificate"]["subject_public_key_info"]
    info["algorithm"]["parameters"] = asn1_keys.ECDomainParameters(
        name="named", value="1.3.132.0.17"
    )
    info["public_key"] = asn1_keys.ECPointBitString(b"\4" + b"\1" * 72)
    return _principal(certificates=[ours.dump(force=True)], method=f.ECDSA_SHA256, value=b"\1" * 64)


@attack("F9", "brainpool-curve", expects=(INDETERMINATE, CONSTRAINTS, "HB-S023"), about=PRINCIPAL)
def brainpool() -> bytes:
    """A genuine signature on a curve that the table does not list."""
    key = person(PRINCIPAL_ID, key=ec.generate_private_key(ec.BrainpoolP256R1()))
    return _principal(key=key, method=f.ECDSA_SHA256)


@attack("F9", "small-curve", expects=(INDETERMINATE, CONSTRAINTS, "HB-S023"), about=PRINCIPAL)
def small_curve() -> bytes:
    """A genuine signature on P-192."""
    key = person(PRINCIPAL_ID, key=ec.generate_private_key(ec.SECP192R1()))
    return _principal(key=key, method=f.ECDSA_SHA256)


# ------------------------------------------------------------------------- F10: by date only


@attack("F10", "pkcs1-after-its-end", expects=(INDETERMINATE, NO_POE, "HB-S022"), about=PRINCIPAL)
def after_its_end() -> Attempt:
    """RSA PKCS#1 judged in 2029 with nothing that proves the signature to be older."""
    key = person(PRINCIPAL_ID, key=signer(PRINCIPAL).private_key, days=3650)
    return Attempt(data=_principal(key=key), at=datetime(2029, 2, 1, tzinfo=UTC))


@attack(
    "F10",
    "pkcs1-before-its-end",
    expects=(PASSED, None, None),
    about=PRINCIPAL,
    harmless="the table accepts RSA PKCS#1 to the end of 2028",
)
def before_its_end() -> Attempt:
    """The same judged in 2028."""
    key = person(PRINCIPAL_ID, key=signer(PRINCIPAL).private_key, days=3650)
    return Attempt(data=_principal(key=key), at=datetime(2028, 2, 1, tzinfo=UTC))
