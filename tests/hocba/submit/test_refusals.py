"""What a sender is told when a server refuses, is away, or is another one; nothing is sent then."""

import fcntl
import json
import os
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_address
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from hocba.errors import ServerAway, SubmissionRefused
from hocba.submit.batches import collect
from hocba.submit.connection import Connection, Patience, connect
from hocba.submit.state import open_state
from tests.support.command import call
from tests.support.scripted_server import GREETING, Script, scripted

HELD = json.dumps({"known": [], "missing": []}).encode()


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "a.xml"
    path.write_bytes(b"<a/>")
    return path


def submit(source, url, tmp_path, *options, token="hocba_x", lang="vi"):  # noqa: S107
    return call(
        *("submit", source, "--server", url, "--state", tmp_path / "state", "--patience", "0"),
        *options,
        *("--lang", lang),
        env={"HOCBA_TOKEN": token},
    )


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "HB-I242"),
        (403, "HB-I243"),
        (404, "HB-I244"),
        (412, "HB-I248"),
        (413, "HB-I245"),
        (418, "HB-I249"),
        (429, "HB-I246"),
        (500, "HB-I247"),
        (503, "HB-I247"),
        (507, "HB-I259"),
    ],
)
def test_every_refusal_is_told_under_its_own_code(source, tmp_path, status, code):
    body = json.dumps({"detail": "Lý do của máy chủ."}).encode()
    with scripted(Script([(status, {}, body)])) as url:
        ran = submit(source, url, tmp_path)
    assert ran.code == 2
    assert ran.out == ""
    assert f"{code}: " in ran.err
    if code != "HB-I244":
        assert "Lý do của máy chủ." in ran.err
    assert "hocba_x" not in ran.said


@pytest.mark.parametrize(
    ("greeting", "code"),
    [
        ({}, "HB-I244"),
        ({**GREETING, "Tus-Version": "2.0.0"}, "HB-I248"),
        ({**GREETING, "Tus-Checksum-Algorithm": "md5"}, "HB-I248"),
    ],
)
def test_a_server_of_another_kind_is_recognised_first(source, tmp_path, greeting, code):
    script = Script([(200, {}, b"{}")], greeting=greeting)
    with scripted(script) as url:
        ran = submit(source, url, tmp_path)
    assert ran.code == 2
    assert code in ran.err
    assert {method for method, _ in script.asked} == {"OPTIONS"}


@pytest.mark.parametrize(
    ("url", "token", "code"),
    [
        ("http://kho.example", "hocba_x", "HB-I258"),
        ("ftp://kho.example", "hocba_x", "HB-I264"),
        ("kho.example", "hocba_x", "HB-I264"),
        ("https://a:b@kho.example", "hocba_x", "HB-I264"),
        ("https://kho.example", "", "HB-I253"),
        ("https://kho.example", "hocba x", "HB-I253"),
        ("http://127.0.0.1:9", "hocba_x", "HB-I240"),
    ],
)
def test_nothing_goes_where_it_must_not(source, tmp_path, url, token, code):
    ran = submit(source, url, tmp_path, token=token)
    assert (ran.code, ran.out) == (2, "")
    assert code in ran.err
    english = submit(source, url, tmp_path, token=token, lang="en")
    assert code in english.err


