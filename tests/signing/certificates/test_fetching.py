"""Revocation data over HTTP: from listed hosts alone, bounded in time and size, kept once."""

import http.server
import multiprocessing
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID

from signing.certificates.certificate import read_certificate
from signing.certificates.fetching import FetchPolicy, RevocationFetcher
from signing.certificates.path import PathValidator, ValidationMaterial
from signing.report import Indication, SubIndication
from tests.support import odd_certificates, signing_kit
from tests.support.services.certomancer import PkiService

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
NOTHING = ValidationMaterial()


@contextmanager
def answering(handle):
    """A server whose answer to every request *handle* gives; counts them."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            server.count += 1
            handle(self)

        do_POST = do_GET  # noqa: N815 -- the base class's name

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.count = 0
    server.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def policy_for(address, **changes):
    changes = {"timeout": timedelta(seconds=5), **changes}
    return FetchPolicy(hosts=frozenset({address.removeprefix("http://")}), **changes)


def fetcher(folder, address, *, clock=lambda: NOW, **changes):
    return RevocationFetcher(policy_for(address, **changes), folder, clock=clock)


@pytest.fixture(scope="module")
def running():
    with PkiService(NOW) as started:
        yield started


@pytest.fixture
def service(running):
    running.at = NOW
    running.requests.clear()
    return running


def validate(service, source, label="homeroom-new", at=NOW):
    validator = PathValidator(service.pki.trust(), source=source)
    return validator.validate(read_certificate(service.pki.der(label)), NOTHING, None, at)


def test_fetches_the_crls_that_certificates_name(service, tmp_path):
    found = validate(service, fetcher(tmp_path, service.address))
    assert found.verdict.indication is Indication.TOTAL_PASSED
    assert {each.source for each in found.revocation} == {"fetched"}
    named = [urlsplit(service.crl_url(each)).path for each in ("issuer", "root")]
    assert sorted(service.requests) == named


def test_learns_of_a_revocation_that_way(service, tmp_path):
    found = validate(service, fetcher(tmp_path, service.address), "homeroom-new-revoked")
    assert found.verdict.sub_indication is SubIndication.REVOKED_NO_POE
    assert found.revoked_at == datetime(2026, 3, 1, tzinfo=UTC)


def test_asks_the_ocsp_responder_where_the_crl_cannot_be_had(service, tmp_path, monkeypatch):
    refused = "/test/crls/issuer/latest.crl"
    serve = service._animator.serve_crl

    def no_issuer_list(request, **values):
        if request.path == refused:
            raise LookupError
        return serve(request, **values)

    monkeypatch.setitem(service._animator._handlers, "crls", no_issuer_list)
    found = validate(service, fetcher(tmp_path, service.address))
    assert found.verdict.indication is Indication.TOTAL_PASSED
    assert {each.kind for each in found.revocation} == {"crl", "ocsp"}


def test_a_restart_fetches_nothing_again(service, tmp_path):
    for _ in range(3):
        found = validate(service, fetcher(tmp_path, service.address))
        assert found.verdict.indication is Indication.TOTAL_PASSED
    assert len(service.requests) == 2


def test_fetches_anew_once_the_copy_is_stale(service, tmp_path):
    clock = [NOW]
    source = fetcher(tmp_path, service.address, clock=lambda: clock[0])
    validator = PathValidator(service.pki.trust(), source=source)
    certificate = read_certificate(service.pki.der("homeroom-new"))
    for hours in (0, 23, 40 * 24):
        clock[0] = service.at = NOW + timedelta(hours=hours)
        found = validator.validate(certificate, NOTHING, None, clock[0])
        assert found.verdict.indication is Indication.TOTAL_PASSED
    assert service.requests.count("/test/crls/issuer/latest.crl") == 2


def test_a_forged_crl_does_not_keep_the_genuine_one_away_for_long(service, tmp_path):
    """It says that it is good until the year 2400, and plain http cannot tell."""
    forger = ec.generate_private_key(ec.SECP256R1())
    issuer = service.pki.certificate("issuer")
    forged = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(NOW)
        .next_update(NOW.replace(year=2400))
        .sign(forger, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )
    answers, clock = [forged], [NOW]

    def current(request):
        whole(answers[0])(request)

    with answering(current) as server:
        for hours, fetched in ((0, True), (23, True), (25, False)):
            clock[0] = NOW + timedelta(hours=hours)
            der, _, _ = ask(tmp_path, server.address, service, clock=lambda: clock[0])
            assert (der == forged) is fetched
            answers[0] = service.pki.crl("issuer", NOW)


def test_many_threads_and_validators_fetch_once(service, tmp_path):
    def one(_):
        return validate(service, fetcher(tmp_path, service.address)).verdict.indication

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(16))) == {Indication.TOTAL_PASSED}
    assert len(service.requests) == 2


def _in_process(folder, address, der_of_leaf, der_of_issuer, results):
    from cryptography import x509

    found = fetcher(folder, address).obtain(
        x509.load_der_x509_certificate(der_of_leaf),
        x509.load_der_x509_certificate(der_of_issuer),
        NOW,
    )
    results.put(len(found.crls))


def test_many_processes_fetch_once(service, tmp_path):
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    pki = service.pki
    arguments = (tmp_path, service.address, pki.der("homeroom-new"), pki.der("issuer"), results)
    processes = [context.Process(target=_in_process, args=arguments) for _ in range(3)]
    for each in processes:
        each.start()
    assert [results.get(timeout=60) for _ in processes] == [1, 1, 1]
    for each in processes:
        each.join()
    assert len(service.requests) == 1


def test_goes_nowhere_that_is_not_listed(service, tmp_path):
    source = RevocationFetcher(FetchPolicy(hosts=frozenset({"crl.example.vn"})), tmp_path)
    found = validate(service, source)
    assert found.verdict.sub_indication is SubIndication.TRY_LATER
    assert service.requests == []


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://crl.example.vn/a.crl", True),
        ("http://crl.example.vn:80/a.crl", True),
        ("http://CRL.example.vn/a.crl", True),
        ("http://crl.example.vn:8080/a.crl", False),
        ("http://other.example.vn:8080/a.crl", True),
        ("http://other.example.vn/a.crl", False),
        ("https://crl.example.vn/a.crl", False),
        ("ldap://crl.example.vn/a", False),
        ("file:///etc/passwd", False),
        ("http://127.0.0.1/a.crl", False),
        ("http://localhost/a.crl", False),
        ("http://[::1]/a.crl", False),
        ("http://[fd00::7]/a.crl", True),
        ("http://169.254.169.254/latest/meta-data", False),
        ("http://crl.example.vn@evil.example/a.crl", False),
        ("http://evil.example#@crl.example.vn/a.crl", False),
        ("http://user@crl.example.vn/a.crl", False),
        ("http://crl.example.vn.evil.example/a.crl", False),
        ("http://crl.example.vn\r\nHost: evil.example/", False),
        ("http://crl.example.vn/a b", False),
        ("http://crl.example.vn:port/a.crl", False),
        ("http://", False),
        ("", False),
    ],
)
def test_an_address_is_gone_to_exactly_as_its_host_is_listed(url, allowed):
    hosts = {"crl.example.vn", "other.example.vn:8080", "[fd00::7]"}
    assert FetchPolicy(hosts=frozenset(hosts)).allows(url) is allowed


def ask(folder, address, service, **changes):
    """What a fetcher makes of the server at *address*, reached by a certificate's own address."""
    source = fetcher(folder, address, **changes)
    url = f"{address}/a.crl"
    start = time.monotonic()
    der = source._get(url, url, None)
    return der, time.monotonic() - start, source


