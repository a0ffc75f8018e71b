"""Two other engines for the core of XML-DSig: python-xmlsec, and the JDK's javax.xml.crypto.

Neither weighs trust: the key is that of the first certificate in each signature.
"""

import json
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree

from hocba.sample.insecure_keys import insecure_ec_key

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
    try:
        der = b64decode(certificate.text)
        pem = x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)
    except ValueError:  # altered beyond reading: there is no key by which it could be right
        return False
    context = xmlsec.SignatureContext()
    try:
        context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem)
        for element in with_id:
            with suppress(xmlsec.Error):  # an xml:id has the name already
                context.register_id(element, "Id")
        context.verify(signature)
    except xmlsec.Error:
        return False
    return True


def xmlsec_digest(data: bytes, identified: str = "Id") -> str:
    """The DigestValue that python-xmlsec writes into the first reference of *data*'s template."""
    root = etree.fromstring(data)
    signature = next(root.iter(f"{_DS}Signature"))
    context = xmlsec.SignatureContext()
    for element in root.iter(etree.Element):
        if element.get(identified):
            context.register_id(element, identified)
    context.key = _signing_key()
    context.sign(signature)
    return str(signature.findtext(f".//{_DS}Reference/{_DS}DigestValue"))


@cache
def _signing_key() -> xmlsec.Key:
    key = insecure_ec_key("tests/peers", ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatPem)


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
