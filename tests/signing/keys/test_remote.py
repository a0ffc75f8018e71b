"""Signing keys at a remote service: certomancer's CSC server, and what may go wrong with one."""

import hashlib
import json
import socket
import ssl
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding

from signing.creation.builder import sign_record
from signing.errors import SigningKeyError
from signing.keys.address import read_service_address
from signing.keys.csc import Factor
from signing.keys.csc_client import MAX_ANSWER_BYTES, CscClient
from signing.keys.remote import MOST_AT_ONCE, Patience, RemoteKey, open_remote_key
from signing.keys.scheme import SCHEMES
from signing.xmldsig.algorithms import default_policy
from tests.support import peers
from tests.support import signing_kit as kit
from tests.support.keys import key_error
from tests.support.services.certomancer import TestPki
from tests.support.services.csc import ACCESS_TOKEN, OTP, PIN, CscService

INFO, AUTHORIZE, SIGN = "credentials/info", "credentials/authorize", "signatures/signHash"
DIGESTS = tuple(hashlib.sha256(bytes([number])).digest() for number in range(4))
SHORT = Patience(answer=2.0, approval=2.0)

# The service is as certomancer ships it.
pytestmark = pytest.mark.filterwarnings("ignore::aiohttp.web_exceptions.NotAppKeyWarning")


@pytest.fixture(scope="module")
def pki() -> TestPki:
    return TestPki()


@pytest.fixture
def service(pki: TestPki) -> Iterator[CscService]:
    with CscService(pki) as running:
        yield running


def answers(**given: str) -> Callable[[Factor], str | None]:
    return lambda factor: given.get(factor.value)


def opened(
    service: CscService,
    label: str = "homeroom",
    *,
    version: str = "v1",
    token: str = ACCESS_TOKEN,
    algorithm: str | None = None,
    **factors: str,
) -> RemoteKey:
    client = CscClient(read_service_address(service.uri(label, version)), token)
    return open_remote_key(client, answers(**factors), algorithm=algorithm, patience=SHORT)


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize(
    ("label", "asked", "name"),
    [
        ("homeroom", None, "ecdsa-sha256"),
        ("homeroom", "ecdsa-sha384", "ecdsa-sha384"),
        ("school", None, "rsa-sha256"),
        ("school", "rsa-sha512", "rsa-sha512"),
        ("school", "rsa-pss", "rsa-pss-sha256"),
        ("school", "rsa-pss-sha384", "rsa-pss-sha384"),
    ],
)
def test_what_the_service_signs_validates(
    service: CscService, pki: TestPki, version: str, label: str, asked: str | None, name: str
) -> None:
    key = opened(service, label, version=version, algorithm=asked)
    assert key.signature_algorithm == SCHEMES[name].uri
    assert key.certificate == pki.certificate(label)
    assert key.chain == (pki.certificate("issuer"),)
    value = key.sign_digest(hashlib.new(key.digest_algorithm, b"record").digest())
    algorithm = default_policy().signatures[key.signature_algorithm]
    algorithm.verify(key.certificate.public_key(), value, b"record")
    key.close()


def test_a_record_signed_by_the_service_passes_with_another_engine(service: CscService) -> None:
    record = kit.RECORD.replace(kit.HOMEROOM.encode(), b"025185000022")
    for uid in (kit.TEACHER, kit.OTHER_TEACHER):
        record = sign_record(
            record,
            "GVBM",
            kit.signer(f"CCCD:{uid}"),
            policy=kit.policy(),
            signing_time=kit.SIGNED_AT,
        )
    signed = sign_record(
        record,
        "GVCN",
        opened(service, "homeroom-new"),
        policy=kit.policy(),
        signing_time=kit.SIGNED_AT,
    )
    assert peers.xmlsec_verdicts(signed) == [True, True, True]


