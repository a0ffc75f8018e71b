"""A store whose server is away, hangs, or answers as none should: told, in bounded time."""

import base64
import hashlib
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from storage.contract import MAX_OBJECT_SIZE
from storage.errors import ObjectDamaged, StoreMisconfigured, StoreUnavailable
from storage.s3 import S3Store
from storage.s3_settings import Retention, S3Settings
from tests.support.odd_server import Answer, answering, closed_port, silent

KEY = "records/a.xml"
DIGEST = hashlib.sha256(b"one").hexdigest()
ERROR = b"<Error><Code>%s</Code><Message>Text.</Message></Error>"
XML = {"Content-Type": "application/xml"}


def store_at(endpoint: str, *, secure: bool = False) -> S3Store:
    return S3Store(
        S3Settings(
            bucket="bucket",
            endpoint=endpoint,
            access_key="key",
            secret_key="nobody's",  # noqa: S106 -- no server knows it
            secure=secure,
            answer_seconds=0.5,
        )
    )


def test_a_server_that_is_away_is_unavailable_at_once() -> None:
    store = store_at(closed_port())
    for use in (
        lambda: store.put(KEY, b"one"),
        lambda: store.put_many([(KEY, b"one")]),
        lambda: store.get(KEY, "1", DIGEST),
        lambda: store.versions(KEY),
        lambda: list(store.keys()),
        store.check,
    ):
        before = time.monotonic()
        with pytest.raises(StoreUnavailable, match="does not answer"):
            use()
        assert time.monotonic() - before < 5


def test_a_server_that_never_answers_is_unavailable_in_bounded_time() -> None:
    with silent() as endpoint:
        before = time.monotonic()
        with pytest.raises(StoreUnavailable, match="does not answer"):
            store_at(endpoint).put(KEY, b"one")
        assert time.monotonic() - before < 5


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_in_trouble_is_asked_again_and_then_unavailable(status: int) -> None:
    with answering(lambda *_: Answer(status, XML, ERROR % b"SlowDown")) as server:
        with pytest.raises(StoreUnavailable):
            store_at(server.endpoint).put(KEY, b"one")
        assert len(server.requests) == 3


@pytest.mark.parametrize("code", [b"SlowDown", b"BadDigest", b"RequestTimeout"])
def test_an_answer_that_passes_is_unavailable(code: bytes) -> None:
    with (
        answering(lambda *_: Answer(400, XML, ERROR % code)) as server,
        pytest.raises(StoreUnavailable, match=code.decode()),
    ):
        store_at(server.endpoint).put(KEY, b"one")


def test_a_server_error_that_the_sdk_does_not_repeat_is_unavailable() -> None:
    with (
        answering(lambda *_: Answer(507, XML, ERROR % b"InsufficientStorage")) as server,
        pytest.raises(StoreUnavailable, match="InsufficientStorage"),
    ):
        store_at(server.endpoint).put(KEY, b"one")


def test_an_answer_without_a_reason_is_unavailable() -> None:
    def answer(method: str, _: str) -> Answer:
        return Answer(412, XML, ERROR % b"PreconditionFailed") if method == "PUT" else Answer(418)

    with (
        answering(answer) as server,
        pytest.raises(StoreUnavailable, match="answers 418"),
    ):
        store_at(server.endpoint).put(KEY, b"one")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(404, {"Content-Type": "text/html"}, b"<html>it works</html>"),
        Answer(403, XML, b"<Error><Code>cut off"),
        Answer(403, XML, b""),
    ],
)
def test_a_server_that_is_no_s3_server_is_misconfigured(answer: Answer) -> None:
    with (
        answering(lambda *_: answer) as server,
        pytest.raises(StoreMisconfigured, match="does not answer as an S3 server does"),
    ):
        store_at(server.endpoint).put(KEY, b"one")