def test_a_server_that_answers_after_a_minute_is_not_waited_for(tmp_path, service):
    ended = threading.Event()
    with answering(lambda _: ended.wait(60)) as slow:
        limit = timedelta(seconds=0.5)
        der, took, _ = ask(tmp_path, slow.address, service, timeout=limit)
        ended.set()
    assert der is None
    assert took < 3


def test_a_server_that_drips_octets_is_not_waited_for(tmp_path, service):
    ended = threading.Event()

    def drip(request):
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not ended.is_set():
            try:
                request.wfile.write(b"0")
                request.wfile.flush()
            except OSError:
                return
            ended.wait(0.05)

    with answering(drip) as slow:
        limit = timedelta(seconds=0.5)
        der, took, _ = ask(tmp_path, slow.address, service, timeout=limit)
        ended.set()
    assert der is None
    assert took < 3


def whole(body, status=200):
    def handle(request):
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return handle


def test_garbage_is_no_crl(tmp_path, service):
    with answering(whole(b"<html>under construction</html>")) as server:
        assert ask(tmp_path, server.address, service)[0] is None


def test_an_error_page_is_no_crl(tmp_path, service):
    with answering(whole(service.pki.crl("issuer", NOW), status=500)) as server:
        assert ask(tmp_path, server.address, service)[0] is None