def test_a_batch_takes_one_authorisation_pinned_to_its_digests(service: CscService) -> None:
    key = opened(service)
    values = key.sign_digests(DIGESTS)
    for digest, value in zip(DIGESTS, values, strict=True):
        SCHEMES["ecdsa-sha256"].verify_digest(key.certificate, digest, value)
    (asked,) = service.asked(AUTHORIZE)
    assert asked["numSignatures"] == 4
    assert [b64decode(each) for each in asked["hash"]] == list(DIGESTS)
    assert len(service.asked(SIGN)) == 1


@pytest.mark.parametrize(("offered", "limit"), [(1, 1), ("7", 7), (10**9, MOST_AT_ONCE)])
def test_a_batch_is_as_large_as_the_service_allows(
    service: CscService, offered: object, limit: int
) -> None:
    service.spoil[INFO] = lambda answer: answer | {"multisign": offered}
    key = opened(service)
    assert key.batch_limit == limit
    for digests in ((), DIGESTS[:1] * (limit + 1)):
        with pytest.raises(ValueError, match="limit"):
            key.sign_digests(digests)


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("factors", [("PIN",), ("OTP",), ("PIN", "OTP")])
def test_gives_the_factors_that_the_service_demands(
    service: CscService, factors: tuple[str, ...], version: str
) -> None:
    service.factors, service.online_otp = factors, True
    key = opened(service, version=version, PIN=PIN, OTP=OTP)
    key.sign_digests(DIGESTS)
    prompts = {"v1": "credentials/sendOTP", "v2": "credentials/getChallenge"}
    assert len(service.asked(prompts[version])) == factors.count("OTP")
    assert PIN not in repr(key)
    assert ACCESS_TOKEN not in repr(key)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_wrong_or_missing_factor_is_said(service: CscService, version: str) -> None:
    service.factors = ("PIN",)
    with key_error("HB-K054", reason="HTTP 400, invalid_pin: bad PIN"):
        opened(service, version=version, PIN="000").sign_digests(DIGESTS)
    with key_error("HB-K058", what="PIN", variable="HOCBA_KEY_PASSWORD"):
        opened(service, version=version).sign_digests(DIGESTS)
    assert service.asked(SIGN) == []


def test_a_wrong_access_token_is_said_and_not_repeated(service: CscService) -> None:
    with key_error("HB-K051") as caught:
        opened(service, token="another-token")  # noqa: S106
    assert "another-token" not in repr(caught.value.finding)


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX-Evil: 1", "mã"])
def test_what_cannot_be_an_access_token_is_sent_nowhere(service: CscService, token: str) -> None:
    with key_error("HB-K051"):
        opened(service, token=token)
    assert service.requests == []


def test_an_unknown_credential_is_said(service: CscService) -> None:
    with key_error("HB-K052", reason="HTTP 404"):
        opened(service, "khong-co")


@pytest.mark.parametrize(("part", "status"), [("key", "disabled"), ("cert", "expired")])
def test_a_credential_that_is_not_in_force_is_said(
    service: CscService, part: str, status: str
) -> None:
    service.spoil[INFO] = lambda answer: answer | {part: answer[part] | {"status": status}}
    with key_error("HB-K053", what=part, status=status):
        opened(service)


@pytest.mark.parametrize(
    ("label", "asked", "offered", "known"),
    [
        ("school", "rsa-pss", ["1.2.840.113549.1.1.11"], "rsa-sha256"),
        ("school", None, ["1.2.840.113549.1.1.5"], "–"),
        ("homeroom", None, [], "–"),
    ],
)
def test_a_scheme_that_the_service_does_not_offer_is_said(
    service: CscService, label: str, asked: str | None, offered: list[str], known: str
) -> None:
    service.spoil[INFO] = lambda answer: answer | {"key": {"status": "enabled", "algo": offered}}
    with key_error("HB-K048", known=known):
        opened(service, label, algorithm=asked)


