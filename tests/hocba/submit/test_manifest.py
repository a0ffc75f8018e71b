"""Small parts: what a newer server says, what is packed, which receipts count."""

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hocba.ingest.entry import Document
from hocba.ingest.source import open_source
from hocba.receipts import Receipt, ReceiptKey, public_jwk, thumbprint
from hocba.submit.manifest import told
from hocba.submit.packing import Packer, PackLimits
from hocba.submit.promises import _fault
from hocba.submit.state import Line
from schemas.findings import Language
from tests.support.stand_in import NOON


def test_a_finding_that_only_the_server_knows_keeps_its_words():
    raw = {
        "code": "HB-Z999",
        "severity": "error",
        "path": "",
        "line": None,
        "message": "Điều mới.",
        "parameters": {},
    }
    assert told(raw).message(Language.VI) == "Máy chủ báo lỗi HB-Z999: Điều mới."
    known = told({**raw, "code": "HB-I008", "parameters": {"limit": 5}, "line": 7})
    assert (known.code, known.line) == ("HB-I008", 7)


NAMES = ["a.xml", "lớp 1A/học bạ.xml", "x" * 150 + ".xml", "thư mục/" * 12 + "é.xml"]


def test_what_is_packed_is_read_again_the_same_whenever_it_is_packed(tmp_path):
    documents = {name: name.encode() * 100 for name in NAMES}
    digests = set()
    for attempt in range(2):
        path = tmp_path / f"{attempt}.tar.zst"
        packer = Packer(path, PackLimits())
        for name, data in documents.items():
            packer.add(name, data)
        packed = packer.finish()
        packer.close()
        digests.add(packed.sha256)
        assert packed.sha256 == sha256(path.read_bytes()).hexdigest()
        assert packed.size == path.stat().st_size
        entries = list(open_source(path).entries())
        assert all(isinstance(each, Document) for each in entries)
        assert {each.file_name: each.data for each in entries} == documents
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("limits", "most"),
    [(PackLimits(documents=3), 3), (PackLimits(size=1_000_000), 60)],
)
def test_a_part_is_full_at_its_limits(tmp_path, limits, most):
    import os

    packer = Packer(tmp_path / "a", limits)
    while not packer.full:
        packer.add(f"{packer.documents}.xml", os.urandom(50_000))
        assert packer.documents <= most
    packer.close()


@pytest.fixture
def key():
    return ReceiptKey(Ed25519PrivateKey.generate())


def receipt(**changes):
    values = {
        "madinhdanhhocba": "r",
        "phienban": 1,
        "masogd": "15",
        "sha256": "a" * 64,
        "size": 5,
        "storage_key": "k",
        "version_id": "v",
        "batch": "b",
        "accepted_at": NOON,
    }
    return Receipt(**{**values, **changes})


SENT = Line(1, "a.xml", "a" * 64, 5, "r", 1)


def keys(*each):
    return {thumbprint(public_jwk(one.public_key)): one.public_key for one in each}


def test_a_receipt_of_what_was_sent_counts(key):
    other = ReceiptKey(Ed25519PrivateKey.generate())
    assert _fault(SENT, key.issue(receipt()), keys(other, key), "s") is None


@pytest.mark.parametrize(
    "changes",
    [{"sha256": "b" * 64}, {"size": 6}, {"madinhdanhhocba": "q"}, {"phienban": 2}],
)
def test_a_receipt_of_something_else_does_not_count(key, changes):
    assert _fault(SENT, key.issue(receipt(**changes)), keys(key), "s").code == "HB-I256"


def test_a_receipt_of_another_key_does_not_count(key):
    other = ReceiptKey(Ed25519PrivateKey.generate())
    assert _fault(SENT, other.issue(receipt()), keys(key), "s").code == "HB-I257"
    assert _fault(SENT, "no.jws.", keys(key), "s").code == "HB-I257"
