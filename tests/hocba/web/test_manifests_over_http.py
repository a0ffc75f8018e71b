"""A manifest compared with what is held: by digest, within the caller's province."""

from hashlib import sha256

import pytest

from hocba.index.rows import TokenKind
from hocba.receipts import verify_receipt
from tests.support.archives import write_zip
from tests.support.stand_in import document


@pytest.fixture
def sender(site):
    with site.client(site.token(TokenKind.PROVINCE, masogd="15")) as client:
        yield client


@pytest.fixture
def taken(site, tmp_path):
    """Two documents of province 15 and one of 79, taken in."""
    documents = [document(1), document(2), document(3, masogd="79", matruong="79000001")]
    path = write_zip(
        tmp_path / "a.zip", {f"{number}.xml": data for number, data in enumerate(documents)}
    )
    batch = site.repository.ingest.take_in(path, sender="cli", masogd=None)
    assert batch.counts.accepted == 3
    return documents


def line(number, data, **changes):
    return {
        "madinhdanhhocba": f"00000000-0000-4000-8000-{number:012}",
        "phienban": 1,
        "sha256": sha256(data).hexdigest(),
        **changes,
    }


def test_tells_what_is_held_and_what_is_missing(sender, taken):
    other = sha256(b"other").hexdigest()
    lines = [line(1, taken[0]), line(2, b"", sha256=other), line(9, taken[1])]
    answer = sender.post("/v1/manifests", json={"documents": lines})
    assert answer.status_code == 200
    (known,) = answer.json()["known"]
    assert known["sha256"] == sha256(taken[0]).hexdigest()
    assert known["receipt"] is None
    assert set(answer.json()["missing"]) == {other, sha256(taken[1]).hexdigest()}


def test_brings_receipts_where_they_are_asked_for(site, sender, taken):
    lines = [line(number, data) for number, data in enumerate(taken[:2], start=1)]
    answer = sender.post("/v1/manifests", json={"documents": lines, "receipts": True})
    receipts = [
        verify_receipt(each["receipt"], site.repository.receipts.public_key)
        for each in answer.json()["known"]
    ]
    assert [each.sha256 for each in receipts] == [each["sha256"] for each in lines]
    read = [each for each in site.trail() if each.action == "receipt.read"]
    assert {each.madinhdanhhocba for each in read} == {each["madinhdanhhocba"] for each in lines}


def test_another_province_s_documents_are_missing(site, sender, taken):
    lines = [line(3, taken[2])]
    answer = sender.post("/v1/manifests", json={"documents": lines, "receipts": True})
    assert answer.json() == {"known": [], "missing": [lines[0]["sha256"]]}
    (event,) = [each for each in site.trail() if each.action == "manifest.compared"]
    assert dict(event.detail) == {"documents": "1", "known": "0"}
    with site.client(site.token(TokenKind.OPERATOR)) as operator:
        assert operator.post("/v1/manifests", json={"documents": lines}).json()["missing"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b'{"documents": []}', 422),
        (b'{"documents": [{"madinhdanhhocba": "a", "phienban": 1}]}', 422),
        (b'{"documents": [{"madinhdanhhocba": "a", "phienban": "1", "sha256": "x"}]}', 422),
        (b"[" * 300_000, 422),
        (b" " * 600_000, 413),
    ],
)
def test_refuses_what_is_no_manifest(sender, body, status):
    answer = sender.post(
        "/v1/manifests", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == status, answer.text
    assert answer.json()["type"].startswith("urn:hocba:problem:")


def test_refuses_more_than_a_thousand_at_once(sender):
    lines = [line(number, b"x") for number in range(1001)]
    answer = sender.post("/v1/manifests", json={"documents": lines})
    assert (answer.status_code, answer.json()["names"]) == (422, "documents")


def test_is_not_for_guardians(site):
    with site.client(site.token(TokenKind.GUARDIAN, mahocsinh=("1",))) as guardian:
        assert guardian.post("/v1/manifests", json={"documents": []}).status_code == 403