@pytest.mark.parametrize(
    ("offered", "name"),
    [(["1.2.840.113549.1.1.10"], "rsa-pss-sha256"), (["1.2.840.113549.1.1.1"], "rsa-sha256")],
)
def test_signs_in_the_scheme_that_the_service_offers(
    service: CscService, offered: list[str], name: str
) -> None:
    service.spoil[INFO] = lambda answer: answer | {"key": {"status": "enabled", "algo": offered}}
    key = opened(service, "school")
    assert key.credential.scheme.name == name
    key.sign_digest(DIGESTS[0])
    assert service.asked(SIGN)[0]["signAlgo"] == offered[0]


@pytest.mark.parametrize(
    ("version", "change", "mode"),
    [
        ("v1", {"authMode": "oauth2code"}, "oauth2code"),
        ("v1", {"authMode": None}, "None"),
        ("v1", {"authMode": "explicit"}, "explicit"),
        ("v2", {"auth": {"mode": "oauth2code"}}, "oauth2code"),
        (
            "v2",
            {"auth": {"mode": "explicit", "objects": [{"type": "Face", "id": "f"}]}},
            "auth.objects: Face",
        ),
    ],
)
def test_a_way_to_authorise_that_is_not_known_is_said(
    service: CscService, version: str, change: dict[str, Any], mode: str
) -> None:
    service.spoil[INFO] = lambda answer: answer | change
    with key_error("HB-K057", mode=mode):
        opened(service, version=version)


def test_an_answer_that_comes_later_is_not_waited_for(service: CscService) -> None:
    service.spoil[SIGN] = lambda _: {"responseID": "7"}
    with key_error("HB-K057", mode="async"):
        opened(service, version="v2").sign_digest(DIGESTS[0])


# ------------------------------- what no client may take over

GARBAGE_INFO: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "no certificate": lambda a: a | {"cert": {"certificates": []}},
    "cert no object": lambda a: a | {"cert": [1]},
    "certificates no list": lambda a: a | {"cert": {"certificates": "x"}},
    "certificate no text": lambda a: a | {"cert": {"certificates": [7]}},
    "certificate no base64": lambda a: a | {"cert": {"certificates": ["*"]}},
    "certificate no DER": lambda a: a | {"cert": {"certificates": ["AAAA"]}},
    "too many certificates": lambda a: a | {"cert": {"certificates": ["AAAA"] * 17}},
    "no algorithms": lambda a: a | {"key": {"status": "enabled"}},
    "algorithms no text": lambda a: a | {"key": {"status": "enabled", "algo": [{}]}},
    "no batch": lambda a: a | {"multisign": 0},
    "negative batch": lambda a: a | {"multisign": -1},
    "odd batch": lambda a: a | {"multisign": True},
    "PIN no object": lambda a: a | {"PIN": "true"},
}


@pytest.mark.parametrize("kind", list(GARBAGE_INFO))
def test_a_credential_that_makes_no_sense_is_refused(service: CscService, kind: str) -> None:
    service.spoil[INFO] = GARBAGE_INFO[kind]
    with key_error("HB-K055"):
        opened(service)


@pytest.mark.parametrize("objects", ["x", [7], [{"type": "Password"}]])
def test_factors_of_version_2_that_make_no_sense_are_refused(
    service: CscService, objects: object
) -> None:
    service.spoil[INFO] = lambda a: a | {"auth": {"mode": "explicit", "objects": objects}}
    with key_error("HB-K055"):
        opened(service, version="v2")


@pytest.mark.parametrize("method", [INFO, AUTHORIZE, SIGN])
@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"\xff\xfe", b"[]", b"7", b"[" * 100_000, b"null"],
    ids=["nothing", "html", "binary", "list", "number", "deep", "null"],
)
def test_garbage_is_refused_in_every_step(service: CscService, method: str, body: bytes) -> None:
    service.spoil[method] = lambda _: web.Response(body=body)
    with key_error("HB-K055"):
        opened(service).sign_digest(DIGESTS[0])


