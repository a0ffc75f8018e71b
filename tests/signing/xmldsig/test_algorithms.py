"""The algorithm table: its dates against another transcription, and tables that are refused."""

import hashlib
from dataclasses import replace
from datetime import date
from importlib import resources

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

from hocba.sample.insecure_keys import insecure_rsa_key
from schemas.findings import Language
from signing.errors import PolicyError
from signing.xmldsig.algorithms import (
    UnfitKeyError,
    default_policy,
    parse_algorithms,
    read_algorithms,
)

SHIPPED = resources.files("signing.xmldsig").joinpath("algorithms.toml").read_text("utf-8")

DSIG = "http://www.w3.org/2000/09/xmldsig#"
MORE_2001 = "http://www.w3.org/2001/04/xmldsig-more#"
MORE_2007 = "http://www.w3.org/2007/05/xmldsig-more#"
MORE_2021 = "http://www.w3.org/2021/04/xmldsig-more#"
ENC = "http://www.w3.org/2001/04/xmlenc#"

END_2029 = date(2029, 1, 1)

# Facts of ETSI TS 119 312 V1.5.1 as the machine-readable suite of EU DSS 6.4 states them
# (dss-policy-crypto-xml/src/main/resources/suite/dss-crypto-suite.xml, "ETSI ESI Cryptographic
# Suites" 1.5.1, issued 2024-10-13; read on 2026-11-22): URI -> end, None where it sets none.
SUITE_DIGESTS = {
    f"{DSIG}sha1": date(2012, 8, 1),
    f"{MORE_2001}sha224": END_2029,
    f"{ENC}sha256": None,
    f"{MORE_2001}sha384": None,
    f"{ENC}sha512": None,
    f"{MORE_2007}sha3-256": None,
    f"{MORE_2007}sha3-384": None,
    f"{MORE_2007}sha3-512": None,
}
# (URI, size of the key in bits) -> end.
SUITE_SIGNATURES = {
    (f"{DSIG}rsa-sha1", 3000): date(2012, 8, 1),
    (f"{MORE_2001}rsa-sha224", 3000): END_2029,
    (f"{MORE_2001}rsa-sha256", 2048): END_2029,
    (f"{MORE_2001}rsa-sha256", 3000): END_2029,
    (f"{MORE_2001}rsa-sha384", 3000): END_2029,
    (f"{MORE_2001}rsa-sha512", 2048): END_2029,
    (f"{MORE_2001}rsa-sha512", 4096): END_2029,
    # rsassa-pss, whose row holds for every digest
    (f"{MORE_2007}sha256-rsa-MGF1", 2048): END_2029,
    (f"{MORE_2007}sha256-rsa-MGF1", 2999): END_2029,
    (f"{MORE_2007}sha256-rsa-MGF1", 3000): None,
    (f"{MORE_2007}sha512-rsa-MGF1", 4096): None,
    (f"{MORE_2007}sha3-256-rsa-MGF1", 2048): END_2029,
    (f"{MORE_2007}sha3-512-rsa-MGF1", 3072): None,
    (f"{MORE_2001}ecdsa-sha224", 256): END_2029,
    (f"{MORE_2001}ecdsa-sha256", 256): None,
    (f"{MORE_2001}ecdsa-sha384", 384): None,
    (f"{MORE_2001}ecdsa-sha512", 521): None,
    (f"{MORE_2021}ecdsa-sha3-256", 256): None,
    (f"{MORE_2021}ecdsa-sha3-384", 384): None,
    (f"{MORE_2021}ecdsa-sha3-512", 521): None,
}
# What the suite ended before the first digital học bạ, and this table therefore refuses outright.
SUITE_ENDED = {
    f"{MORE_2001}md5": date(2004, 8, 1),
    f"{ENC}ripemd160": date(2014, 8, 1),
    f"{MORE_2007}whirlpool": date(2020, 12, 1),
    f"{MORE_2001}rsa-md5": date(2004, 8, 1),
    f"{MORE_2001}rsa-ripemd160": date(2014, 8, 1),
}


def changed(old: str, new: str) -> bytes:
    assert old in SHIPPED
    return SHIPPED.replace(old, new, 1).encode()


# ---------------------------------------------------------------------------------- the dates


def test_digests_end_when_the_suite_of_dss_says():
    found = {uri: each.accepted_until for uri, each in default_policy().digests.items()}
    assert found == SUITE_DIGESTS


def test_signature_methods_end_when_the_suite_of_dss_says():
    signatures = default_policy().signatures
    found = {(uri, bits): signatures[uri].end(bits) for uri, bits in SUITE_SIGNATURES}
    assert found == SUITE_SIGNATURES


