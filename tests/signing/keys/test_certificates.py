"""Certificates beside a key: reading them, and ordering them into a chain."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from signing.keys import certificates
from signing.keys.certificates import chain_of, read_certificates
from tests.support import signing_kit as kit
from tests.support.keys import key_error


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chung-thu.cer"


def test_reads_der_and_pem_with_many(path: Path) -> None:
    own, issuer = kit.signer_of("GVCN").certificate, kit.issuer().certificate
    path.write_bytes(own.public_bytes(Encoding.DER))
    assert read_certificates(path) == (own,)
    path.write_bytes(b"Bag\n" + own.public_bytes(Encoding.PEM) + issuer.public_bytes(Encoding.PEM))
    assert read_certificates(path) == (own, issuer)


@pytest.mark.parametrize("data", [b"", b"x", b"-----BEGIN CERTIFICATE-----\nx", b"0\x82\xff\xff"])
def test_what_is_no_certificate_is_refused(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with key_error("HB-K059", file=path.name):
        read_certificates(path)


def test_a_missing_file_is_said(path: Path) -> None:
    with key_error("HB-K059"):
        read_certificates(path)


def test_the_chain_is_put_in_order_without_the_anchor() -> None:
    own = kit.signer_of("GVCN").certificate
    pool = [kit.root().certificate, kit.signer_of("CBQL").certificate, kit.issuer().certificate]
    assert chain_of(own, pool) == (kit.issuer().certificate,)
    assert chain_of(own, []) == ()
    assert chain_of(kit.root().certificate, pool) == ()


def test_a_chain_ends_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "_LONGEST_CHAIN", 1)
    own, pool = kit.signer_of("GVCN").certificate, [kit.issuer().certificate]
    assert chain_of(own, pool) == tuple(pool)


def test_an_issuer_by_name_only_is_no_issuer() -> None:
    own = kit.signer_of("GVCN").certificate
    builder = (
        x509.CertificateBuilder()
        .subject_name(own.issuer)
        .issuer_name(kit.root().certificate.subject)
        .public_key(own.public_key())
        .serial_number(7)
        .not_valid_before(own.not_valid_before_utc)
        .not_valid_after(own.not_valid_after_utc)
    )
    lookalike = builder.sign(kit.root().key, kit.root().certificate.signature_hash_algorithm)
    assert chain_of(own, [lookalike]) == ()
    assert chain_of(own, [lookalike, kit.issuer().certificate]) == (kit.issuer().certificate,)