@pytest.mark.parametrize("answer", [{}, {"SAD": ""}, {"SAD": 7}])
def test_an_authorisation_without_activation_data_is_refused(
    service: CscService, answer: dict[str, Any]
) -> None:
    service.spoil[AUTHORIZE] = lambda _: answer
    with key_error("HB-K055", reason="SAD"):
        opened(service).sign_digest(DIGESTS[0])


@pytest.mark.parametrize(
    "change",
    [
        lambda values: values[:-1],
        lambda values: [*values, values[0]],
        lambda values: [7, *values[1:]],
        lambda values: ["*", *values[1:]],
        lambda _: None,
    ],
)
def test_a_wrong_number_or_form_of_signatures_is_refused(
    service: CscService, change: Callable[[list[str]], object]
) -> None:
    service.spoil[SIGN] = lambda answer: {"signatures": change(answer["signatures"])}
    with key_error("HB-K055", reason="signatures"):
        opened(service).sign_digests(DIGESTS)


def flipped(text: str) -> str:
    octets = bytearray(b64decode(text))
    octets[-1] ^= 1
    return b64encode(octets).decode()


@pytest.mark.parametrize("label", ["homeroom", "school"])
@pytest.mark.parametrize(
    "change",
    [
        lambda values: values[::-1],
        lambda values: [*values[:-1], flipped(values[-1])],
        lambda values: [*values[:-1], ""],
        lambda values: [values[0]] * len(values),
    ],
    ids=["in another order", "one bit", "one empty", "one for all"],
)
def test_no_wrong_signature_gets_through(
    service: CscService, label: str, change: Callable[[list[str]], list[str]]
) -> None:
    service.spoil[SIGN] = lambda answer: {"signatures": change(answer["signatures"])}
    with key_error("HB-K056"):
        opened(service, label).sign_digests(DIGESTS)


def test_the_signature_of_another_key_does_not_get_through(
    service: CscService, pki: TestPki
) -> None:
    der = pki.certificate("subject-teacher").public_bytes(Encoding.DER)
    other = [b64encode(der).decode()]
    service.spoil[INFO] = lambda answer: answer | {"cert": {"certificates": other}}
    with key_error("HB-K056"):
        opened(service).sign_digest(DIGESTS[0])


def test_ecdsa_as_r_and_s_is_taken_too(service: CscService) -> None:
    def raw(answer: dict[str, Any]) -> dict[str, Any]:
        from signing.keys.scheme import raw_ecdsa

        values = [raw_ecdsa(b64decode(each), 256) for each in answer["signatures"]]
        return {"signatures": [b64encode(each).decode() for each in values]}

    service.spoil[SIGN] = raw
    assert len(opened(service).sign_digest(DIGESTS[0])) == 64


@pytest.mark.parametrize("method", [AUTHORIZE, SIGN])
def test_expired_or_mismatching_activation_data_is_said(service: CscService, method: str) -> None:
    error = {"error": "invalid_request", "error_description": "Invalid parameter SAD\x1b[2J"}
    service.spoil[method] = lambda _: web.json_response(error, status=400)
    with key_error("HB-K054"):
        opened(service).sign_digest(DIGESTS[0])


@pytest.mark.parametrize(
    ("method", "code"), [(INFO, "HB-K052"), (AUTHORIZE, "HB-K054"), (SIGN, "HB-K054")]
)
def test_a_refusal_with_status_200_is_one(service: CscService, method: str, code: str) -> None:
    error = {"error": "user_denied", "error_description": "từ chối trên điện thoại"}
    service.spoil[method] = lambda answer: answer | error
    with key_error(code, reason="HTTP 200, user_denied: từ chối trên điện thoại"):
        opened(service).sign_digest(DIGESTS[0])


def test_activation_data_for_other_digests_is_refused_by_the_real_service(
    service: CscService,
) -> None:
    key = opened(service)
    key.sign_digest(DIGESTS[0])
    old = key.client.call(
        AUTHORIZE, {"numSignatures": 1, "hash": [b64encode(DIGESTS[0]).decode()]}, seconds=2
    )
    service.spoil[AUTHORIZE] = lambda _: old
    with key_error("HB-K054", reason="HTTP 400"):
        key.sign_digest(DIGESTS[1])


