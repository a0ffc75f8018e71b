import json
from pathlib import Path

import pytest

from tests.support.command import call
from tests.support.foreign import reference, signed, template
from tests.support.interop import VECTORS
from tests.support.sample import Province

RIGHT = VECTORS / "aleksey-xmldsig-01" / "enveloping-sha256-rsa-sha256.xml"
WRONG = VECTORS / "phaos-xmldsig-three" / "signature-rsa-enveloped-bad-digest-val.xml"
WITH_DTD = VECTORS / "merlin-xmldsig-twenty-three" / "signature.xml"
MANIFEST = VECTORS / "phaos-xmldsig-three" / "signature-rsa-manifest.xml"

MORE_THAN_A_RECORD_S = {"path", "core_validation", "scope", "covered", "references", "manifests"}


def test_writes_one_object_a_document_with_the_members_of_a_record_s_signature(
    province: Province,
) -> None:
    record = call("verify", province.records[0], "--format", "json").json
    ran = call("verify", "--any-xml", RIGHT, "--format", "json")
    body = ran.json
    assert ran.code == 3
    assert set(body) == {"file", "outcome", "signatures", "document_validation", "findings"}
    assert body["file"] == str(RIGHT)
    assert body["outcome"] == "indeterminate"
    (signature,) = body["signatures"]
    assert set(signature) == set(record["signatures"][0]) | MORE_THAN_A_RECORD_S
    assert signature["core_validation"] is True
    assert signature["scope"] == "FULL"
    assert signature["covered"] == ["Signature/Object"]
    assert signature["sub_indication"] == "NO_CERTIFICATE_CHAIN_FOUND"
    assert [each["path"] for each in signature["references"]] == ["Signature/Object"]
    assert set(record["record_validation"]) - {"policy"} == set(body["document_validation"])


def test_lists_every_member_of_a_manifest() -> None:
    (signature,) = call("verify", "--any-xml", MANIFEST, "--format", "json").json["signatures"]
    (manifest,) = signature["manifests"]
    assert manifest["path"] == "Signature/Object/Manifest"
    assert [each["sub_indication"] for each in manifest["references"]] == [
        "SIGNED_DATA_NOT_FOUND",
        "SIGNED_DATA_NOT_FOUND",
    ]


def test_a_trusted_document_passes_and_a_part_that_nobody_signed_is_named(
    province: Province,
) -> None:
    options = ("--any-xml", "--trust", province.trust, "--format", "json")
    record = province.records[0]
    body = call("verify", record, *options).json
    assert {each["indication"] for each in body["signatures"]} == {"TOTAL-PASSED"}
    assert body["outcome"] == "accepted"
    assert call("verify", record, *options).code == 0


def test_an_altered_record_fails(province: Province, tmp_path: Path) -> None:
    altered = tmp_path / "sua.xml"
    text = province.records[0].read_text("utf-8")
    altered.write_text(text.replace("<hovaten>", "<hovaten>X", 1), "utf-8")
    ran = call("verify", "--any-xml", altered, "--trust", province.trust)
    assert ran.code == 1
    assert "HB-S010" in ran.out


def test_without_trust_nothing_passes_and_this_is_said_once() -> None:
    ran = call("verify", "--any-xml", RIGHT, RIGHT)
    assert ran.code == 3
    assert ran.err.count("--trust") == 1


@pytest.mark.parametrize(
    ("file", "code", "outcome"),
    [(WRONG, 1, "rejected"), (WITH_DTD, 2, "unreadable"), (RIGHT, 3, "indeterminate")],
)
def test_the_exit_code_says_what_came_of_it(file: Path, code: int, outcome: str) -> None:
    ran = call("verify", "--any-xml", file, "--format", "json")
    assert (ran.code, ran.json["outcome"]) == (code, outcome)


def test_one_bad_document_does_not_stop_the_next() -> None:
    ran = call("verify", "--any-xml", WITH_DTD, WRONG, RIGHT, "--format", "json")
    assert ran.code == 1
    assert [each["outcome"] for each in ran.lines] == ["unreadable", "rejected", "indeterminate"]
    assert ran.lines[0]["findings"][0]["code"] == "HB-U005"


def test_a_document_without_a_signature_fails(tmp_path: Path) -> None:
    plain = tmp_path / "khong-ky.xml"
    plain.write_text("<vb>5</vb>", "utf-8")
    ran = call("verify", "--any-xml", plain)
    assert ran.code == 1
    assert "HB-S111" in ran.out


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("vi", ("Phạm vi: chỉ một phần tài liệu", "Phép tính mật mã khớp", "goi/them")),
        ("en", ("Scope: only a part of the document", "arithmetic agrees", "goi/them")),
    ],
)
def test_people_read_who_signed_what(language: str, words: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "goi.xml"
    text = f'<goi><vb Id="v">5</vb><them>6</them>{template(reference("#v"))}</goi>'
    file.write_bytes(signed(text))
    ran = call("verify", "--any-xml", file, "--lang", language)
    for each in words:
        assert each in ran.out, ran.out
    assert "goi/vb" in ran.out


def test_a_folder_is_gone_through(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.xml").write_bytes(RIGHT.read_bytes())
    ran = call("verify", "--any-xml", tmp_path, "--format", "json")
    assert len([json.loads(line) for line in ran.out.splitlines()]) == 3


@pytest.mark.parametrize("option", ["--roster", "--resume", "--jobs"])
def test_options_of_records_are_wrong_usage(option: str, province: Province) -> None:
    value = province.roster if option == "--roster" else "4"
    ran = call("verify", "--any-xml", RIGHT, option, value)
    assert ran.code == 2
    assert option in ran.err
    assert not Path("4").exists()


def test_a_broken_trust_store_is_said_before_any_work(tmp_path: Path) -> None:
    ran = call("verify", "--any-xml", RIGHT, "--trust", tmp_path)
    assert ran.code == 2
    assert ran.out == ""
