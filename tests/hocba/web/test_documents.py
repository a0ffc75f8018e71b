"""The signed bytes and the receipts, as they come out over HTTP."""

from hashlib import sha256

import httpx
import jwt
import pytest

from hocba.index.rows import TokenKind
from hocba.receipts import verify_receipt
from storage.errors import StoreUnavailable
from tests.support.rows import fill, record, version_of
from tests.support.stand_in import MemoryStore
from tests.support.web import served, stand_in_repository


@pytest.fixture
def operator(sample):
    with sample.client(sample.token(TokenKind.OPERATOR)) as client:
        yield client


def url_of(each, number=None, part="document"):
    number = each.phienban if number is None else number
    return f"/v1/records/{each.madinhdanhhocba}/versions/{number}/{part}"


def test_every_document_comes_out_as_it_went_in(sample, operator):
    sent = {sha256(path.read_bytes()).hexdigest() for path in sample.province.records}
    received = set()
    for each in sample.records():
        answer = operator.get(url_of(each))
        assert answer.status_code == 200
        digest = sha256(answer.content).hexdigest()
        assert answer.headers["etag"] == f'"{digest}"'
        assert answer.headers["content-type"] == "application/xml"
        name = f"hoc-ba-{each.madinhdanhhocba}-v{each.phienban}.xml"
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
        received.add(digest)
    assert received <= sent
    assert received


def test_head_says_what_get_would(sample, operator):
    url = url_of(sample.records()[0])
    full, head = operator.get(url), operator.head(url)
    assert head.content == b""
    assert head.status_code == 200
    for name in ("etag", "content-length", "content-type", "content-disposition"):
        assert head.headers[name] == full.headers[name]


@pytest.mark.parametrize("template", ['"{}"', 'W/"{}"', '"x", "{}"', "*"])
def test_bytes_that_the_client_has_are_not_sent_again(sample, operator, template):
    url = url_of(sample.records()[0])
    etag = operator.get(url).headers["etag"].strip('"')
    answer = operator.get(url, headers={"If-None-Match": template.format(etag)})
    assert answer.status_code == 304
    assert answer.content == b""
    assert answer.headers["etag"] == f'"{etag}"'
    assert sample.trail()[-1].action == "document.read"


@pytest.mark.parametrize("tag", ['"x"', "x", "", '"*"'])
def test_other_bytes_are_sent(sample, operator, tag):
    answer = operator.get(url_of(sample.records()[0]), headers={"If-None-Match": tag})
    assert answer.status_code == 200


def test_a_version_that_is_not_there_is_not_found(sample, operator):
    each = sample.records()[0]
    for number in (99, 2**31 - 1, 2**31, 0, -1, "x", "1.5", "1e9"):
        assert operator.get(url_of(each, number)).status_code == 404


def test_a_receipt_is_proved_with_the_published_key_alone(sample, operator):
    each = sample.records()[0]
    (jwk,) = httpx.get(f"{sample.url}/v1/keys").json()["keys"]
    receipt = operator.get(url_of(each, part="receipt"))
    assert receipt.headers["content-type"] == "application/jose"
    assert jwt.get_unverified_header(receipt.text)["kid"] == jwk["kid"]
    proved = verify_receipt(receipt.text, jwt.PyJWK(jwk).key)
    assert proved.madinhdanhhocba == each.madinhdanhhocba
    assert proved.sha256 == operator.get(url_of(each)).headers["etag"].strip('"')


def test_the_newest_receipt_is_that_of_the_current_version(sample, operator):
    each = sample.records()[0]
    newest = operator.get(f"/v1/records/{each.madinhdanhhocba}/receipt")
    assert newest.content == operator.get(url_of(each, part="receipt")).content
    again = operator.get(
        f"/v1/records/{each.madinhdanhhocba}/receipt",
        headers={"If-None-Match": newest.headers["etag"]},
    )
    assert again.status_code == 304


def test_versions_are_listed_with_where_their_bytes_are(sample, operator):
    each = sample.records()[0]
    page = operator.get(f"/v1/records/{each.madinhdanhhocba}/versions").json()
    assert page["next"] is None
    (version,) = page["items"]
    assert version["event"] == "NEW"
    by = sample.repository.judgement()
    policy = by.policies[version["definition"]].reference
    rules = by.rules
    expected = [policy, rules.algorithms.reference, rules.constraints.reference]
    assert version["policy"].split() == expected
    assert operator.get(version["document"]).status_code == 200
    assert operator.get(version["receipt"]).status_code == 200
    one = operator.get(f"/v1/records/{each.madinhdanhhocba}/versions/{each.phienban}")
    assert one.json() == version


def test_a_record_names_its_school_and_class_and_no_person(sample, operator):
    each = sample.records()[0]
    answer = operator.get(f"/v1/records/{each.madinhdanhhocba}")
    body = answer.json()
    assert (body["tentruong"], body["tenlop"]) == (each.tentruong, each.tenlop)
    assert each.hovaten not in answer.text
    assert each.sodinhdanh not in answer.text


def test_bytes_that_a_store_has_changed_never_leave(sqlite_index, tmp_path, no_trust, caplog):
    """A store is not trusted: what it gives back is proved first, here by not finding it at all."""
    fill(sqlite_index, record())
    repository = stand_in_repository(sqlite_index, tmp_path, no_trust, store=MemoryStore())
    with (
        served(repository, work_batches=False) as site,
        site.client(site.token(TokenKind.OPERATOR)) as client,
    ):
        answer = client.get("/v1/records/hb-1/versions/1/document")
    assert answer.status_code == 500
    body = answer.json()
    assert body["type"] == "urn:hocba:problem:document-damaged"
    assert body["incident"] in caplog.text
    assert "hb-1" not in caplog.text


def test_a_changed_byte_in_the_folder_is_noticed(sample, tmp_path):
    """The same on a real folder store: one byte of one object is changed under the server."""
    home_store = sample.home.path / "store"
    each = sample.records()[-1]
    with sample.repository.index.reading() as tx:
        version = tx.records.version(each.madinhdanhhocba, each.phienban)
    files = [
        path
        for path in home_store.rglob("*")
        if path.is_file() and sha256(path.read_bytes()).hexdigest() == version.sha256
    ]
    (file,) = files
    good = file.read_bytes()
    file.chmod(0o600)
    try:
        file.write_bytes(good.replace(b"<hovaten>", b"<hovaten >", 1))
        with sample.client(sample.token(TokenKind.OPERATOR)) as client:
            answer = client.get(url_of(each))
        assert answer.status_code == 500
        assert answer.json()["type"] == "urn:hocba:problem:document-damaged"
    finally:
        file.write_bytes(good)


def test_a_store_that_is_away_is_said_as_such(sqlite_index, tmp_path, no_trust):
    class Away(MemoryStore):
        def get(self, key: str, version_id: str, sha256: str) -> bytes:
            raise StoreUnavailable("away")

    fill(sqlite_index, record())
    repository = stand_in_repository(sqlite_index, tmp_path, no_trust, store=Away())
    with (
        served(repository, work_batches=False) as site,
        site.client(site.token(TokenKind.OPERATOR)) as client,
    ):
        answer = client.get("/v1/records/hb-1/versions/1/document")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert version_of(record()).sha256 not in answer.text
