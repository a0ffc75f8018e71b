"""`hocba sign` with keys on tokens and at signing services, and with many records at once."""

import json
import os
import pty
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from hocba.sample.output import KEY_PASSWORD
from signing.keys.key import SoftwareKey
from signing.keys.pkcs12 import read_pkcs12
from tests.support import peers
from tests.support.command import HOCBA, ROOT, Ran, call, environment
from tests.support.records import primary_record
from tests.support.sample import Province
from tests.support.services.certomancer import TestPki
from tests.support.services.csc import ACCESS_TOKEN, OTP, CscService
from tests.support.services.csc import PIN as SERVICE_PIN
from tests.support.services.softhsm import PIN, SoftHsm

pytestmark = pytest.mark.filterwarnings("ignore::aiohttp.web_exceptions.NotAppKeyWarning")

WITH_PIN = {"HOCBA_KEY_PASSWORD": PIN}
SIGNING_TIME = ("--time", "2026-05-29T08:00")


def province_key(province: Province, role: str) -> SoftwareKey:
    return read_pkcs12(province.folder / "keys" / f"tieuhoc-{role}.p12", KEY_PASSWORD)


@pytest.fixture
def waiting(tmp_path: Path, province: Province) -> Path:
    return Path(shutil.copy(province.folder / "unsigned" / "tieuhoc.xml", tmp_path / "hb.xml"))


@pytest.fixture(scope="module")
def hsm(softhsm: SoftHsm, province: Province) -> SoftHsm:
    for number, role in enumerate(("gvcn", "cbql", "ky-phat-hanh"), 1):
        key = province_key(province, role)
        softhsm.add("empty-8", key, label=role, identifier=bytes([number]))
    softhsm.add("empty-9", province_key(province, "gvcn"), label="gvcn", identifier=b"\1")
    key = province_key(province, "gvcn")
    softhsm.add("empty-10", key, label="gvcn", identifier=b"\1", certificates=())
    return softhsm


def sign(role: str, key: str, *arguments: str | Path, **env: str) -> Ran:
    return call("sign", "--role", role, "--key", key, *arguments, env={**WITH_PIN, **env})


# ------------------------------- tokens


@pytest.mark.parametrize("algorithm", [None, "strongest"])
def test_a_record_signed_with_three_keys_of_a_token_is_accepted(
    hsm: SoftHsm, province: Province, waiting: Path, algorithm: str | None
) -> None:
    for role in ("gvcn", "cbql", "ky-phat-hanh"):
        more: tuple[str, ...] = ()
        public = province_key(province, role).certificate.public_key()
        if algorithm:
            name = "rsa-pss" if "RSA" in type(public).__name__ else "ecdsa-sha384"
            more = ("--signature-algorithm", name)
        ran = sign(
            role.upper().replace("-", "_"),
            hsm.uri("empty-8", f";object={role}"),
            *(waiting, "--in-place", *more),
        )
        assert ran.code == 0, ran.said
        assert PIN not in ran.said
    verified = call("verify", waiting, "--trust", province.trust, "--roster", province.roster)
    assert verified.code == 0, verified.said
    assert peers.xmlsec_verdicts(waiting.read_bytes()) == [True, True, True]
    if algorithm:
        text = waiting.read_text("utf-8")
        assert "sha256-rsa-MGF1" in text or "ecdsa-sha384" in text


def test_the_module_may_stand_in_the_environment_and_the_pin_in_a_file(
    hsm: SoftHsm, waiting: Path
) -> None:
    pin = waiting.with_name("pin.txt")
    pin.write_text(f"{PIN}\n", "utf-8")
    env = {"HOCBA_PKCS11_MODULE": hsm.module, "HOCBA_KEY_PASSWORD": "wrong"}
    uri = f"pkcs11:token=empty-9?pin-source={pin}"
    assert sign("GVCN", uri, waiting, **env).code == 0
    command = ("pkcs11:token=empty-9", waiting, "--password-file", pin)
    assert sign("GVCN", *command, **env).code == 0