def test_records_do_not_follow_a_redirect() -> None:
    with answering(lambda *_: Answer(200, {"x-amz-version-id": "1"})) as other:
        target = {"Location": f"http://{other.endpoint}/bucket/{KEY}", **XML}
        with (
            answering(lambda *_: Answer(307, target, ERROR % b"TemporaryRedirect")) as server,
            pytest.raises(StoreMisconfigured, match="TemporaryRedirect"),
        ):
            store_at(server.endpoint).put(KEY, b"one")
        assert other.requests == []


def test_a_server_that_received_other_bytes_promises_nothing() -> None:
    other = base64.b64encode(hashlib.sha256(b"two").digest()).decode()
    headers = {"x-amz-version-id": "1", "x-amz-checksum-sha256": other}
    with (
        answering(lambda *_: Answer(200, headers)) as server,
        pytest.raises(StoreUnavailable, match="received other bytes"),
    ):
        store_at(server.endpoint).put(KEY, b"one")


def test_more_bytes_than_an_object_may_have_are_damaged() -> None:
    body = bytes(MAX_OBJECT_SIZE + 1)
    with (
        answering(lambda *_: Answer(200, {}, body)) as server,
        pytest.raises(ObjectDamaged, match="has over 67108864 bytes"),
    ):
        store_at(server.endpoint).get(KEY, "1", DIGEST)


def test_a_compressed_answer_is_not_unpacked() -> None:
    with (
        answering(lambda *_: Answer(200, {"Content-Encoding": "gzip"}, b"one")) as server,
    ):
        assert store_at(server.endpoint).get(KEY, "1", DIGEST) == b"one"


def test_an_answer_that_ends_early_is_unavailable() -> None:
    with (
        answering(
            lambda *_: Answer(200, {"Content-Length": "99", "Connection": "close"}, b"on")
        ) as server,
        pytest.raises(StoreUnavailable),
    ):
        store_at(server.endpoint).get(KEY, "1", DIGEST)


def test_check_refuses_a_server_that_ignores_conditions() -> None:
    versioned = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"

    def answer(method: str, _: str) -> Answer:
        return Answer(200, {"x-amz-version-id": "1"}, versioned if method == "GET" else b"")

    with (
        answering(answer) as server,
        pytest.raises(StoreMisconfigured, match="ignores If-None-Match"),
    ):
        store_at(server.endpoint).check()


def test_check_tells_why_it_may_not_ask_for_the_lock() -> None:
    versioned = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"

    def answer(_: str, path: str) -> Answer:
        if "object-lock" in path:
            return Answer(403, XML, ERROR % b"AccessDenied")
        return Answer(200, {}, versioned)

    with answering(answer) as server:
        settings = store_at(server.endpoint).settings
        store = S3Store(replace(settings, retention=Retention("GOVERNANCE", 1)))
        with pytest.raises(StoreMisconfigured, match="AccessDenied"):
            store.check()


def test_gives_up_where_others_always_are_faster() -> None:
    def answer(method: str, _: str) -> Answer:
        if method == "PUT":
            return Answer(412, XML, ERROR % b"PreconditionFailed")
        return Answer(404)

    with (
        answering(answer) as server,
        pytest.raises(StoreUnavailable, match="others wrote"),
    ):
        store_at(server.endpoint).put(KEY, b"one")


def test_takes_a_conflict_for_a_lost_race() -> None:
    answers = iter([Answer(409, XML, ERROR % b"ConditionalRequestConflict"), Answer(404)])

    def answer(*_: str) -> Answer:
        return next(answers, Answer(200, {"x-amz-version-id": "7"}))

    with answering(answer) as server:
        assert store_at(server.endpoint).put(KEY, b"one").version_id == "7"


@contextmanager
def tls_server(folder: Path) -> Iterator[str]:
    """The endpoint of a server whose certificate nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_server_that_nobody_vouches_for_is_misconfigured(tmp_path: Path) -> None:
    with (
        tls_server(tmp_path) as endpoint,
        pytest.raises(StoreMisconfigured, match="cannot be trusted"),
    ):
        store_at(endpoint, secure=True).put(KEY, b"one")