@pytest.mark.parametrize(
    ("status", "code"), [(500, "HB-K050"), (503, "HB-K050"), (429, "HB-K050"), (302, "HB-K055")]
)
def test_a_service_in_trouble_is_told_from_a_refusal(
    service: CscService, status: int, code: str
) -> None:
    headers = {"Location": f"http://127.0.0.1:{service.port}/elsewhere"}
    service.spoil[INFO] = lambda _: web.Response(status=status, headers=headers, body=b"[1]")
    with key_error(code):
        opened(service)
    assert len(service.requests) == 1  # nothing was tried again, no redirect followed


def test_a_service_that_answers_too_late_is_given_up(service: CscService) -> None:
    service.delay[INFO] = 60.0
    with key_error("HB-K050", reason="time-out"):
        opened(service)


def test_a_service_that_is_not_there_is_said() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"csc+http://127.0.0.1:{free.getsockname()[1]}/csc/v1/c"
    client = CscClient(read_service_address(address), ACCESS_TOKEN)
    with key_error("HB-K050", reason="connection"):
        open_remote_key(client, answers(), patience=SHORT)


@contextmanager
def answering(*pieces: bytes, pause: float = 0.0) -> Iterator[CscClient]:
    """A server that sends *pieces* to whoever connects, whatever is asked."""
    stop = threading.Event()

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(1 << 16)
            for piece in pieces:
                try:
                    connection.sendall(piece)
                except OSError:
                    return
                if stop.wait(pause):
                    return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        address = f"csc+http://127.0.0.1:{server.getsockname()[1]}/csc/v1/c"
        yield CscClient(read_service_address(address), ACCESS_TOKEN)
        stop.set()
        thread.join()


def test_an_answer_that_drips_is_given_up_at_the_deadline() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    dripping = answering(head, *[b" "] * 1000, pause=0.05)
    with dripping as client, key_error("HB-K050", reason="time-out"):
        open_remote_key(client, answers(), patience=Patience(0.5, 0.5))


def test_an_answer_without_end_is_cut_off() -> None:
    head = b"HTTP/1.1 200 OK\r\n\r\n"
    endless = answering(head, *[b" " * (1 << 20)] * 20)
    with endless as client, key_error("HB-K055", reason=f"> {MAX_ANSWER_BYTES} bytes"):
        open_remote_key(client, answers(), patience=Patience())


@pytest.mark.parametrize(
    "piece", [b"", b"SSH-2.0\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"]
)
def test_what_is_no_http_or_breaks_off_is_said(piece: bytes) -> None:
    with answering(piece) as client, key_error("HB-K050"):
        open_remote_key(client, answers(), patience=SHORT)


def test_a_server_that_speaks_no_tls_gets_no_token() -> None:
    with answering(b"") as client:
        address = read_service_address(client.address.base.replace("http", "csc+https") + "/c")
        with key_error("HB-K050"):
            open_remote_key(CscClient(address, ACCESS_TOKEN), answers(), patience=SHORT)


def test_the_question_names_the_credential_and_wants_the_chain(service: CscService) -> None:
    opened(service)
    assert service.asked(INFO) == [
        {
            "credentialID": "test/homeroom",
            "certificates": "chain",
            "certInfo": False,
            "authInfo": True,
        }
    ]
    assert json.dumps(service.requests).count(ACCESS_TOKEN) == 0
    assert ssl.create_default_context().verify_mode is ssl.CERT_REQUIRED


def test_an_error_of_the_service_is_shortened(service: CscService) -> None:
    error = {"error": "x" * 5000, "error_description": ["odd"]}
    service.spoil[INFO] = lambda _: web.json_response(error, status=400)
    with pytest.raises(SigningKeyError) as caught:
        opened(service)
    assert len(dict(caught.value.finding.parameters)["reason"]) < 250