def test_every_signature_method_is_held_against_the_suite():
    # The suite has one row for RSA-PSS; SHA-1 ends everything in 2012.
    of_pss = {f"{MORE_2007}{each}-rsa-MGF1" for each in ("sha224", "sha384", "sha3-384")}
    of_sha1 = {uri for uri, each in default_policy().signatures.items() if each.hash_name == "sha1"}
    covered = {uri for uri, _ in SUITE_SIGNATURES} | of_pss | of_sha1
    assert default_policy().signatures.keys() == covered
    assert {default_policy().signatures[uri].end(4096) for uri in of_sha1} == {date(2012, 8, 1)}


def test_what_ended_before_the_first_record_is_refused_outright():
    policy = default_policy()
    for uri, end in SUITE_ENDED.items():
        assert end < date(2021, 1, 1)
        assert policy.refused[uri] == "HB-S240"


# ---------------------------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("uri", "code", "word"),
    [
        (f"{MORE_2001}rsa-md5", "HB-S240", "broken"),
        (f"{ENC}ripemd160", "HB-S240", "broken"),
        (f"{DSIG}hmac-sha1", "HB-S241", "shared secret"),
        (f"{MORE_2001}hmac-sha512", "HB-S241", "shared secret"),
        (f"{DSIG}dsa-sha1", "HB-S242", "DSA"),
        (f"{MORE_2021}eddsa-ed25519", "HB-S243", "EdDSA"),
    ],
)
def test_says_why_a_method_is_refused(uri, code, word):
    reason = default_policy().refusal(uri)
    assert reason.code == code
    assert word in reason.message(Language.EN)
    assert uri in reason.message(Language.VI)
    assert uri not in default_policy().signatures.keys() | default_policy().digests.keys()


def test_an_unheard_of_method_is_unsupported_and_no_more():
    assert default_policy().refusal("urn:x").code == "HB-S021"


class BinaryCurve(ec.EllipticCurve):
    name = "sect283k1"
    key_size = 283
    group_order = 1


class KeyOn(ec.EllipticCurvePublicKey):
    """A public key on a curve that OpenSSL may no longer make."""

    def __init__(self, curve: ec.EllipticCurve) -> None:
        self._curve = curve

    curve = property(lambda self: self._curve)
    key_size = property(lambda self: self._curve.key_size)

    def public_numbers(self): ...
    def public_bytes(self, encoding, format): ...  # noqa: A002 -- the interface's name
    def verify(self, signature, data, signature_algorithm): ...
    def __eq__(self, other):
        return self is other

    def __hash__(self):
        return 0

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self


def test_a_binary_curve_is_refused_with_the_reason():
    algorithm = default_policy().signatures[f"{MORE_2001}ecdsa-sha256"]
    with pytest.raises(UnfitKeyError, match="sect283k1") as caught:
        algorithm.refuse_unfit(KeyOn(BinaryCurve()))
    assert caught.value.finding.code == "HB-S244"


@pytest.mark.parametrize(
    "curve", [ec.SECP192R1(), ec.SECP224R1(), ec.SECP256K1(), ec.BrainpoolP256R1()]
)
def test_a_curve_that_is_not_in_the_table_is_refused(curve):
    algorithm = default_policy().signatures[f"{MORE_2001}ecdsa-sha256"]
    with pytest.raises(UnfitKeyError, match=curve.name) as caught:
        algorithm.refuse_unfit(KeyOn(curve))
    assert caught.value.finding.code == "HB-S023"


def test_short_and_other_keys_are_refused():
    algorithm = default_policy().signatures[f"{MORE_2001}rsa-sha256"]
    short = rsa.generate_private_key(65537, 1024).public_key()  # noqa: S505 -- to be refused
    with pytest.raises(UnfitKeyError, match="RSA 1024 bit < 2048"):
        algorithm.verify(short, b"", b"")
    low_exponent = rsa.RSAPublicNumbers(3, insecure_rsa_key("e3").public_key().public_numbers().n)
    with pytest.raises(UnfitKeyError, match="RSA e < 65537"):
        algorithm.refuse_unfit(low_exponent.public_key())
    with pytest.raises(UnfitKeyError, match="DSA"):
        algorithm.refuse_unfit(dsa.generate_private_key(2048).public_key())


def test_a_key_that_cannot_be_computed_with_is_unfit():
    """No table allows so short a key; what the library refuses ends in a verdict."""
    algorithm = default_policy().signatures[f"{MORE_2007}sha512-rsa-MGF1"]
    lax = replace(algorithm, rule=replace(algorithm.rule, sizes=((512, None),)))
    short = rsa.RSAPublicNumbers(65537, (1 << 511) + 1).public_key()
    with pytest.raises(UnfitKeyError, match="too large"):
        lax.verify(short, bytes(64), b"")


