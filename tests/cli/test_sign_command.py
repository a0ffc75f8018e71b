import os
import shutil
import stat
from pathlib import Path

import pytest

from hocba.sample.output import KEY_PASSWORD
from tests.support.command import Ran, call
from tests.support.sample import Province

PASSWORD = {"HOCBA_KEY_PASSWORD": KEY_PASSWORD}


@pytest.fixture
def waiting(tmp_path: Path, province: Province) -> Path:
    """A record that waits for its three signatures."""
    return Path(shutil.copy(province.folder / "unsigned" / "tieuhoc.xml", tmp_path / "học bạ.xml"))


def key(province: Province, role: str, level: str = "tieuhoc") -> Path:
    return province.folder / "keys" / f"{level}-{role.lower().replace('_', '-')}.p12"


def sign(province: Province, role: str, *arguments: str | Path) -> Ran:
    return call("sign", "--role", role, "--key", key(province, role), *arguments, env=PASSWORD)


@pytest.mark.parametrize("style", ["xades", "vendor"])
@pytest.mark.parametrize("level", ["tieuhoc", "thpt"])
def test_a_record_signed_by_everybody_in_order_is_accepted(
    province: Province, tmp_path: Path, level: str, style: str
) -> None:
    record = Path(shutil.copy(province.folder / "unsigned" / f"{level}.xml", tmp_path))
    roles = ["GVCN", "CBQL", "KY_PHAT_HANH"]
    for role in roles if level == "tieuhoc" else ["GVBM", *roles]:
        ran = call(
            *("sign", "--role", role, "--key", key(province, role, level)),
            *("--style", style, "--in-place", record),
            env=PASSWORD,
        )
        assert ran.code == 0, ran.said
    verified = call("verify", record, "--trust", province.trust, "--roster", province.roster)
    assert verified.code == 0, verified.said


def test_writes_to_standard_output_unless_told_otherwise(province: Province, waiting: Path) -> None:
    before = waiting.read_bytes()
    ran = sign(province, "GVCN", waiting)
    assert ran.code == 0
    assert ran.out.startswith("<?xml")
    assert ran.out.rstrip().endswith("</HOC_BA_SO>")
    assert "Đã ký ở vai trò GVCN" in ran.err
    assert waiting.read_bytes() == before


def test_writes_a_new_file_and_leaves_the_record_alone(province: Province, waiting: Path) -> None:
    before, out = waiting.read_bytes(), waiting.with_name("đã ký.xml")
    ran = sign(province, "GVCN", waiting, "--out", out, "--format", "json")
    assert ran.code == 0
    assert set(ran.json) == {"file", "role", "signer"}
    assert b"Signature" in out.read_bytes()
    assert waiting.read_bytes() == before
    assert sorted(each.name for each in waiting.parent.iterdir()) == ["học bạ.xml", "đã ký.xml"]


def test_signing_in_place_keeps_the_mode(province: Province, waiting: Path) -> None:
    waiting.chmod(0o640)
    assert sign(province, "GVCN", waiting, "--in-place").code == 0
    assert stat.S_IMODE(waiting.stat().st_mode) == 0o640


def test_a_refused_signature_changes_nothing(province: Province, waiting: Path) -> None:
    before = waiting.read_bytes()
    ran = sign(province, "CBQL", waiting, "--in-place")  # the homeroom teacher has not signed yet
    assert ran.code == 2
    assert "HB-K008" in ran.err
    assert waiting.read_bytes() == before
    assert [each.name for each in waiting.parent.iterdir()] == [waiting.name]


def test_signs_once_more_only_when_allowed(province: Province, waiting: Path) -> None:
    assert sign(province, "GVCN", waiting, "--in-place").code == 0
    again = sign(province, "GVCN", waiting, "--in-place")
    assert again.code == 2
    assert "HB-K011" in again.err
    assert sign(province, "GVCN", waiting, "--in-place", "--repeat").code == 0


def test_overwrites_the_record_only_with_in_place(province: Province, waiting: Path) -> None:
    before = waiting.read_bytes()
    ran = sign(province, "GVCN", waiting, "--out", waiting)
    assert ran.code == 2
    assert "--in-place" in ran.err
    assert waiting.read_bytes() == before


def test_takes_the_password_from_a_file(province: Province, waiting: Path) -> None:
    secret = waiting.with_name("mật khẩu.txt")
    secret.write_text(f"{KEY_PASSWORD}\n", "utf-8")
    command = ["sign", "--role", "GVCN", "--key", key(province, "GVCN"), waiting]
    assert call(*command, "--password-file", secret).code == 0
    secret.write_text("sai", "utf-8")
    wrong = call(*command, "--password-file", secret)
    assert wrong.code == 2
    assert "mật khẩu" in wrong.err


def test_does_not_wait_for_a_password_where_nobody_can_answer(
    province: Province, waiting: Path
) -> None:
    ran = call("sign", "--role", "GVCN", "--key", key(province, "GVCN"), waiting)
    assert ran.code == 2
    assert "HOCBA_KEY_PASSWORD" in ran.err


def test_the_signing_time_is_as_given(province: Province, waiting: Path) -> None:
    time = ("--time", "2026-05-29T08:15")
    assert sign(province, "GVCN", waiting, "--in-place", *time).code == 0
    ran = call("verify", waiting, "--format=json")
    assert ran.json["signatures"][0]["claimed_signing_time"] == "2026-05-29T01:15:00+00:00"
    a_day = sign(province, "GVCN", waiting, "--repeat", "--time", "2026-05-29")
    assert a_day.code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--style", "pades"], "--style"),
        (["--out", "x.xml", "--in-place"], "--in-place"),
        (["--time", "hôm qua"], "--time"),
    ],
)
def test_refuses_arguments_that_make_no_sense(
    province: Province, waiting: Path, arguments: list[str], said: str
) -> None:
    ran = sign(province, "GVCN", waiting, *arguments)
    assert ran.code == 2
    assert said in ran.err


def test_refuses_a_document_that_no_definition_knows(province: Province, tmp_path: Path) -> None:
    other = tmp_path / "a.xml"
    other.write_text("<hoa-don/>", "utf-8")
    ran = sign(province, "GVCN", other)
    assert ran.code == 2
    assert "hoa-don" in ran.err


def test_a_signed_record_is_there_whole_or_not_at_all(province: Province, waiting: Path) -> None:
    target = waiting.parent / "closed" / "out.xml"
    target.parent.mkdir()
    if os.geteuid() != 0:
        target.parent.chmod(0o500)
    else:
        target = waiting.parent / "missing" / "out.xml"
    ran = sign(province, "GVCN", waiting, "--out", target)
    assert ran.code == 2
    assert "Traceback" not in ran.err
    assert not target.exists()
