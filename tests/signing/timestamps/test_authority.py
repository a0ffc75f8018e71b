"""A time-stamping authority over HTTP: a real one, and servers that do everything wrong."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from asn1crypto import core, tsp

from schemas.findings import Language
from signing.certificates.path import PathValidator
from signing.errors import TimestampError
from signing.report import Indication, TimestampKind
from signing.timestamps.authority import HttpTimestampAuthority
from signing.timestamps.token import read_token
from signing.timestamps.validation import TimestampValidator
from signing.xmldsig.algorithms import default_policy
from tests.support.forged_tokens import Forger, forge_token
from tests.support.odd_server import Answer, answering, closed_port, silent
from tests.support.services.certomancer import PkiService
from tests.support.stamping import SIGNED_AT, pki

STAMPED = b"<ds:SignatureValue/>"
NONCE = 0x1234_5678_9ABC_DEF0


@pytest.fixture(scope="module")
def service() -> Iterator[PkiService]:
    with PkiService(at=SIGNED_AT) as running:
        yield running


def authority(url: str, seconds: float = 20, **options: Any) -> HttpTimestampAuthority:
    return HttpTimestampAuthority(
        url=url, timeout=timedelta(seconds=seconds), nonce=lambda: NONCE, **options
    )


def refused(asked: HttpTimestampAuthority) -> TimestampError:
    with pytest.raises(TimestampError) as error:
        asked.timestamp(STAMPED)
    for language in Language:
        assert "{" not in error.value.finding.message(language)
    return error.value


@pytest.mark.parametrize("tsa", ["tsa", "tsa-rsa"])
def test_a_real_authority_gives_a_token_that_validates(service: PkiService, tsa: str) -> None:
    token = HttpTimestampAuthority(url=service.tsa_url(tsa)).timestamp(STAMPED)
    read = read_token(token)
    assert read.generated_at == SIGNED_AT
    assert read.imprint.digest == sha256(STAMPED).digest()
    validator = TimestampValidator(PathValidator(service.pki.trust(at=SIGNED_AT)), default_policy())
    validated = validator.validate(token, STAMPED, TimestampKind.SIGNATURE, SIGNED_AT)
    assert validated.verdict.indication is Indication.TOTAL_PASSED


def test_every_request_has_a_nonce_of_its_own(service: PkiService) -> None:
    lone = HttpTimestampAuthority(url=service.tsa_url())
    nonces = {read_token(lone.timestamp(STAMPED)).nonce for _ in range(3)}
    assert len(nonces) == 3
    assert None not in nonces


def test_nobody_there() -> None:
    assert refused(authority(f"http://{closed_port()}")).finding.code == "HB-K021"


def test_an_authority_that_never_answers_is_given_up_in_time() -> None:
    started = time.monotonic()
    with silent() as endpoint:
        assert refused(authority(f"http://{endpoint}", 0.4)).finding.code == "HB-K022"
    assert time.monotonic() - started < 5


@contextmanager
def dripping() -> Iterator[str]:
    """A server that sends one octet of an endless header every tenth of a second."""
    stop = threading.Event()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(4)
        listener.settimeout(5)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not stop.wait(0.05):
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            stop.set()
            thread.join()


def test_an_authority_that_drips_is_given_up_in_time() -> None:
    started = time.monotonic()
    with dripping() as url:
        assert refused(authority(url, 0.5)).finding.code == "HB-K022"
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(200, body=b"garbage"), "HB-K023"),
        (Answer(200, body=b""), "HB-K023"),
        (Answer(404, body=b"<html>no</html>"), "HB-K023"),
        (Answer(500), "HB-K023"),
        (Answer(302, {"Location": "http://elsewhere.invalid/"}), "HB-K023"),
        (Answer(200, body=b"x" * 200_000), "HB-K023"),
        (Answer(200, {"Content-Encoding": "gzip"}, b"garbage"), "HB-K023"),
        (Answer(200, {"Content-Length": "100"}, b"short"), "HB-K023"),
    ],
)
def test_an_answer_that_is_none_is_told_so(answer: Answer, code: str) -> None:
    with answering(lambda *_: answer) as server:
        # A body shorter than promised: the server keeps the connection, so nothing more comes.
        code = "HB-K022" if answer.headers.get("Content-Length") == "100" else code
        assert refused(authority(f"http://{server.endpoint}", 1)).finding.code == code


def answer_of(token: bytes | None, status: int = 0, **words: Any) -> Answer:
    said = tsp.PKIStatusInfo({"status": status, **words}).dump()
    # A SEQUENCE of the two; asn1crypto's own type has no answer without a token.
    return Answer(200, body=b"\x30" + core.OctetString(said + (token or b"")).dump()[1:])


def test_a_refusal_is_told_in_the_authoritys_words() -> None:
    answer = answer_of(None, 2, status_string=["hạn mức đã hết"], fail_info={"time_not_available"})
    with answering(lambda *_: answer) as server:
        error = refused(authority(f"http://{server.endpoint}"))
    assert error.finding.code == "HB-K024"
    assert "rejection time_not_available hạn mức đã hết" in error.finding.message()


def test_an_authority_that_waits_is_a_refusal() -> None:
    with answering(lambda *_: answer_of(None, 3)) as server:
        assert refused(authority(f"http://{server.endpoint}")).finding.code == "HB-K024"


def granted_without_a_token() -> bytes | None:
    return None


def forged(stamped: bytes = STAMPED, by: str = "tsa", **changes: Any) -> bytes:
    changes = {"nonce": NONCE, **changes}
    return forge_token(stamped, by=Forger.of(pki(), by), at=SIGNED_AT, **changes)


def altered(content: bytes) -> bytes:
    return content.replace(b"20230601", b"20230501")


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (granted_without_a_token, "HB-K023"),
        (lambda: forged(b"others"), "HB-K025"),
        (lambda: forged(nonce=NONCE + 1), "HB-K025"),
        (lambda: forged(nonce=None), "HB-K025"),
        (lambda: forged(imprint_hash="sha512"), "HB-K025"),
        (lambda: forged(change_content=altered), "HB-K026"),
        (lambda: forged(by="tsa-not-critical"), "HB-K026"),
        (lambda: forged(certificates=()), "HB-K026"),
        (lambda: forged(digest="sha1"), "HB-K026"),
    ],
)
def test_a_token_that_is_not_a_good_answer_is_not_taken(
    make: Callable[[], bytes | None], code: str
) -> None:
    answer = answer_of(make())
    with answering(lambda *_: answer) as server:
        assert refused(authority(f"http://{server.endpoint}")).finding.code == code


@pytest.mark.parametrize(
    "url", ["", "tsa.example.vn", "ftp://tsa", "file:///etc/passwd", "http://"]
)
def test_what_is_no_http_address_is_not_asked(url: str) -> None:
    assert refused(authority(url)).finding.code == "HB-K027"


def test_tls_of_an_unknown_authority_is_refused(tmp_path) -> None:
    # Plain HTTP where TLS is spoken is no answer either.
    with answering(lambda *_: Answer(200)) as server:
        assert refused(authority(f"https://{server.endpoint}", 5)).finding.code == "HB-K021"