def test_nobody_there_is_no_crl(tmp_path, service):
    with answering(whole(b"")) as server:
        address = server.address
    assert ask(tmp_path, address, service)[0] is None


def test_a_crl_larger_than_the_limit_is_not_taken(tmp_path, service):
    sent = []

    def endless(request):
        request.send_response(200)
        request.end_headers()
        try:
            while len(sent) < 10_000:
                request.wfile.write(b"\x30" * 65536)
                sent.append(1)
        except OSError:
            pass

    with answering(endless) as server:
        der, took, _ = ask(tmp_path, server.address, service, maximum_bytes=1_000_000)
    assert der is None
    assert len(sent) < 1_000
    assert took < 5


def test_a_redirect_is_not_followed(tmp_path, service):
    def elsewhere(request):
        request.send_response(302)
        request.send_header("Location", service.crl_url("issuer"))
        request.send_header("Content-Length", "0")
        request.end_headers()

    with answering(elsewhere) as server:
        assert ask(tmp_path, server.address, service)[0] is None
    assert service.requests == []


def test_a_failure_is_remembered_for_a_while_also_by_the_next_process(tmp_path, service):
    clock = [NOW]
    with answering(whole(b"", status=503)) as server:
        url = f"{server.address}/a.crl"
        for minutes in (0, 1, 9):
            clock[0] = NOW + timedelta(minutes=minutes)
            source = fetcher(tmp_path, server.address, clock=lambda: clock[0])
            assert source._get(url, url, None) is None
        assert server.count == 1
        clock[0] = NOW + timedelta(minutes=11)
        assert source._get(url, url, None) is None
        assert server.count == 2


def test_the_old_copy_serves_while_a_new_one_cannot_be_had(tmp_path, service):
    clock = [NOW]
    crl = service.pki.crl("issuer", NOW)
    body = [whole(crl)]

    def newest(request):
        body[-1](request)

    with answering(newest) as server:
        source = fetcher(tmp_path, server.address, clock=lambda: clock[0])
        url = f"{server.address}/a.crl"
        assert source._get(url, url, None) == crl
        body.append(whole(b"", status=503))
        clock[0] = NOW + timedelta(days=40)
        assert source._get(url, url, None) == crl


def test_a_copy_that_somebody_changed_is_fetched_again(tmp_path, service):
    validate(service, fetcher(tmp_path, service.address))
    for kept in tmp_path.glob("*.der"):
        kept.write_bytes(b"\0")
    found = validate(service, fetcher(tmp_path, service.address))
    assert found.verdict.indication is Indication.TOTAL_PASSED
    assert len(service.requests) == 4


def test_a_folder_that_cannot_be_written_is_no_obstacle(tmp_path, service):
    source = fetcher(tmp_path / "kept", service.address)
    (tmp_path / "kept").rmdir()
    assert validate(service, source).verdict.indication is Indication.TOTAL_PASSED


def test_a_place_that_cannot_be_written_is_no_obstacle_and_leaves_no_draft(tmp_path, service):
    crl = service.pki.crl("issuer", NOW)
    with answering(whole(crl)) as server:
        url = f"{server.address}/a.crl"
        source = fetcher(tmp_path, server.address)
        note = source._path(url).with_suffix(".json")
        (note / "thu-muc").mkdir(parents=True)
        assert source._get(url, url, None) == crl
        assert server.count == 1
    assert {each.suffix for each in tmp_path.iterdir()} == {".json", ".lock", ".der"}


