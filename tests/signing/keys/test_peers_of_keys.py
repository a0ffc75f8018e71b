"""Every scheme of every kind of key, verified by python-xmlsec and by the JDK."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree

from hocba.sample.insecure_keys import insecure_ec_key
from signing import names
from signing.creation.builder import sign_record
from signing.keys.address import read_service_address, read_token_address
from signing.keys.csc_client import CscClient
from signing.keys.key import SigningKey, SoftwareKey
from signing.keys.pkcs11 import open_token_key
from signing.keys.pkcs12 import read_pkcs12, write_pkcs12
from signing.keys.remote import open_remote_key
from signing.keys.scheme import SCHEMES
from signing.xmldsig.algorithms import default_policy
from tests.support import peers
from tests.support import signing_kit as kit
from tests.support.needs import lacking
from tests.support.services.certomancer import TestPki
from tests.support.services.csc import ACCESS_TOKEN, CscService
from tests.support.services.softhsm import PIN, SoftHsm

pytestmark = pytest.mark.filterwarnings("ignore::aiohttp.web_exceptions.NotAppKeyWarning")

TEACHER = f"CCCD:{kit.TEACHER}"
PRINCIPAL_OF_THE_PKI, TEACHER_OF_THE_PKI = "025175000033", "025080000044"


def signed(key: SigningKey, teacher: str = kit.TEACHER) -> bytes:
    record = kit.RECORD.replace(kit.TEACHER.encode(), teacher.encode())
    return sign_record(record, "GVBM", key, policy=kit.policy(), signing_time=kit.SIGNED_AT)


def software_keys() -> dict[str, SoftwareKey]:
    keys = {
        name: replace(kit.signer(TEACHER, rsa=not name.startswith("ecdsa")), asked=name)
        for name in SCHEMES
    }
    for curve in (ec.SECP384R1(), ec.SECP521R1()):
        keys[curve.name] = kit.signer_with(insecure_ec_key("peers", curve), TEACHER)
    return keys


def from_files(folder: Path) -> dict[str, bytes]:
    documents = {}
    for name, key in software_keys().items():
        path = folder / f"{name}.p12"
        write_pkcs12(path, key, "mk")
        documents[f"file-{name}"] = signed(read_pkcs12(path, "mk", key.asked))
    return documents


def from_tokens(softhsm: SoftHsm) -> dict[str, bytes]:
    token = "empty-11"  # noqa: S105
    for number, name in enumerate(("rsa-sha256", "ecdsa-sha256", "secp384r1")):
        key = software_keys()[name]
        softhsm.add(token, key, label=name, identifier=bytes([number + 1]))
    documents = {}
    for label, asked in (
        ("rsa-sha256", None),
        ("rsa-sha256", "rsa-sha512"),
        ("rsa-sha256", "rsa-pss"),
        ("rsa-sha256", "rsa-pss-sha384"),
        ("rsa-sha256", "rsa-pss-sha512"),
        ("ecdsa-sha256", None),
        ("secp384r1", None),
    ):
        address = read_token_address(softhsm.uri(token, f";object={label}"))
        key = open_token_key(address, lambda _: PIN, algorithm=asked)
        documents[f"token-{label}-{asked}"] = signed(key)
        key.close()
    return documents


def from_services() -> dict[str, bytes]:
    documents = {}
    with CscService(TestPki()) as service:
        for label, teacher, asked in (
            ("principal-new", PRINCIPAL_OF_THE_PKI, None),
            ("principal-new", PRINCIPAL_OF_THE_PKI, "rsa-pss"),
            ("principal-new", PRINCIPAL_OF_THE_PKI, "rsa-pss-sha512"),
            ("subject-teacher-new", TEACHER_OF_THE_PKI, None),
            ("subject-teacher-new", TEACHER_OF_THE_PKI, "ecdsa-sha384"),
        ):
            client = CscClient(read_service_address(service.uri(label)), ACCESS_TOKEN)
            key = open_remote_key(client, lambda _: None, algorithm=asked)
            documents[f"service-{label}-{asked}"] = signed(key, teacher)
    return documents


@pytest.fixture(scope="module")
def documents(softhsm: SoftHsm, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    folder = tmp_path_factory.mktemp("keys")
    return from_files(folder) | from_tokens(softhsm) | from_services()


def test_python_xmlsec_verifies_every_scheme_of_every_kind(documents: Mapping[str, bytes]) -> None:
    assert len(documents) == 23
    refused = [name for name, data in documents.items() if peers.xmlsec_verdicts(data) != [True]]
    assert refused == []


@pytest.mark.jdk
def test_the_jdk_verifies_every_scheme_of_every_kind(
    documents: Mapping[str, bytes], tmp_path: Path
) -> None:
    if not peers.jdk_is_present():
        lacking("a JDK (java, javac)", install="install openjdk-17-jdk-headless")
    files = {}
    for name, data in documents.items():
        (tmp_path / f"{name}.xml").write_bytes(data)
        files[str(tmp_path / f"{name}.xml")] = name
    verdicts = peers.jdk_verdicts(peers.compiled_jdk_peer(tmp_path), list(map(Path, files)))
    assert sorted(files[each["file"]] for each in verdicts if each["valid"]) == sorted(documents)


def test_every_scheme_is_one_that_the_algorithm_policy_knows(
    documents: Mapping[str, bytes],
) -> None:
    used = set()
    for data in documents.values():
        (method,) = etree.fromstring(data).iter(f"{{{names.DS}}}SignatureMethod")
        used.add(method.get("Algorithm"))
    assert used == {each.uri for each in SCHEMES.values()}
    assert used <= set(default_policy().signatures)