def test_a_certificate_file_serves_a_token_without_one(
    hsm: SoftHsm, province: Province, waiting: Path
) -> None:
    uri = hsm.uri("empty-10")
    without = sign("GVCN", uri, waiting)
    assert without.code == 2
    assert "HB-K046" in without.err
    assert "--certificate" in without.err
    path = waiting.with_name("gvcn.cer")
    path.write_bytes(province_key(province, "gvcn").certificate.public_bytes(Encoding.PEM))
    assert sign("GVCN", uri, waiting, "--certificate", path, "--in-place").code == 0


@pytest.mark.parametrize(
    ("token", "rest", "pin", "code", "said"),
    [
        ("empty-8", ";object=cbql", "0000", "HB-K042", "Mã PIN"),
        ("khong-co", "", PIN, "HB-K041", "Đang cắm"),
        ("empty-8", "", PIN, "HB-K045", "object=gvcn"),
        ("empty-8", ";object=la", PIN, "HB-K044", "object=gvcn"),
        ("empty-8", ";pin-value=1", PIN, "HB-K049", "mã PIN"),
    ],
)
def test_what_is_wrong_with_a_token_is_one_line_in_vietnamese(
    hsm: SoftHsm, waiting: Path, token: str, rest: str, pin: str, code: str, said: str
) -> None:
    before = waiting.read_bytes()
    ran = sign("CBQL", hsm.uri(token, rest), waiting, "--in-place", HOCBA_KEY_PASSWORD=pin)
    assert ran.code == 2
    assert f"Lỗi: {code}" in ran.err
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert waiting.read_bytes() == before


def test_a_missing_module_is_said(waiting: Path) -> None:
    ran = sign("GVCN", "pkcs11:?module-path=/khong/co.so", waiting)
    assert (ran.code, "HB-K040" in ran.err, "/khong/co.so" in ran.err) == (2, True, True)


def test_the_pin_is_asked_for_at_a_terminal_and_not_shown(hsm: SoftHsm, waiting: Path) -> None:
    arguments = ["sign", "--role", "GVCN", "--key", hsm.uri("empty-9"), "--in-place", str(waiting)]
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(ROOT)
        os.execve(sys.executable, [*HOCBA, *arguments], environment())  # noqa: S606
    shown = b""
    while b"PIN" not in shown:
        shown += os.read(terminal, 1024)
    os.write(terminal, f"{PIN}\n".encode())
    try:
        while piece := os.read(terminal, 1024):
            shown += piece
    except OSError:  # the other side has gone
        pass
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0, shown.decode()
    assert "Mã PIN của empty-9" in shown.decode()
    assert PIN not in shown.decode()
    assert b"Signature" in waiting.read_bytes()


# ------------------------------- signing services


@pytest.fixture(scope="module")
def pki() -> TestPki:
    return TestPki()


@pytest.fixture
def service(pki: TestPki) -> Iterator[CscService]:
    with CscService(pki) as running:
        yield running


@pytest.fixture
def records(tmp_path: Path) -> list[Path]:
    """Records that wait for their homeroom teacher."""
    paths = [tmp_path / f"hb-{number}.xml" for number in range(5)]
    for each, letter in zip(paths, "ABCDE", strict=True):
        each.write_bytes(primary_record(hovaten=f"Nguyễn Văn {letter}"))
    return paths


def remote(service: CscService, *arguments: str | Path, **env: str) -> Ran:
    env = {"HOCBA_KEY_ACCESS_TOKEN": ACCESS_TOKEN, **env}
    uri = service.uri("homeroom-new")
    return call("sign", "--role", "GVCN", "--key", uri, *SIGNING_TIME, *arguments, env=env)


def signatures(paths: list[Path]) -> list[list[bool]]:
    return [peers.xmlsec_verdicts(each.read_bytes()) for each in paths]


def test_one_authorisation_signs_as_many_records_as_the_service_allows(
    service: CscService, records: list[Path]
) -> None:
    service.multisign = 3
    # The service reads its own limit at the start, so what it says is changed on the way.
    service.spoil["credentials/info"] = lambda answer: answer | {"multisign": 3}
    ran = remote(service, *records, "--in-place")
    assert ran.code == 0, ran.said
    assert "Đã ký 5 tệp" in ran.err
    assert [each["numSignatures"] for each in service.asked("credentials/authorize")] == [3, 2]
    assert signatures(records) == [[True]] * 5


