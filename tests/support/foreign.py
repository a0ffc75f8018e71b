"""Foreign documents for tests: written as text with templates, signed by xmlsec, not by us."""

from base64 import b64encode

import xmlsec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree

from schemas.document import parse
from signing.foreign.report import ForeignReport
from signing.foreign.validation import validate_foreign
from signing.keys.key import SoftwareKey
from tests.support import signed_records
from tests.support.forge import DS, ECDSA_SHA256, EXC_C14N, SHA256

SIGNATURE = f"{{{DS}}}Signature"


def key() -> SoftwareKey:
    """A key of the sample PKI that `report` trusts; elliptic."""
    return signed_records.signer("GVBM")


def step(algorithm: str, content: str = "") -> str:
    """One `ds:Transform`."""
    return f'<ds:Transform Algorithm="{algorithm}">{content}</ds:Transform>'


def reference(uri: str, *steps: str, kind: str = "", digest: str = SHA256) -> str:
    """One `ds:Reference` whose digest xmlsec will write."""
    transforms = f"<ds:Transforms>{''.join(steps)}</ds:Transforms>" if steps else ""
    written = f' Type="{kind}"' if kind else ""
    return (
        f'<ds:Reference URI="{uri}"{written}>{transforms}'
        f'<ds:DigestMethod Algorithm="{digest}"/><ds:DigestValue/></ds:Reference>'
    )


def certificate_info(*, of: SoftwareKey | None = None) -> str:
    """A KeyInfo that encloses the signer's certificate."""
    der = (of or key()).certificate.public_bytes(Encoding.DER)
    encoded = b64encode(der).decode()
    return (
        "<ds:KeyInfo><ds:X509Data>"
        f"<ds:X509Certificate>{encoded}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
    )


def template(
    *references: str,
    key_info: str | None = None,
    objects: str = "",
    name: str = "",
    value: str = "",
) -> str:
    """An unsigned `ds:Signature`; *name* and *value* are Ids of it and of its SignatureValue."""
    of_signature = f' Id="{name}"' if name else ""
    of_value = f' Id="{value}"' if value else ""
    return (
        f'<ds:Signature xmlns:ds="{DS}"{of_signature}><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{EXC_C14N}"/>'
        f'<ds:SignatureMethod Algorithm="{ECDSA_SHA256}"/>{"".join(references)}</ds:SignedInfo>'
        f"<ds:SignatureValue{of_value}/>{certificate_info() if key_info is None else key_info}"
        f"{objects}</ds:Signature>"
    )


def signed(text: str, *, order: tuple[int, ...] = (0,)) -> bytes:
    """*text* with its templates signed by xmlsec, by position in the document, in *order*."""
    root = etree.fromstring(text.encode())
    for index in order:
        context = xmlsec.SignatureContext()
        for element in root.iter(etree.Element):
            if element.get("Id"):
                context.register_id(element, "Id")
        pem = key().private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatPem)
        context.sign(list(root.iter(SIGNATURE))[index])
    return etree.tostring(root, encoding="utf-8")


def report(data: bytes) -> ForeignReport:
    """What hocba says about *data*, trusting the sample PKI."""
    return validate_foreign(parse(data), paths=signed_records.paths(), at=signed_records.NOW)


def codes(found: ForeignReport) -> set[str]:
    """Every finding code in the report."""
    verdicts = [each.validation.verdict for each in found.signatures]
    return {f.code for verdict in (*verdicts, found.document) for f in verdict.findings}