def test_of_many_addresses_the_last_stay_in_memory_and_all_in_the_folder(tmp_path, service):
    with answering(whole(service.pki.crl("issuer", NOW))) as server:
        source = fetcher(tmp_path, server.address)
        urls = [f"{server.address}/{number}.crl" for number in range(140)]
        for url in (*urls, urls[0]):
            assert source._get(url, url, None) is not None
        assert server.count == len(urls)
    assert len(source._memory) == 128
    assert urls[0] in source._memory
    assert urls[1] not in source._memory


def naming(*addresses):
    """A certificate whose AuthorityInformationAccess and CRLDistributionPoints say these."""
    points = [x509.DistributionPoint(addresses, None, None, None)]
    places = [
        x509.AccessDescription(method, each)
        for method in (AuthorityInformationAccessOID.CA_ISSUERS, AuthorityInformationAccessOID.OCSP)
        for each in addresses
    ]
    return odd_certificates.person(
        "015180000099",
        extensions=[
            (x509.CRLDistributionPoints(points), False),
            (x509.AuthorityInformationAccess(places), False),
        ],
    ).certificate


def test_looks_for_nothing_where_a_certificate_names_no_address(tmp_path, service):
    issuer = signing_kit.issuer().certificate
    directory = x509.DirectoryName(odd_certificates.common_name("Danh bạ"))
    with answering(whole(b"")) as server:
        source = fetcher(tmp_path, server.address)
        bare = odd_certificates.person("015180000098").certificate
        for certificate in (bare, naming(directory)):
            assert source.obtain(certificate, issuer, NOW) == NOTHING
        assert server.count == 0


def test_goes_on_to_the_next_address_of_each_kind_until_one_serves(tmp_path, service):
    """The CRL, then the OCSP response: the first address of the responder has none either."""
    response = service.pki.ocsp("homeroom-new", NOW)
    asked = []

    def second_responder(request):
        asked.append((request.command, request.path))
        serves = (request.command, request.path) == ("POST", "/2")
        whole(response if serves else b"", status=200 if serves else 404)(request)

    with answering(second_responder) as server:
        addresses = [x509.UniformResourceIdentifier(f"{server.address}/{each}") for each in "12"]
        source = fetcher(tmp_path, server.address)
        found = source.obtain(naming(*addresses), signing_kit.issuer().certificate, NOW)
    assert found == ValidationMaterial(ocsp_responses=(response,))
    assert asked == [("GET", "/1"), ("GET", "/2"), ("POST", "/1"), ("POST", "/2")]


def test_forgets_copies_that_nobody_fetched_for_long(tmp_path, service):
    validate(service, fetcher(tmp_path, service.address))
    later = datetime.now(UTC) + timedelta(days=100)
    fetcher(tmp_path, service.address, clock=lambda: later)
    assert list(tmp_path.iterdir()) == []


def test_fetching_holds_up_nobody_else(service, tmp_path):
    """Another thread validates while one waits for a slow server."""
    ended, waiting = threading.Event(), threading.Event()

    class Slow:
        def obtain(self, *_):
            waiting.set()
            ended.wait(30)
            return NOTHING

    thread = threading.Thread(target=validate, args=(service, Slow()))
    thread.start()
    assert waiting.wait(10)
    start = time.monotonic()
    found = PathValidator(service.pki.trust(at=NOW)).validate(
        read_certificate(service.pki.der("homeroom-new")), NOTHING, None, NOW
    )
    assert found.verdict.indication is Indication.TOTAL_PASSED
    assert time.monotonic() - start < 5
    ended.set()
    thread.join()


def test_is_asked_about_nothing_that_the_issuer_did_not_sign(service):
    asked = []

    class Watched:
        def obtain(self, certificate, *_):
            asked.append(certificate.subject)
            return NOTHING

    # The lookalike has the issuer's name: a path by names, not by signatures.
    pki = service.pki
    validator = PathValidator(pki.trust(intermediates=("issuer",)), source=Watched())
    validator.validate(read_certificate(pki.der("homeroom-under-lookalike")), NOTHING, None, NOW)
    assert pki.certificate("homeroom-under-lookalike").subject not in asked
