"""A PKI made by certomancer: certificates, CRLs, OCSP responses and time-stamps of any time, in
this process or over HTTP on the loopback interface.

    pki = TestPki()
    key = pki.signer("homeroom")                     # a `SoftwareKey` with its chain
    token = pki.timestamp(b"octets", at=SOME_DAY)    # DER of a TimeStampToken
    store = pki.trust(at=SOME_DAY)                   # with the CRLs of that day

    with PkiService(at=SOME_DAY) as service:         # certificates name this service's address
        service.pki, service.tsa_url("tsa"), service.crl_url("issuer"), service.ocsp_url("issuer")

What there is stands in `pki.yaml`. Everything is made once an instance; keys follow from a seed.
"""

import tempfile
import threading
from datetime import datetime
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

import yaml
from asn1crypto import crl, ocsp, tsp
from certomancer.integrations.animator import Animator, AnimatorArchStore
from certomancer.registry import (
    ArchLabel,
    CertLabel,
    CertomancerConfig,
    PKIArchitecture,
    ServiceLabel,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp as x509_ocsp
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from hocba.sample.insecure_keys import PrivateKey, insecure_ec_key
from signing.certificates.trust import Purpose, TrustAnchor, TrustStore
from signing.keys.key import SoftwareKey
from tests.support import signing_kit

_ARCHITECTURE = ArchLabel("test")
_CONFIGURATION = Path(__file__).with_name("pki.yaml")
_EC_KEYS = (
    *("root", "issuer", "tsa-issuer", "other-root", "lookalike", "revoked-issuer"),
    *("responder", "tsa", "other-tsa", "subject-teacher", "homeroom"),
)
_RSA_KEYS = ("principal", "school", "tsa-rsa")
_AUTHORITIES = ("issuer", "tsa-issuer")
NOWHERE = "http://pki.invalid"


@cache
def _key(label: str) -> PrivateKey:
    if label in _RSA_KEYS:
        return signing_kit.signer("CCCD:000000000000", rsa=True).private_key  # the kit's one
    return insecure_ec_key(f"tests/pki/{label}", ec.SECP256R1())


def _architecture(address: str) -> PKIArchitecture:
    configuration = yaml.safe_load(_CONFIGURATION.read_text("utf-8"))
    labels = (*_EC_KEYS, *_RSA_KEYS)
    with tempfile.TemporaryDirectory() as folder:
        for label in labels:
            pem = _key(label).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            (Path(folder) / f"{label}.pem").write_bytes(pem)
        keys = {label: {"path": f"{label}.pem"} for label in labels}
        configuration["keysets"]["test"]["keys"] = keys
        read = CertomancerConfig(configuration, folder, external_url_prefix=address)
    return read.get_pki_arch(_ARCHITECTURE)


class TestPki:
    """The PKI of `pki.yaml`, whose certificates name services at *address*."""

    __test__ = False  # not a test, whatever pytest thinks of the name

    def __init__(self, address: str = NOWHERE) -> None:
        self.architecture = _architecture(address)

    def certificate(self, label: str) -> x509.Certificate:
        """The certificate *label*."""
        return x509.load_der_x509_certificate(self.der(label))

    def der(self, label: str) -> bytes:
        """The certificate *label* as DER."""
        return self.architecture.get_cert(CertLabel(label)).dump()  # type: ignore[no-any-return]

    def private_key(self, label: str) -> PrivateKey:
        """The private key of the certificate *label*."""
        return _key(self.architecture.get_cert_spec(CertLabel(label)).subject_key.value)

    def signer(self, label: str) -> SoftwareKey:
        """A signing key with the certificate *label* and its issuer."""
        issuer = self.architecture.get_cert_spec(CertLabel(label)).issuer.value
        chain = (self.certificate(issuer),)
        return SoftwareKey(self.private_key(label), self.certificate(label), chain)

    def crl(self, repository: str, at: datetime) -> bytes:
        """The CRL that was the current one of *repository* at *at*, DER."""
        services = self.architecture.service_registry
        made: crl.CertificateList = services.get_crl(ServiceLabel(repository), at)
        return bytes(made.dump())

    def ocsp(self, label: str, at: datetime, responder: str = "issuer") -> bytes:
        """The OCSP response of *responder* at *at* about the certificate *label*, DER."""
        certificate = self.certificate(label)
        issuer = self.architecture.get_cert_spec(CertLabel(label)).issuer.value
        request = (
            x509_ocsp.OCSPRequestBuilder()
            .add_certificate(certificate, self.certificate(issuer), hashes.SHA1())  # noqa: S303
            .build()
        )
        services = self.architecture.service_registry
        answering = services.summon_responder(ServiceLabel(responder), at)
        read = ocsp.OCSPRequest.load(request.public_bytes(Encoding.DER))
        return bytes(answering.build_ocsp_response(read).dump())

    def timestamp(self, stamped: bytes, at: datetime, tsa: str = "tsa") -> bytes:
        """A time-stamp token of *tsa* over *stamped*, made at *at*, DER."""
        request = tsp.TimeStampReq(
            {
                "version": 1,
                "message_imprint": {
                    "hash_algorithm": {"algorithm": "sha256"},
                    "hashed_message": sha256(stamped).digest(),
                },
                "cert_req": True,
            }
        )
        services = self.architecture.service_registry
        response = services.summon_timestamper(ServiceLabel(tsa), at).request_tsa_response(request)
        return bytes(response["time_stamp_token"].dump())

    def trust(
        self,
        *crls: bytes,
        ocsp_responses: tuple[bytes, ...] = (),
        at: datetime | None = None,
        intermediates: tuple[str, ...] = _AUTHORITIES,
    ) -> TrustStore:
        """A trust store with the root, the *intermediates* and these revocation objects.

        *at* adds the CRLs of the root and of every authority that were current then.
        """
        if at is not None:
            crls = (*crls, *(self.crl(each, at) for each in ("root", *_AUTHORITIES)))
        known = tuple(self.der(each) for each in intermediates)
        digest = sha256(b"".join([self.anchor.der, *known, *crls, *ocsp_responses])).hexdigest()
        return TrustStore((self.anchor,), known, digest, crls, ocsp_responses)

    @cached_property
    def anchor(self) -> TrustAnchor:
        """The root, believed for everything."""
        der = self.der("root")
        return TrustAnchor(
            certificate=self.certificate("root"),
            der=der,
            sha256=sha256(der).hexdigest(),
            purposes=frozenset(Purpose),
            valid_from=None,
            valid_until=None,
            source="tests",
        )


class _Quiet(WSGIRequestHandler):
    """Says nothing of what it serves."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 -- as inherited
        """Nothing."""


class PkiService:
    """The services of a `TestPki` over HTTP, at the time *at* (None: now); a context manager.

    `at` may be set while it runs. `requests` counts what was asked, by path.
    """

    def __init__(self, at: datetime | None = None) -> None:
        self.at = at
        self.requests: list[str] = []

    def __enter__(self) -> Self:
        """Start it on a free port."""
        self._server: BaseWSGIServer = make_server(
            "127.0.0.1", 0, self._serve, threaded=True, request_handler=_Quiet
        )
        self.address = f"http://127.0.0.1:{self._server.port}"
        self.pki = TestPki(self.address)
        architectures = AnimatorArchStore({_ARCHITECTURE: self.pki.architecture})
        self._animator = Animator(architectures, with_web_ui=False)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _serve(self, environ, start_response):  # type: ignore[no-untyped-def]
        self.requests.append(environ["PATH_INFO"])
        self._animator.fixed_time = self.at
        return self._animator(environ, start_response)

    def tsa_url(self, tsa: str = "tsa") -> str:
        """Where *tsa* takes RFC 3161 requests."""
        return f"{self.address}/test/tsa/{tsa}"

    def crl_url(self, repository: str) -> str:
        """Where the newest CRL of *repository* is."""
        return f"{self.address}/test/crls/{repository}/latest.crl"

    def ocsp_url(self, responder: str) -> str:
        """Where *responder* takes OCSP requests."""
        return f"{self.address}/test/ocsp/{responder}"
