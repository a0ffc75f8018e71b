"""Signing keys on real PKCS#11 tokens (SoftHSM2)."""

# ruff: noqa: S105, S106, S107 -- a token of PKCS#11 is no password

import hashlib
import multiprocessing
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

import signing.keys.token as module
from hocba.sample.insecure_keys import insecure_ec_key
from signing.creation.builder import sign_record
from signing.errors import SigningKeyError
from signing.keys.address import read_token_address
from signing.keys.key import SoftwareKey
from signing.keys.pkcs11 import TokenKey, open_token_key
from signing.xmldsig.algorithms import default_policy
from tests.support import peers
from tests.support import signing_kit as kit
from tests.support.keys import key_error
from tests.support.services.softhsm import PIN, SoftHsm, what_a_removed_token_says

Open = Callable[..., TokenKey]


def p384() -> SoftwareKey:
    key = insecure_ec_key("token/p384", ec.SECP384R1())
    return kit.signer_with(key, f"CCCD:{kit.HOMEROOM}")


@pytest.fixture(scope="module")
def hsm(softhsm: SoftHsm) -> SoftHsm:
    softhsm.add("empty-1", kit.signer_of("CBQL"), label="hiệu trưởng", identifier=b"\1\xff")
    many = "empty-2"
    softhsm.add(many, kit.signer_of("KY_PHAT_HANH"), label="con dau", identifier=b"\1")
    softhsm.add(many, kit.signer_of("GVCN"), label="gvcn", identifier=b"\2")
    softhsm.add(many, p384(), label="gvcn", identifier=b"\3")
    softhsm.add(many, kit.signer_of("GVBM"), label="trần", identifier=b"\4", certificates=())
    wrong = [kit.signer_of("GVCN").certificate]
    softhsm.add(many, kit.signer_of("GVBM"), label="lech", identifier=b"\5", certificates=wrong)
    softhsm.add(many, kit.signer_of("CBQL"), label="giai ma", identifier=b"\6", SIGN=False)
    return softhsm


@pytest.fixture
def opened(hsm: SoftHsm):
    keys: list[TokenKey] = []

    def open_it(token: str = "empty-1", rest: str = "", *, pin: str | None = PIN, **more: object):
        address = read_token_address(hsm.uri(token, rest))
        key = open_token_key(address, lambda _label: pin, **more)  # type: ignore[arg-type]
        keys.append(key)
        return key

    yield open_it
    for each in keys:
        each.close()


@pytest.mark.parametrize(
    ("rest", "asked", "scheme", "length"),
    [
        (";object=con%20dau", None, "rsa-sha256", 256),
        (";object=con%20dau", "rsa-sha384", "rsa-sha384", 256),
        (";object=con%20dau", "rsa-sha512", "rsa-sha512", 256),
        (";object=con%20dau", "rsa-pss", "rsa-pss-sha256", 256),
        (";object=con%20dau", "rsa-pss-sha384", "rsa-pss-sha384", 256),
        (";object=con%20dau", "rsa-pss-sha512", "rsa-pss-sha512", 256),
        (";id=%02", None, "ecdsa-sha256", 64),
        (";object=gvcn;id=%03", None, "ecdsa-sha384", 96),
        (";id=%03", "ecdsa-sha256", "ecdsa-sha256", 96),
    ],
)
def test_what_a_token_signs_validates(
    opened: Open, rest: str, asked: str | None, scheme: str, length: int
) -> None:
    key = opened("empty-2", rest, algorithm=asked)
    assert key.scheme.name == scheme
    digest = hashlib.new(key.digest_algorithm, b"record").digest()
    value = key.sign_digest(digest)
    assert len(value) == length
    algorithm = default_policy().signatures[key.signature_algorithm]
    algorithm.verify(key.certificate.public_key(), value, b"record")
    assert key.batch_limit == 1
    assert len(key.sign_digests([digest, digest])) == 2


def test_the_only_key_needs_no_name_and_brings_its_chain(opened: Open) -> None:
    key = opened()
    assert key.certificate == kit.signer_of("CBQL").certificate
    assert key.chain == (kit.issuer().certificate,)
    assert key.token == "empty-1"


def test_a_record_signed_on_a_token_passes_with_another_engine(opened: Open) -> None:
    key = opened("empty-2", ";id=%02")
    record = kit.RECORD
    for role in ("GVBM",):
        for signer in (kit.signer_of(role), kit.signer(f"CCCD:{kit.OTHER_TEACHER}")):
            record = sign_record(
                record, role, signer, policy=kit.policy(), signing_time=kit.SIGNED_AT
            )
    signed = sign_record(record, "GVCN", key, policy=kit.policy(), signing_time=kit.SIGNED_AT)
    assert peers.xmlsec_verdicts(signed) == [True, True, True]