def test_the_access_token_may_stand_in_a_file(service: CscService, records: list[Path]) -> None:
    token = records[0].with_name("token.txt")
    token.write_text(f" {ACCESS_TOKEN}\n", "utf-8")
    none = {"HOCBA_KEY_ACCESS_TOKEN": ""}
    ran = remote(service, records[0], "--in-place", "--access-token-file", token, **none)
    assert ran.code == 0, ran.said
    missing = remote(service, records[1], **none)
    assert missing.code == 2
    assert "HB-K058" in missing.err
    assert "HOCBA_KEY_ACCESS_TOKEN" in missing.err


def test_pin_and_code_come_from_the_environment(service: CscService, records: list[Path]) -> None:
    service.factors = ("PIN", "OTP")
    env = {"HOCBA_KEY_PASSWORD": SERVICE_PIN, "HOCBA_KEY_OTP": OTP}
    ran = remote(service, *records, "--in-place", **env)
    assert ran.code == 0, ran.said
    assert SERVICE_PIN not in ran.said
    without = remote(service, records[0], "--repeat", HOCBA_KEY_PASSWORD=SERVICE_PIN)
    assert without.code == 2
    assert "HB-K058" in without.err


def test_one_pin_serves_all_batches(service: CscService, records: list[Path]) -> None:
    service.factors = ("PIN",)
    service.spoil["credentials/info"] = lambda answer: answer | {"multisign": 2}
    ran = remote(service, *records, "--in-place", HOCBA_KEY_PASSWORD=SERVICE_PIN)
    assert ran.code == 0, ran.said
    assert [each["PIN"] for each in service.asked("credentials/authorize")] == [SERVICE_PIN] * 3
    nobody = remote(service, records[0], "--repeat")
    assert nobody.code == 2
    assert "HOCBA_KEY_PASSWORD" in nobody.err


def test_nothing_is_written_when_the_service_signs_wrongly(
    service: CscService, records: list[Path]
) -> None:
    service.spoil["signatures/signHash"] = lambda answer: {"signatures": answer["signatures"][::-1]}
    before = [each.read_bytes() for each in records]
    ran = remote(service, *records, "--in-place")
    assert ran.code == 2
    assert "HB-K056" in ran.err
    assert "Đã ký 0 tệp; 0 tệp không ký được; 5 tệp chưa xét đến" in ran.err
    assert [each.read_bytes() for each in records] == before
    assert sorted(records[0].parent.iterdir()) == records


def test_what_was_signed_before_the_service_failed_stays(
    service: CscService, records: list[Path]
) -> None:
    service.spoil["credentials/info"] = lambda answer: answer | {"multisign": 2}
    calls: list[int] = []

    def fail_later(answer: dict[str, object]) -> dict[str, object]:
        calls.append(1)
        return answer if len(calls) == 1 else {}

    service.spoil["credentials/authorize"] = fail_later
    ran = remote(service, *records, "--in-place")
    assert ran.code == 2
    assert "HB-K055" in ran.err
    assert "Đã ký 2 tệp; 0 tệp không ký được; 3 tệp chưa xét đến" in ran.err
    assert signatures(records) == [[True], [True], [], [], []]
    service.spoil.pop("credentials/authorize")
    again = remote(service, *records, "--in-place")  # and the rest goes on from there
    assert again.code == 1
    assert again.err.count("HB-K011") == 2
    assert signatures(records) == [[True]] * 5


# ------------------------------- many records


def local(province: Province, *arguments: str | Path) -> Ran:
    key = province.folder / "keys" / "tieuhoc-gvcn.p12"
    env = {"HOCBA_KEY_PASSWORD": KEY_PASSWORD}
    return call("sign", "--role", "GVCN", "--key", key, *arguments, env=env)


@pytest.fixture
def many(tmp_path: Path, waiting: Path) -> list[Path]:
    return [Path(shutil.copy(waiting, tmp_path / f"{number}.xml")) for number in range(4)]


