"""A receipt proves what it says, to anyone who has the public key, and nothing else passes."""

import base64
import json
import stat
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from hocba.errors import ReceiptInvalid, ReceiptKeyError
from hocba.receipts import (
    PRIVATE_KEY_FILE,
    PUBLIC_KEY_FILE,
    Receipt,
    ReceiptKey,
    create_receipt_key,
    public_pem,
    published_jwk,
    read_public_key,
    read_receipt_key,
    verify_receipt,
)
from hocba.signed_claims import thumbprint
from tests.support.rows import record, version_of

_RECEIPT = Receipt.of(version_of(record()))


@pytest.fixture(scope="module")
def key() -> ReceiptKey:
    """A key of a repository."""
    return ReceiptKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


def _segment(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _signed(key: ReceiptKey, header: object, payload: bytes) -> str:
    signed = f"{_segment(json.dumps(header).encode())}.{_segment(payload)}"
    return f"{signed}.{_segment(key.private_key.sign(signed.encode()))}"


def _header(key: ReceiptKey, **changes: object) -> dict[str, object]:
    return {"alg": "EdDSA", "kid": key.key_id, "typ": "hocba-receipt+jws"} | changes


def _payload(**changes: object) -> bytes:
    claims = _RECEIPT.as_json() | changes
    return json.dumps(claims, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_a_receipt_is_verified_with_the_public_key(key: ReceiptKey) -> None:
    assert verify_receipt(key.issue(_RECEIPT), key.public_key) == _RECEIPT


def test_a_receipt_issued_again_has_the_same_bytes(key: ReceiptKey, tmp_path: Path) -> None:
    again = Receipt.of(version_of(record()))
    assert key.issue(again) == key.issue(_RECEIPT)
    created = create_receipt_key(tmp_path)
    assert read_receipt_key(tmp_path).issue(again) == created.issue(_RECEIPT)


def test_a_receipt_says_what_is_promised(key: ReceiptKey) -> None:
    header, payload, _ = key.issue(_RECEIPT).split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert claims == {
        "madinhdanhhocba": "hb-1",
        "phienban": 1,
        "masogd": "15",
        "sha256": _RECEIPT.sha256,
        "size": 20_000,
        "storage_key": "records/15/hb-1.xml",
        "version_id": "v1",
        "batch": "batch-1",
        "accepted_at": "2026-06-01T05:00:00.123456+00:00",
    }
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == _header(key)


def test_any_jws_library_verifies_a_receipt(key: ReceiptKey) -> None:
    published = jwt.PyJWK(dict(published_jwk(key.public_key)))
    assert jwt.decode(key.issue(_RECEIPT), published, algorithms=["EdDSA"])["size"] == 20_000


def test_openssl_verifies_a_receipt(key: ReceiptKey, tmp_path: Path) -> None:
    signed, _, signature = key.issue(_RECEIPT).rpartition(".")
    (tmp_path / "signed").write_bytes(signed.encode())
    (tmp_path / "signature").write_bytes(base64.urlsafe_b64decode(signature + "=="))
    (tmp_path / "key.pem").write_bytes(public_pem(key.public_key))
    command = "openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in signed -sigfile signature"
    run = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=False)
    assert run.returncode == 0, run.stderr


def test_the_key_is_named_by_its_thumbprint() -> None:
    """RFC 8037, appendix A.3."""
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert thumbprint(jwk) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@pytest.mark.parametrize("position", range(0, 600, 7))
def test_no_changed_letter_of_a_receipt_passes(key: ReceiptKey, position: int) -> None:
    whole = key.issue(_RECEIPT)
    at = position % len(whole)
    changed = whole[:at] + ("A" if whole[at] != "A" else "B") + whole[at + 1 :]
    with pytest.raises(ReceiptInvalid):
        verify_receipt(changed, key.public_key)


def test_no_second_spelling_of_the_signature_passes(key: ReceiptKey) -> None:
    whole = key.issue(_RECEIPT)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = letters[letters.index(whole[-1]) + 1]  # 512 bits leave four unused in the last letter
    for changed in (whole[:-1] + other, whole + "=", whole + "\n", " " + whole):
        with pytest.raises(ReceiptInvalid):
            verify_receipt(changed, key.public_key)


def test_a_receipt_of_another_key_does_not_pass(key: ReceiptKey) -> None:
    other = ReceiptKey(Ed25519PrivateKey.generate())
    with pytest.raises(ReceiptInvalid):
        verify_receipt(key.issue(_RECEIPT), other.public_key)


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "ñ.ñ.ñ", "a.b", "a.b.c.d", "\udcff.a.b"])
def test_what_is_no_jws_does_not_pass(key: ReceiptKey, text: str) -> None:
    with pytest.raises(ReceiptInvalid):
        verify_receipt(text, key.public_key)


