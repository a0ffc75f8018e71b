"""Two other engines for the core of XML-DSig: python-xmlsec, and the JDK's javax.xml.crypto.

Neither weighs trust: the key is that of the first certificate in each signature.
"""

import json
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

_SOURCE = Path(__file__).parents[1] / "peers" / "jdk" / "VerifyXmlDsig.java"
_DS = "{http://www.w3.org/2000/09/xmldsig#}"


def xmlsec_verdicts(data: bytes) -> list[bool]:
    """One verdict per `ds:Signature`, in document order, by python-xmlsec."""
    root = etree.fromstring(data)
    ids = [element for element in root.iter(etree.Element) if element.get("Id")]
    values = [element.get("Id") for element in ids]
    unique = [element for element in ids if values.count(element.get("Id")) == 1]
    return [_xmlsec_verdict(signature, unique) for signature in root.iter(f"{_DS}Signature")]


def _xmlsec_verdict(signature: etree._Element, with_id: list[etree._Element]) -> bool:
    certificate = signature.find(f".//{_DS}X509Certificate")
    der = b64decode(certificate.text)
    pem = x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)
    context = xmlsec.SignatureContext()
    for element in with_id:
        context.register_id(element, "Id")
    context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem)
    try:
        context.verify(signature)
    except xmlsec.Error:
        return False
    return True


def jdk_is_present() -> bool:
    """Whether `java` and `javac` are on the path."""
    return shutil.which("java") is not None and shutil.which("javac") is not None


def compiled_jdk_peer(folder: Path) -> Path:
    """The class folder of the compiled program; compile once a session."""
    subprocess.run(["javac", "-d", str(folder), str(_SOURCE)], check=True, capture_output=True)
    return folder


def jdk_verdicts(classes: Path, files: Sequence[Path]) -> list[dict[str, Any]]:
    """One object per signature of every file (see the program), in one run of the JVM."""
    run = subprocess.run(
        ["java", "-cp", str(classes), "VerifyXmlDsig", *map(str, files)],
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    return [json.loads(line) for line in run.stdout.splitlines()]