def test_a_key_says_nothing_of_its_pin(opened: Open) -> None:
    assert PIN not in repr(opened())


def test_a_wrong_pin_is_said_and_the_right_one_still_opens(opened: Open) -> None:
    for wrong in ("000000", "1", "x" * 300):
        with key_error("HB-K042", token="empty-1") as caught:
            opened(pin=wrong)
        assert wrong not in f"{caught.value.finding}" or wrong == "1"
    opened()


def test_no_attempt_is_wasted_on_an_empty_pin(opened: Open) -> None:
    for none in (None, ""):
        with key_error("HB-K042"):
            opened(pin=none)


class Refusing:
    """A token as a locked one answers. SoftHSM never locks itself, so none within reach does."""

    label = "school"

    def __init__(self, flags: int) -> None:
        self.flags = flags


def test_a_locked_token_is_told_from_a_wrong_pin() -> None:
    import pkcs11

    with key_error("HB-K043", token="school"), module.telling("school"):
        raise pkcs11.exceptions.PinLocked
    locked = Refusing(pkcs11.TokenFlag.USER_PIN_LOCKED)
    with key_error("HB-K043", token="school"):
        module.pin_of(locked, "school", lambda _: pytest.fail("asked for a PIN"))


def test_a_keypad_takes_the_pin_itself() -> None:
    import pkcs11

    keypad = Refusing(pkcs11.TokenFlag.PROTECTED_AUTHENTICATION_PATH)
    found = module.pin_of(keypad, "school", lambda _: pytest.fail("asked for a PIN"))
    assert found is pkcs11.PROTECTED_AUTH


def test_a_key_that_wants_the_pin_at_every_signature_gets_it(hsm: SoftHsm, opened: Open) -> None:
    token = "empty-4"
    hsm.add(token, kit.signer_of("CBQL"), label="k", identifier=b"\1", ALWAYS_AUTHENTICATE=True)
    key = opened(token)
    for _ in range(2):
        key.sign_digest(hashlib.sha256(b"x").digest())
    assert PIN not in repr(key)


def test_an_absent_token_is_said_with_those_that_are_there(hsm: SoftHsm, opened: Open) -> None:
    with key_error("HB-K041", wanted="token=không có") as caught:
        opened("kh%C3%B4ng%20c%C3%B3")
    assert "empty-1" in dict(caught.value.finding.parameters)["found"]


@pytest.mark.parametrize("attribute", ["serial", "slot-id", "manufacturer", "model"])
def test_a_token_is_found_by_whatever_names_it(hsm: SoftHsm, attribute: str) -> None:
    import pkcs11

    token = hsm.token("empty-1")
    value = module._token_fields(token)[attribute]
    address = read_token_address(f"{hsm.uri('empty-1', f';{attribute}={value}')}")
    assert module.find_token(pkcs11.lib(hsm.module), address).serial == token.serial
    for wrong in ("0", "Sai"):
        if wrong.isdigit() or attribute != "slot-id":
            address = read_token_address(hsm.uri("empty-1", f";{attribute}={wrong}"))
            with key_error("HB-K041"):
                module.find_token(pkcs11.lib(hsm.module), address)


def test_two_tokens_of_one_name_are_listed(hsm: SoftHsm, opened: Open) -> None:
    with key_error("HB-K045", count=2) as caught:
        opened("twin")
    assert dict(caught.value.finding.parameters)["found"].count("token=twin;slot-id=") == 2


def test_several_keys_are_listed_by_label_and_id(opened: Open) -> None:
    with key_error("HB-K045", count=5) as caught:
        opened("empty-2")
    found = dict(caught.value.finding.parameters)["found"]
    assert "object=con dau;id=%01" in found
    assert "giai ma" not in found  # that one does not sign
    with key_error("HB-K045", count=2):
        opened("empty-2", ";object=gvcn")


def test_a_key_that_is_not_there_is_said_with_those_that_are(opened: Open) -> None:
    with key_error("HB-K044", wanted="object=lạ;id=%07") as caught:
        opened("empty-2", ";object=l%E1%BA%A1;id=%07")
    assert "gvcn" in dict(caught.value.finding.parameters)["found"]
    with key_error("HB-K044", token="empty-5", found="–", wanted="object=*"):
        opened("empty-5")


def test_a_key_without_certificate_needs_one_from_a_file(opened: Open) -> None:
    with key_error("HB-K046", token="empty-2", found="object=trần;id=%04"):
        opened("empty-2", ";id=%04")
    signer = kit.signer_of("GVBM")
    key = opened("empty-2", ";id=%04", certificates=(signer.certificate, *signer.chain))
    assert key.chain == signer.chain
    key.sign_digest(hashlib.sha256(b"x").digest())