@pytest.mark.parametrize(
    "changes",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"kid": "other"},
        {"typ": "JWT"},
        {"crit": ["b64"], "b64": False},
        {"jku": "https://attacker"},
    ],
)
def test_a_signed_text_with_another_header_is_no_receipt(
    key: ReceiptKey, changes: dict[str, object]
) -> None:
    with pytest.raises(ReceiptInvalid):
        verify_receipt(_signed(key, _header(key, **changes), _payload()), key.public_key)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        _payload(phienban="1"),
        _payload(phienban=True),
        _payload(phienban=0),
        _payload(size=0),
        _payload(size=1.0),
        _payload(sha256="F" * 64),
        _payload(accepted_at="yesterday"),
        _payload(accepted_at="2026-06-01T05:00:00"),
        _payload(accepted_at="2026-06-01T12:00:00.123456+07:00")[:-1] + b" }",
        _payload(extra="claim"),
        _payload(batch=None),
        _payload() + b" ",
        json.dumps(_RECEIPT.as_json(), sort_keys=True).encode(),
        _payload(batch="x").replace(b'"x"', b'"\\ud800"'),
    ],
)
def test_a_signed_text_with_other_claims_is_no_receipt(key: ReceiptKey, payload: bytes) -> None:
    with pytest.raises(ReceiptInvalid):
        verify_receipt(_signed(key, _header(key), payload), key.public_key)


def test_the_signed_texts_of_these_tests_are_sound(key: ReceiptKey) -> None:
    assert verify_receipt(_signed(key, _header(key), _payload()), key.public_key) == _RECEIPT


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": "x"},
        {"phienban": 0},
        {"size": 0},
        {"accepted_at": datetime(2026, 6, 1)},  # noqa: DTZ001 -- what is refused
    ],
)
def test_a_promise_about_nothing_cannot_be_made(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"not a SHA-256|version|naive"):
        replace(_RECEIPT, **changes)  # type: ignore[arg-type]


def test_the_private_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    key = create_receipt_key(tmp_path)
    assert stat.S_IMODE((tmp_path / PRIVATE_KEY_FILE).stat().st_mode) == 0o600
    public = read_public_key(tmp_path / PUBLIC_KEY_FILE)
    assert published_jwk(public) == published_jwk(key.public_key)


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    key = create_receipt_key(tmp_path)
    with pytest.raises(ReceiptKeyError):
        create_receipt_key(tmp_path)
    assert read_receipt_key(tmp_path).key_id == key.key_id


def _pem(private: object, password: bytes | None = None) -> bytes:
    protection = BestAvailableEncryption(password) if password else NoEncryption()
    pem: bytes = private.private_bytes(  # type: ignore[attr-defined]
        Encoding.PEM, PrivateFormat.PKCS8, protection
    )
    return pem


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        _pem(generate_private_key(SECP256R1())),
        _pem(Ed25519PrivateKey.generate(), b"secret"),
    ],
)
def test_a_key_that_cannot_be_used_is_said(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / PRIVATE_KEY_FILE).write_bytes(content)
    with pytest.raises(ReceiptKeyError, match=r"receipt-key\.pem"):
        read_receipt_key(tmp_path)


def test_a_public_key_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    public = generate_private_key(SECP256R1()).public_key()
    other = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(ReceiptKeyError):
        read_public_key(path)
    for content in (b"", other):
        path.write_bytes(content)
        with pytest.raises(ReceiptKeyError):
            read_public_key(path)


def test_a_receipt_of_another_time_zone_is_written_in_its_own_words(key: ReceiptKey) -> None:
    receipt = replace(_RECEIPT, accepted_at=datetime(2026, 6, 1, tzinfo=UTC))
    assert verify_receipt(key.issue(receipt), key.public_key) == receipt