def self_signed(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "tls.pem"
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    authority = tmp_path / "ca.pem"
    authority.write_bytes(certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context, authority


def test_a_server_that_cannot_prove_itself_gets_nothing(source, tmp_path):
    context, authority = self_signed(tmp_path)
    script = Script([(401, {}, b"{}")])
    with scripted(script, context) as url:
        ran = submit(source, url, tmp_path)
        assert ran.code == 2
        assert "HB-I241" in ran.err
        assert script.asked == []
        believed = submit(source, url, tmp_path, "--ca", authority)
        assert "HB-I242" in believed.err
        odd = submit(source, url, tmp_path, "--ca", source)
        assert "HB-I263" in odd.err


def test_the_token_may_come_from_a_file(source, tmp_path):
    file = tmp_path / "token"
    file.write_text("hocba_y\n")
    with scripted(Script([(401, {}, b"{}")])) as url:
        assert "HB-I242" in submit(source, url, tmp_path, "--token-file", file, token="").err
        file.write_bytes(b"\xff\xfe")
        assert submit(source, url, tmp_path, "--token-file", file).code == 2


# ------------------------------------------------------------------------------------ patience


class Time:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now = 0.0
        self.slept = []

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


def patient(url, time, seconds=1000.0):
    return Connection(
        server=url,
        client=connect(url, "hocba_x"),
        patience=Patience(seconds=seconds),
        sleep=time.sleep,
        clock=lambda: time.now,
        jitter=lambda: 1.0,
    )


def test_waits_longer_each_time_and_gives_up_at_last():
    time, script = Time(), Script([(503, {}, b"")])
    with (
        scripted(script) as url,
        patient(url, time) as connection,
        pytest.raises(ServerAway) as raised,
    ):
        connection.ask("GET", "/v1/keys")
    assert raised.value.finding.code == "HB-I247"
    assert time.slept[:7] == [1, 2, 4, 8, 16, 32, 60]
    assert 900 < time.now <= 1000


@pytest.mark.parametrize(
    ("value", "least"),
    [
        ("40", 40),
        (format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True), 1800),
        ("gần đây".encode().hex(), 1),
    ],
    ids=["seconds", "date", "nonsense"],
)
def test_waits_as_long_as_the_server_asks(value, least):
    time = Time()
    script = Script([(429, {"Retry-After": value}, b""), (200, {}, b"{}")])
    with scripted(script) as url, patient(url, time, 10_000) as connection:
        assert connection.ask("GET", "/").status_code == 200
    assert time.slept[0] >= least
    assert len(time.slept) == 1


def test_what_a_server_redirects_to_never_gets_the_token():
    script = Script([(302, {"Location": "https://other.example/"}, b"")])
    with (
        scripted(script) as url,
        patient(url, Time()) as connection,
        pytest.raises(SubmissionRefused) as raised,
    ):
        connection.ask("GET", "/")
    assert raised.value.finding.code == "HB-I249"


# ------------------------------------------------------------------------- on the own machine


def test_a_full_disk_is_told_as_such(source, tmp_path):
    with scripted(Script([(200, {}, HELD)])) as url:
        submit(source, "http://127.0.0.1:9", tmp_path)
        with open_state(tmp_path / "state", url, _fingerprint(source)) as state:
            state.pack.symlink_to("/dev/full")
        ran = submit(source, url, tmp_path)
    assert ran.code == 2
    assert "HB-I250" in ran.err


def test_a_source_that_changes_meanwhile_is_not_sent(tmp_path, monkeypatch):
    folder = tmp_path / "records"
    folder.mkdir()
    (folder / "a.xml").write_bytes(b"<a/>")

    def change(*_):
        (folder / "a.xml").write_bytes(b"<b/>")

    monkeypatch.setattr("hocba.submit.submission.compare", change)
    script = Script([(200, {}, HELD)])
    with scripted(script) as url:
        ran = submit(folder, url, tmp_path)
    assert ran.code == 2
    assert "HB-I251" in ran.err
    assert "a.xml" in ran.err
    assert all(method != "PATCH" for method, _ in script.asked)


def test_one_process_at_a_time_sends_the_same(source, tmp_path):
    with (
        scripted(Script([(200, {}, HELD)])) as url,
        open_state(tmp_path / "state", url, _fingerprint(source)),
    ):
        ran = submit(source, url, tmp_path)
    assert ran.code == 2
    assert "HB-I252" in ran.err


def test_a_state_folder_that_cannot_be_used_is_named(source, tmp_path):
    (tmp_path / "state").write_bytes(b"")
    with scripted(Script([(200, {}, HELD)])) as url:
        ran = submit(source, url, tmp_path)
    assert (ran.code, "HB-I262" in ran.err) == (2, True)


def test_a_damaged_state_is_begun_anew(source, tmp_path):
    with scripted(Script([(401, {}, b"{}")])) as url:
        with open_state(tmp_path / "state", url, _fingerprint(source)) as state:
            file = state.folder / "submission.sqlite3"
        file.write_bytes(b"not a database" * 100)
        ran = submit(source, url, tmp_path)
    assert "HB-I242" in ran.err


def test_what_was_abandoned_a_month_ago_is_removed(tmp_path):
    for name in ("old", "young", "held"):
        with open_state(tmp_path, "https://s", name) as state:
            folder = state.folder
            state.note(name=name)
        if name != "young":
            os.utime(folder / "submission.sqlite3", (0, 0))
    with (folder / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with open_state(tmp_path, "https://s", "new"):
            pass
    with open_state(tmp_path, "https://s", "young") as state:
        assert state.fact("name") == "young"
    left = {each.parent.name for each in tmp_path.glob("*/submission.sqlite3")}
    assert len(left) == 2  # "held" went with the last look, once nobody held it
    assert folder.name not in left


def _fingerprint(path):
    from hocba.ingest.source import open_source

    return open_source(path).fingerprint()


@pytest.mark.parametrize(
    "following",
    ["http://127.0.0.1:9/v1/batches/b/items?x", "/v1/tokens", "/v1/batches/b/items?limit=500"],
)
def test_the_next_page_is_no_other_place_and_not_the_same(following):
    body = json.dumps({"items": [], "next": following}).encode()
    script = Script([(200, {}, body)])
    part = SimpleNamespace(number=1, batch="b", documents=9)
    with (
        scripted(script) as url,
        Connection(server=url, client=connect(url, "hocba_x")) as connection,
        pytest.raises(SubmissionRefused) as refused,
    ):
        list(collect(connection, part, None))
    assert refused.value.finding.code == "HB-I244"
    assert len(script.asked) == 1
