"""`hocba sign --tsa` and `--long-term`, against a real time-stamping authority over HTTP."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from hocba.sample.output import KEY_PASSWORD
from tests.support.command import Ran, call
from tests.support.odd_server import closed_port, silent
from tests.support.sample import Province
from tests.support.services.certomancer import PkiService

PASSWORD = {"HOCBA_KEY_PASSWORD": KEY_PASSWORD}


@pytest.fixture(scope="module")
def service() -> Iterator[PkiService]:
    with PkiService() as running:
        yield running


@pytest.fixture(scope="module")
def trust(province: Province, service: PkiService, tmp_path_factory) -> Path:
    """The province's trust store with the authority's root, its issuer and their CRLs of today."""
    folder = tmp_path_factory.mktemp("tsa") / "trust"
    shutil.copytree(province.trust, folder)
    root = service.pki.certificate("root")
    (folder / "anchors" / "tsa-root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    digest = sha256(service.pki.der("root")).hexdigest()
    with (folder / "anchors.toml").open("a", encoding="utf-8") as index:
        index.write(
            f'\n[[anchor]]\nfile = "anchors/tsa-root.pem"\nsha256 = "{digest}"\n'
            'purpose = ["timestamp"]\nsource = "tests"\n'
        )
    issuer = service.pki.certificate("tsa-issuer")
    (folder / "intermediates" / "tsa.pem").write_bytes(issuer.public_bytes(Encoding.PEM))
    (folder / "crls").mkdir(exist_ok=True)
    for each in ("root", "tsa-issuer"):
        crl = service.pki.crl(each, datetime.now(UTC))
        (folder / "crls" / f"{each}-of-tsa.crl").write_bytes(crl)
    return folder


@pytest.fixture
def waiting(tmp_path: Path, province: Province) -> Path:
    return Path(shutil.copy(province.folder / "unsigned" / "tieuhoc.xml", tmp_path / "học bạ.xml"))


def sign(province: Province, record: Path, *arguments: str | Path, role: str = "GVCN") -> Ran:
    key = province.folder / "keys" / f"tieuhoc-{role.lower().replace('_', '-')}.p12"
    command = ("sign", "--role", role, "--key", key, "--in-place")
    return call(*command, *arguments, record, env=PASSWORD)


@pytest.mark.parametrize("long_term", [False, True])
def test_a_record_signed_with_time_stamps_is_accepted_with_its_proved_time(
    province: Province, waiting: Path, service: PkiService, trust: Path, long_term: bool
) -> None:
    options = ["--long-term", "--trust", trust] if long_term else []
    for role in ("GVCN", "CBQL", "KY_PHAT_HANH"):
        ran = sign(province, waiting, "--tsa", service.tsa_url(), *options, role=role)
        assert ran.code == 0, ran.said
    verified = call(
        "verify", waiting, "--trust", trust, "--roster", province.roster, "--format", "json"
    )
    assert verified.code == 0, verified.said
    for signature in verified.json["signatures"]:
        (timestamp,) = signature["timestamps"]
        assert timestamp["indication"] == "TOTAL-PASSED"
        assert signature["best_signature_time"] == timestamp["generated_at"]
    assert (b"CertificateValues" in waiting.read_bytes()) is long_term
    people = call("verify", waiting, "--trust", trust, "--roster", province.roster, "--lang", "en")
    assert "3 of 3 signatures are proved to have existed" in people.out
    later = ("--at", "2031-06-30", "--trust", trust, "--roster", province.roster, "--lang", "en")
    stale = call("verify", waiting, *later)
    assert stale.code == 3
    assert "(TRY_LATER): It is not known whether" in stale.out
    foreign = call("verify", "--any-xml", waiting, "--trust", trust, "--lang", "en")
    assert foreign.out.count("A time-stamp proves that the signature existed at: ") == 3


def test_without_trust_in_the_authority_the_signature_passes_and_the_proof_does_not(
    province: Province, waiting: Path, service: PkiService
) -> None:
    for role in ("GVCN", "CBQL", "KY_PHAT_HANH"):
        assert sign(province, waiting, "--tsa", service.tsa_url(), role=role).code == 0
    verified = call(
        *("verify", waiting, "--trust", province.trust, "--roster", province.roster),
        *("--format", "json"),
    )
    assert verified.code == 0
    for signature in verified.json["signatures"]:
        assert signature["best_signature_time"] is None
        assert signature["timestamps"][0]["sub_indication"] == "NO_CERTIFICATE_CHAIN_FOUND"


def refused(province: Province, record: Path, *arguments: str | Path) -> str:
    before = record.read_bytes()
    ran = sign(province, record, *arguments)
    assert ran.code == 2
    assert "Traceback" not in ran.said
    assert record.read_bytes() == before
    assert [each.name for each in record.parent.iterdir()] == [record.name]
    return ran.err


def test_nothing_is_written_when_the_authority_is_not_there(
    province: Province, waiting: Path
) -> None:
    said = refused(province, waiting, "--tsa", f"http://{closed_port()}")
    assert "HB-K021" in said
    assert "Tệp này chưa được ký" in said


def test_nothing_is_written_when_the_authority_does_not_answer(
    province: Province, waiting: Path
) -> None:
    with silent() as endpoint:
        said = refused(province, waiting, "--tsa", f"http://{endpoint}", "--tsa-timeout", "1")
    assert "HB-K022" in said


def test_nothing_is_written_when_the_trust_store_does_not_settle_the_signer(
    province: Province, waiting: Path, service: PkiService, tmp_path_factory
) -> None:
    # The province's store alone: the authority leads nowhere there.
    options = ("--tsa", service.tsa_url(), "--long-term", "--trust", province.trust)
    assert "HB-K028" in refused(province, waiting, *options)


def test_a_vendors_form_has_no_place_for_a_time_stamp(province: Province, waiting: Path) -> None:
    options = ("--tsa", f"http://{closed_port()}", "--style", "vendor")
    assert "HB-K020" in refused(province, waiting, *options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--long-term"], "--tsa"),
        (["--tsa", "http://localhost", "--long-term"], "--trust"),
        (["--trust", "."], "--long-term"),
        (["--tsa-ca", "ca.pem"], "--tsa"),
        (["--tsa", "https://localhost", "--tsa-ca", "missing-ca.pem"], "missing-ca.pem"),
        (["--tsa", "http://localhost", "--tsa-timeout", "0"], "--tsa-timeout"),
        (["--tsa", "localhost"], "HB-K027"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    province: Province, waiting: Path, options: list[str], said: str
) -> None:
    assert said in refused(province, waiting, *options)