def test_a_certificate_of_another_key_never_signs(opened: Open) -> None:
    key = opened("empty-2", ";object=lech")
    with key_error("HB-K056", scheme="ecdsa-sha256"):
        key.sign_digest(hashlib.sha256(b"x").digest())


def test_the_latest_of_two_certificates_of_one_key_is_taken(hsm: SoftHsm, opened: Open) -> None:
    token, signer = "empty-6", kit.signer_of("CBQL")
    later = kit.signer_with(signer.private_key, "CCCD:015070000004", years=5)
    hsm.add(token, signer, label="k", identifier=b"\1", certificates=[later.certificate])
    hsm.add_certificate(token, signer.certificate, label="k", identifier=b"\1")
    assert opened(token).certificate == later.certificate


def test_a_certificate_that_shares_the_label_only_is_found_and_a_damaged_one_is_not(
    hsm: SoftHsm, opened: Open
) -> None:
    from pkcs11 import Attribute, CertificateType, ObjectClass

    token, signer = "empty-7", kit.signer_of("CBQL")
    hsm.add(token, signer, label="k", identifier=b"\1", certificates=())
    hsm.add_certificate(token, signer.certificate, label="k", identifier=b"\7")
    with hsm.session(token) as session:
        session.create_object(
            {
                Attribute.CLASS: ObjectClass.CERTIFICATE,
                Attribute.CERTIFICATE_TYPE: CertificateType.X_509,
                Attribute.SUBJECT: b"0\0",
                Attribute.VALUE: b"not a certificate",
                Attribute.ID: b"\1",
                Attribute.LABEL: "k",
                Attribute.TOKEN: True,
            }
        )
    assert opened(token).certificate == signer.certificate


def test_a_token_pulled_out_is_said_and_can_still_be_closed(hsm: SoftHsm, tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        codes = pool.submit(what_a_removed_token_says, tmp_path).result(timeout=60)
    assert codes[0] == "HB-K047"
    assert codes[1] in ("HB-K041", "HB-K047")  # what is not there, or does not answer


def test_a_token_that_does_not_answer_keeps_nobody_from_the_others(hsm: SoftHsm) -> None:
    import pkcs11

    class Broken:
        def get_token(self) -> None:
            raise pkcs11.exceptions.TokenNotRecognised

    class Blank:
        label, serial = "", b"\0 "

        def get_token(self) -> "Blank":
            return self

    class Library:
        def get_slots(self, *, token_present: bool) -> list[object]:
            whole = pkcs11.lib(hsm.module).get_slots(token_present=token_present)
            return [Broken(), Blank(), *whole]

    address = read_token_address(hsm.uri("empty-1"))
    assert module.find_token(Library(), address).label == "empty-1"


def test_an_attribute_that_a_token_does_not_tell_is_none_and_closing_twice_is_no_error() -> None:
    import pkcs11

    class Thing:
        def __getitem__(self, _name: object) -> None:
            raise pkcs11.exceptions.AttributeTypeInvalid

        def close(self) -> None:
            raise pkcs11.exceptions.SessionHandleInvalid

    assert module.attribute(Thing(), "LABEL") is None
    module.close(Thing())


def test_a_key_without_id_and_label_has_no_certificate_of_its_own() -> None:
    with key_error("HB-K046", found="object=;id="):
        module.certificate_of(None, Nameless(), "t")


class Nameless:
    """A key as a token without labels shows it."""

    def __getitem__(self, _name: object) -> None:
        return None


def test_a_mechanism_that_the_token_lacks_is_said(
    hsm: SoftHsm, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    from signing.keys import pkcs11

    # SoftHSM offers all; a name that no token has stands for one that this token lacks.
    monkeypatch.setitem(pkcs11._MECHANISMS, "rsa-pss", "NONE")
    with key_error("HB-K048", scheme="rsa-pss-sha256", known="rsa, ecdsa"):
        opened(algorithm="rsa-pss")
    opened()  # and nobody is logged in any more


@pytest.mark.parametrize("kind", ["missing", "text", "library"])
def test_a_module_that_cannot_be_used_is_said(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "no.so"
    if kind == "text":
        path.write_text("not a library")
    if kind == "library":
        import _ctypes

        path = Path(_ctypes.__file__)
    address = read_token_address(f"pkcs11:?module-path={path}")
    with key_error("HB-K040", module=path):
        open_token_key(address, lambda _: PIN)


def test_without_the_extra_only_tokens_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with key_error("HB-K040") as caught:
        open_token_key(read_token_address("pkcs11:?module-path=/x"), lambda _: PIN)
    assert "hocba[pkcs11]" in caught.value.finding.message()


def test_a_failure_of_the_library_is_a_key_error() -> None:
    import pkcs11

    with pytest.raises(SigningKeyError), module.telling("t"):
        raise pkcs11.exceptions.DeviceRemoved
