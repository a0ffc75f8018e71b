"""The trust folder: read whole or refused, and what a path to it is worth."""

from datetime import UTC, date, datetime
from hashlib import sha256

import pytest
from asn1crypto import pem
from cryptography.hazmat.primitives.serialization import Encoding

from signing.certificates.trust import Purpose, TrustStore, read_trust_store
from signing.errors import TrustStoreError
from tests.support import signing_kit
from tests.support.services.certomancer import TestPki


def write_store(folder, **changes):
    """A trust folder with the kit's root; *changes* replace lines of anchors.toml."""
    (folder / "anchors").mkdir(parents=True)
    (folder / "intermediates").mkdir()
    root = signing_kit.root().certificate
    (folder / "anchors" / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    issuer = signing_kit.issuer().certificate
    (folder / "intermediates" / "ca.pem").write_bytes(issuer.public_bytes(Encoding.PEM))
    entry = {
        "file": '"anchors/root.pem"',
        "sha256": f'"{sha256(root.public_bytes(Encoding.DER)).hexdigest()}"',
        "purpose": '["person", "organization"]',
        "valid_from": '"2020-01-01"',
        "valid_until": "2045-01-01",
        "source": '"tests"',
    } | changes
    lines = [f"{name} = {value}" for name, value in entry.items() if value]
    (folder / "anchors.toml").write_text("[[anchor]]\n" + "\n".join(lines), "utf-8")
    return folder


def test_reads_anchors_with_purpose_period_and_source(tmp_path):
    store = read_trust_store(write_store(tmp_path))
    (anchor,) = store.anchors
    assert anchor.purposes == {Purpose.PERSON, Purpose.ORGANIZATION}
    assert (anchor.valid_from, anchor.valid_until) == (date(2020, 1, 1), date(2045, 1, 1))
    assert anchor.source == "tests"
    assert len(store.intermediates) == 1


def test_an_anchor_is_trusted_in_its_period_and_for_its_purpose_only(tmp_path):
    (anchor,) = read_trust_store(write_store(tmp_path, purpose='["person"]')).anchors
    inside = datetime(2026, 1, 1, tzinfo=UTC)
    assert anchor.trusted(Purpose.PERSON, inside)
    assert anchor.trusted(None, inside)
    assert not anchor.trusted(Purpose.ORGANIZATION, inside)
    assert not anchor.trusted(Purpose.PERSON, datetime(2019, 12, 31, tzinfo=UTC))
    assert not anchor.trusted(Purpose.PERSON, datetime(2045, 1, 2, tzinfo=UTC))


def test_its_digest_names_the_content(tmp_path):
    one = read_trust_store(write_store(tmp_path / "a")).digest
    same = read_trust_store(write_store(tmp_path / "b")).digest
    other = read_trust_store(write_store(tmp_path / "c", purpose='["person"]')).digest
    assert one == same != other


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sha256": '"00"'}, "says another"),
        ({"purpose": '"person"'}, "purpose"),
        ({"purpose": "[]"}, "purpose"),
        ({"purpose": '["everybody"]'}, "everybody"),
        ({"source": ""}, "lacks source"),
        ({"file": '"anchors/khac.pem"'}, "khac.pem"),
        ({"valid_from": '"hôm qua"'}, "hôm qua"),
    ],
)
def test_refuses_a_store_with(tmp_path, changes, reason):
    with pytest.raises(TrustStoreError, match=reason):
        read_trust_store(write_store(tmp_path, **changes))


def test_refuses_a_folder_without_index(tmp_path):
    with pytest.raises(TrustStoreError, match=r"anchors\.toml"):
        read_trust_store(tmp_path)


def test_refuses_an_index_that_is_no_toml(tmp_path):
    (tmp_path / "anchors.toml").write_text("[[anchor", "utf-8")
    with pytest.raises(TrustStoreError, match=r"anchors\.toml"):
        read_trust_store(tmp_path)


def test_refuses_a_store_without_anchors(tmp_path):
    (tmp_path / "anchors.toml").write_text("", "utf-8")
    with pytest.raises(TrustStoreError, match="no anchor"):
        read_trust_store(tmp_path)
    with pytest.raises(TrustStoreError, match="no anchor"):
        TrustStore((), (), "")


def test_refuses_an_anchor_file_that_the_index_does_not_list(tmp_path):
    write_store(tmp_path)
    (tmp_path / "anchors" / "la.pem").write_bytes(b"")
    with pytest.raises(TrustStoreError, match=r"la\.pem: not listed"):
        read_trust_store(tmp_path)


def test_refuses_two_certificates_in_one_file_and_none(tmp_path):
    write_store(tmp_path)
    pem = (tmp_path / "intermediates" / "ca.pem").read_bytes()
    (tmp_path / "intermediates" / "ca.pem").write_bytes(pem + pem)
    with pytest.raises(TrustStoreError, match="2 certificates"):
        read_trust_store(tmp_path)
    (tmp_path / "intermediates" / "ca.pem").write_bytes(b"rong")
    with pytest.raises(TrustStoreError, match="not a PEM"):
        read_trust_store(tmp_path)


def armored(label, der):
    return pem.armor(label, der)


def test_reads_revocation_data_in_either_form_once(tmp_path):
    pki, day = TestPki(), datetime(2026, 6, 15, tzinfo=UTC)
    write_store(tmp_path)
    before = read_trust_store(tmp_path)
    assert (before.crls, before.ocsp_responses) == ((), ())
    for folder in ("crls", "ocsp"):
        (tmp_path / folder).mkdir()
    crl, other = pki.crl("issuer", day), pki.crl("root", day)
    answer = pki.ocsp("homeroom-new", day)
    (tmp_path / "crls" / "a.crl").write_bytes(crl)
    (tmp_path / "crls" / "b.crl").write_bytes(armored("X509 CRL", crl))
    (tmp_path / "crls" / "c.crl").write_bytes(armored("X509 CRL", other))
    (tmp_path / "crls" / "README").write_text("not one", "utf-8")
    (tmp_path / "ocsp" / "a.ocsp").write_bytes(answer)
    (tmp_path / "ocsp" / "b.ocsp").write_bytes(armored("OCSP RESPONSE", answer))
    read = read_trust_store(tmp_path)
    assert set(read.crls) == {crl, other}
    assert len(read.crls) == 2
    assert read.ocsp_responses == (answer,)
    assert read.digest != before.digest
    (tmp_path / "ocsp" / "b.ocsp").unlink()
    assert read_trust_store(tmp_path).digest == read.digest
    (tmp_path / "crls" / "c.crl").unlink()
    assert read_trust_store(tmp_path).digest not in {read.digest, before.digest}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("crls/a.crl", b""),
        ("crls/a.crl", b"junk"),
        ("crls/a.crl", b"-----BEGIN X509 CRL-----\nMA==\n"),
        ("crls/a.crl", b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"),
        ("ocsp/a.ocsp", b"\x30\x03\x0a\x01\x06"),  # OCSP: unauthorized
        ("ocsp/a.ocsp", b"\x30\x80"),
    ],
)
def test_refuses_revocation_data_that_cannot_be_read(tmp_path, name, content):
    write_store(tmp_path)
    file = tmp_path / name
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(TrustStoreError, match=rf"{file.name}: cannot be read"):
        read_trust_store(tmp_path)