# ---------------------------------------------------------------------------------- the file


def test_names_itself_its_source_and_its_octets():
    policy = default_policy()
    assert policy.reference == "hocba-algorithms/2026.2"
    assert policy.issued == date(2026, 11, 22)
    assert policy.source[0] == "ETSI TS 119 312 V1.5.1"
    assert policy.sha256 == hashlib.sha256(SHIPPED.encode()).hexdigest()


def test_reads_a_stricter_table(tmp_path):
    file = tmp_path / "tinh.toml"
    file.write_bytes(changed("size = [{ bits = 256 }]", "size = [{ bits = 384 }]"))
    policy = read_algorithms(file)
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    with pytest.raises(UnfitKeyError, match="256 bit < 384"):
        policy.signatures[f"{MORE_2001}ecdsa-sha256"].refuse_unfit(key)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('name = "hocba-algorithms"', 'name = ""', "must be set"),
        ('name = "hocba-algorithms"\n', "", "missing name"),
        ("date = 2026-11-22", 'date = "2026-11-22"', "date is not of the kind date"),
        ("until = 2012-08-01\n", "", "sha1 must have an end"),
        ("until = 2012-08-01", "until = 2012-08-02", "2012-08-01 at the latest"),
        ("until = 2012-08-01", "until = 2012-08-01T00:00:00Z", "until is not of the kind date"),
        ('hash = "sha256"', 'hash = "md5"', "hash md5 is not one of"),
        ('hash = "sha256"', 'hash = "sha256"\nweak = true', "unknown: digest 3: weak"),
        ("#sha384", "#sha224", "stands twice"),
        ("[{ bits = 2048, until = 2029-01-01 }]", "[{ bits = 1024 }]", "bits is 1024, allowed"),
        ("[{ bits = 256 }]", "[{ bits = 255 }]", "bits is 255, allowed is 256"),
        ("{ bits = 3000 }]", "{ bits = 2048 }]", "ascending"),
        ("{ bits = 3000 }]", "{ bits = 3000, from = 1 }]", "unknown: .*from"),
        ("size = [{ bits = 256 }]", "size = []", "ascending"),
        ("size = [{ bits = 256 }]", "size = [256]", "size 1 is no table"),
        ('"secp256r1", ', '"sect283k1", ', "curves must be some of"),
        ('["secp256r1", "secp384r1", "secp521r1"]', "[]", "curves must be some of"),
        ('kind = "rsa"', 'kind = "dsa"', "dsa with padding pkcs1v15 is not supported"),
        ('kind = "rsa"\npadding = "pss"\nsize', 'kind = "rsa"\npadding = "oaep"\nsize', "oaep"),
        ('#rsa-sha512"\nkind = "rsa"', '#rsa-sha512"\nkind = "ecdsa"', "its key ecdsa is not"),
        ('hash = "sha3_512"\n\n# -- keys', 'hash = "sha3_384"\n\n# -- keys', "digest sha3_512"),
        ('reason = "HB-S241"', 'reason = "HB-X999"', "HB-X999 is no finding"),
        ("xmlenc#ripemd160", "xmlenc#sha256", "both accepted and refused"),
        ("#hmac-md5", "#hmac-sha224", "stands twice"),
        ("[[refused]]", "[[tuchoi]]", "unknown: tuchoi"),
        ("[[digest]]", "[[digest", "tinh.toml"),
    ],
)
def test_refuses_a_table_with(old, new, reason):
    with pytest.raises(PolicyError, match=reason) as caught:
        parse_algorithms(changed(old, new), "tinh.toml")
    assert str(caught.value).startswith("tinh.toml: ")


def test_refuses_a_table_under_which_nothing_could_pass():
    start, end = SHIPPED.index("[[signature]]"), SHIPPED.index("# -- known, and refused")
    text = SHIPPED[:start] + SHIPPED[end:]
    with pytest.raises(PolicyError, match="missing signature"):
        parse_algorithms(text.encode(), "tinh.toml")
    head, tail = text.split("# -- digests", 1)
    with pytest.raises(PolicyError, match="nothing could pass"):
        parse_algorithms((head + "signature = []\n# -- digests" + tail).encode(), "tinh.toml")


def test_refuses_a_file_that_is_no_text_or_not_there(tmp_path):
    with pytest.raises(PolicyError, match=r"tinh\.toml"):
        parse_algorithms(b"\xff", "tinh.toml")
    with pytest.raises(PolicyError, match=r"tinh\.toml: No such file"):
        read_algorithms(tmp_path / "tinh.toml")