def test_many_records_go_into_a_folder_of_their_own(province: Province, many: list[Path]) -> None:
    out = many[0].parent / "đã ký" / "lớp 5A"
    before = [each.read_bytes() for each in many]
    ran = local(province, *many, "--out-dir", out, "--format", "json")
    assert ran.code == 0, ran.said
    assert [Path(each["file"]).name for each in ran.lines] == [each.name for each in many]
    assert signatures(sorted(out.iterdir())) == [[True]] * 4
    assert [each.read_bytes() for each in many] == before
    one = local(province, many[0], "--out-dir", out)
    assert one.code == 0


def test_a_bad_file_keeps_nobody_from_the_others(province: Province, many: list[Path]) -> None:
    many[1].write_text("<hoa-don/>", "utf-8")
    many[2].write_bytes(b"\xff not XML")
    missing = many[0].with_name("khong-co.xml")
    ran = local(province, *many, missing, "--in-place")
    assert ran.code == 1
    assert "Đã ký 2 tệp; 3 tệp không ký được; 0 tệp chưa xét đến" in ran.err
    for name, word in (("1.xml", "hoa-don"), ("2.xml", "HB-U"), ("khong-co.xml", "không có tệp")):
        (line,) = [each for each in ran.err.splitlines() if f"/{name}" in each]
        assert word in line
    assert many[2].read_bytes() == b"\xff not XML"
    assert signatures([many[0], many[3]]) == [[True], [True]]


def test_a_program_reads_what_came_of_every_file(province: Province, many: list[Path]) -> None:
    many[1].write_text("<hoa-don/>", "utf-8")
    ran = local(province, *many, "--in-place", "--format", "json", "--lang", "en")
    assert ran.code == 1
    told = [json.loads(line) for line in ran.out.splitlines()]
    assert ["error" in each for each in sorted(told, key=lambda each: each["file"])] == [
        *(False, True, False, False)
    ]


def test_a_result_that_cannot_be_written_is_said_for_its_file(
    province: Province, many: list[Path]
) -> None:
    out = many[0].parent / "out"
    (out / "1.xml").mkdir(parents=True)
    ran = local(province, *many, "--out-dir", out)
    assert ran.code == 1
    assert "Đã ký 3 tệp; 1 tệp không ký được" in ran.err
    assert [each.name for each in out.iterdir() if each.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--out-dir"),
        (["--out", "x.xml"], "--out-dir"),
        (["--out-dir", "d", "--in-place"], "--in-place"),
        (["--out-dir", "d", "--out", "x.xml"], "--out-dir"),
        (["--out-dir", "."], "--in-place"),
    ],
)
def test_many_records_need_one_clear_place(
    province: Province, many: list[Path], arguments: list[str], said: str
) -> None:
    folder = many[0].parent
    arguments = [str(folder) if each == "." else each for each in arguments]
    ran = call(
        *("sign", "--role", "GVCN", "--key", province.folder / "keys" / "tieuhoc-gvcn.p12"),
        *many,
        *arguments,
        cwd=folder,
        env={"HOCBA_KEY_PASSWORD": KEY_PASSWORD},
    )
    assert ran.code == 2
    assert said in ran.err
    assert signatures(many) == [[]] * 4


def test_two_results_never_go_into_one_file(province: Province, many: list[Path]) -> None:
    other = many[0].parent / "khac" / many[0].name
    other.parent.mkdir()
    shutil.copy(many[0], other)
    out = many[0].parent / "out"
    assert "hai lần" in local(province, many[0], other, "--out-dir", out).err
    twice = local(province, many[0], many[0], "--in-place")
    assert (twice.code, "hai lần" in twice.err) == (2, True)


@pytest.mark.parametrize("option", ["--certificate", "--access-token-file"])
def test_options_of_another_kind_of_key_are_refused(
    province: Province, waiting: Path, option: str
) -> None:
    ran = local(province, waiting, option, waiting)
    assert ran.code == 2
    assert option in ran.err


def test_a_scheme_that_does_not_fit_the_key_is_said(province: Province, waiting: Path) -> None:
    ran = local(province, waiting, "--signature-algorithm", "rsa-sha1")
    assert ran.code == 2
    assert "HB-K035" in ran.err


def test_a_key_file_that_is_missing_is_said_before_a_password_is_asked(waiting: Path) -> None:
    ran = call("sign", "--role", "GVCN", "--key", "/khong/co.p12", waiting)
    assert ran.code == 2
    assert "/khong/co.p12: không có tệp" in ran.err
