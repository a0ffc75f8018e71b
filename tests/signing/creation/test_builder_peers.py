"""What the builder writes is valid for two other engines, in every style."""

from pathlib import Path

import pytest

from signing.creation.builder import sign_record
from signing.creation.styles import STYLES, SignatureStyle
from tests.support import peers
from tests.support import signing_kit as kit
from tests.support.needs import lacking

STYLE_NAMES = tuple(STYLES)


def fully_signed(data: bytes, style: SignatureStyle) -> bytes:
    """The record signed by everybody in order."""
    policy = kit.policy()
    signers = [
        ("GVBM", kit.signer_of("GVBM")),
        ("GVBM", kit.signer(f"CCCD:{kit.OTHER_TEACHER}", rsa=True)),
        ("GVCN", kit.signer_of("GVCN")),
        ("CBQL", kit.signer_of("CBQL")),
        ("KY_PHAT_HANH", kit.signer_of("KY_PHAT_HANH")),
    ]
    for role, key in signers:
        data = sign_record(data, role, key, policy=policy, signing_time=kit.SIGNED_AT, style=style)
    return data


RECORDS = {
    "plain": kit.RECORD,
    "linked": kit.LINKED_RECORD,
    "with namespaces": kit.RECORD.replace(
        b"<HOC_BA_SO>",
        b'<HOC_BA_SO xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xml:lang="vi">',
    ),
    "with CRLF": kit.RECORD.replace(b"\n", b"\r\n"),
}


@pytest.mark.parametrize("style", STYLE_NAMES)
@pytest.mark.parametrize("record", RECORDS)
def test_python_xmlsec_accepts_every_signature(style: str, record: str) -> None:
    data = fully_signed(RECORDS[record], STYLES[style])
    verdicts = peers.xmlsec_verdicts(data)
    assert len(verdicts) >= 5
    assert all(verdicts)


def test_python_xmlsec_refuses_an_altered_mark_in_every_style() -> None:
    for style in STYLES.values():
        data = fully_signed(kit.RECORD, style).replace(b">8.5<", b">9.5<")
        # The row's teacher, the homeroom teacher, the principal and the seal; not the others.
        verdicts = peers.xmlsec_verdicts(data)
        assert verdicts.count(False) == 4


@pytest.mark.jdk
def test_jdk_accepts_every_signature_and_refuses_altered_ones(tmp_path: Path) -> None:
    if not peers.jdk_is_present():
        lacking("a JDK (java, javac)", install="install openjdk-17-jdk-headless")
    files = []
    for style in STYLES.values():
        for name, record in RECORDS.items():
            data = fully_signed(record, style)
            for kind, content in (("good", data), ("bad", data.replace(b">8.5<", b">9.5<"))):
                files.append(tmp_path / f"{style.name} {name} {kind}.xml")
                files[-1].write_bytes(content)
    verdicts = peers.jdk_verdicts(peers.compiled_jdk_peer(tmp_path), files)
    for file in files:
        results = [each["valid"] for each in verdicts if each["file"] == str(file)]
        assert len(results) >= 5, file.name
        assert results.count(False) == (4 if "bad" in file.name else 0), file.name
