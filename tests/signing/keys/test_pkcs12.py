"""Signing keys in PKCS#12 files: as they are written here, and as other tools write them."""

import hashlib
import pickle
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from signing.errors import SigningKeyError
from signing.keys import pkcs12 as module
from signing.keys.pkcs12 import MAX_BYTES, read_pkcs12, write_pkcs12
from tests.support import signing_kit as kit
from tests.support.keys import key_error
from tests.support.needs import lacking

DIGEST = hashlib.sha256(b"record").digest()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "khoá.p12"


@pytest.mark.parametrize("role", ["GVCN", "CBQL"])
def test_written_key_is_read_back_with_its_chain(path: Path, role: str) -> None:
    key = kit.signer_of(role)
    write_pkcs12(path, key, "mật khẩu")
    read = read_pkcs12(path, "mật khẩu")
    assert read.certificate == key.certificate
    assert read.chain == (kit.issuer().certificate,)
    assert read.sign_digest(DIGEST) == key.sign_digest(DIGEST)


def test_reads_a_key_to_sign_as_asked(path: Path) -> None:
    write_pkcs12(path, kit.signer_of("CBQL"), "a")
    assert read_pkcs12(path, "a", "rsa-pss").scheme.name == "rsa-pss-sha256"
    with key_error("HB-K035", asked="ecdsa"):
        read_pkcs12(path, "a", "ecdsa")


def test_only_the_owner_may_read_a_key_file(path: Path) -> None:
    write_pkcs12(path, kit.signer_of("GVCN"), "secret")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_file_is_never_replaced(path: Path) -> None:
    path.write_bytes(b"someone's key")
    with key_error("HB-K039", file=path.name):
        write_pkcs12(path, kit.signer_of("GVCN"), "secret")
    assert path.read_bytes() == b"someone's key"


def test_a_key_file_needs_a_password(tmp_path: Path, path: Path) -> None:
    with key_error("HB-K038"):
        write_pkcs12(path, kit.signer_of("GVCN"), "")
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_password_is_told_from_a_broken_file(path: Path) -> None:
    write_pkcs12(path, kit.signer_of("GVCN"), "secret")
    for password in ("other", None, ""):
        with key_error("HB-K031", file=path.name):
            read_pkcs12(path, password)
    whole = path.read_bytes()
    der = kit.signer_of("GVCN").certificate.public_bytes(Encoding.DER)
    for broken in (
        b"",
        b"garbage",
        whole[:-5],
        whole + b"x",
        whole[:100],
        der,
        bytes(MAX_BYTES + 1),
    ):
        path.write_bytes(broken)
        with key_error("HB-K032", file=path.name):
            read_pkcs12(path, "secret")


def test_no_broken_file_is_more_than_refused(path: Path) -> None:
    write_pkcs12(path, kit.signer_of("GVCN"), "secret")
    whole = path.read_bytes()
    for position in range(150):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x21]) + whole[position + 1 :])
        with pytest.raises(SigningKeyError):
            read_pkcs12(path, "wrong")


def test_missing_file_is_said(tmp_path: Path) -> None:
    with key_error("HB-K030", file="none.p12"):
        read_pkcs12(tmp_path / "none.p12", "secret")
    with key_error("HB-K030"):
        read_pkcs12(tmp_path, "secret")


@pytest.mark.parametrize("with_certificate", [True, False])
def test_file_without_a_usable_key_and_certificate_is_refused(
    path: Path, *, with_certificate: bool
) -> None:
    key = kit.signer_of("GVCN")
    content = pkcs12.serialize_key_and_certificates(
        b"x",
        None if with_certificate else dsa.generate_private_key(2048),
        key.certificate if with_certificate else None,
        None,
        NoEncryption(),
    )
    path.write_bytes(content)
    with key_error("HB-K033"):
        read_pkcs12(path, None)


@pytest.mark.parametrize("password", ["", "mk"])
def test_takes_no_password_for_none_and_for_an_empty_one(path: Path, password: str) -> None:
    key = kit.signer_of("GVCN")
    encryption = BestAvailableEncryption(b"mk") if password else NoEncryption()
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"x", key.private_key, key.certificate, None, encryption
        )
    )
    assert read_pkcs12(path, password).certificate == key.certificate


def openssl(*arguments: str, folder: Path) -> None:
    try:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
    except FileNotFoundError:
        lacking("openssl", install="install openssl")


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    key = kit.signer_of("CBQL")
    private = key.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(private)
    (tmp_path / "cert.pem").write_bytes(key.certificate.public_bytes(Encoding.PEM))
    return tmp_path


@pytest.mark.parametrize(
    "how",
    [
        ["-legacy"],
        ["-legacy", "-keypbe", "RC2-40-CBC", "-certpbe", "RC2-40-CBC"],
        ["-legacy", "-keypbe", "PBE-SHA1-3DES", "-certpbe", "NONE"],
        ["-keypbe", "AES-256-CBC", "-macalg", "sha512"],
    ],
    ids=["3DES and RC2", "RC2-40", "open certificate", "AES and SHA-512"],
)
def test_opens_what_old_and_new_tools_write(pem: Path, how: list[str]) -> None:
    files = ["-in", "cert.pem", "-inkey", "key.pem", "-out", "k.p12", "-passout", "pass:mk"]
    openssl("pkcs12", "-export", *how, *files, folder=pem)
    read = read_pkcs12(pem / "k.p12", "mk")
    assert read.certificate == kit.signer_of("CBQL").certificate
    with key_error("HB-K031"):
        read_pkcs12(pem / "k.p12", "sai")


def test_an_encryption_that_this_machine_lacks_is_said(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pkcs12(path, kit.signer_of("GVCN"), "secret")

    def unsupported(*_: object) -> None:
        raise UnsupportedAlgorithm("GOST")

    # No build of OpenSSL within reach lacks one of those that tools write.
    monkeypatch.setattr(module.pkcs12, "load_pkcs12", unsupported)
    with key_error("HB-K037", reason="GOST"):
        read_pkcs12(path, "secret")


def test_a_file_with_several_keys_is_refused_with_their_number(path: Path) -> None:
    from asn1crypto import pkcs12 as asn1

    key = kit.signer_of("GVCN")
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"x", key.private_key, key.certificate, None, NoEncryption()
        )
    )
    pfx = asn1.Pfx.load(path.read_bytes())
    safe = pfx.authenticated_safe
    (only,) = safe
    bags = asn1.SafeContents.load(only["content"].native)
    bags.append(next(bag for bag in bags if bag["bag_id"].native == "key_bag").copy())
    only["content"] = bags.dump(force=True)
    auth = pfx["auth_safe"].copy()
    auth["content"] = safe.dump(force=True)
    path.write_bytes(asn1.Pfx({"version": "v3", "auth_safe": auth}).dump(force=True))
    with key_error("HB-K034", count=2):
        read_pkcs12(path, None)


def test_an_error_of_a_key_travels_between_processes(path: Path) -> None:
    with key_error("HB-K030") as caught:
        read_pkcs12(path, None)
    assert pickle.loads(pickle.dumps(caught.value)).finding == caught.value.finding  # noqa: S301
