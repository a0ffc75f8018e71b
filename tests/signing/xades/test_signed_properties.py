"""SignedProperties as they may be written: what names the signing certificate and what does not."""

from base64 import b64encode
from hashlib import sha256

import pytest
from lxml import etree

from signing import names
from signing.xades.signed_properties import CertificateReference, read_signed_properties
from signing.xmldsig.algorithms import default_policy
from signing.xmldsig.form import read_form
from tests.support.forge import DS, SHA256, Forgery, Ref, forge
from tests.support.signing_kit import signer_of

DIGEST = sha256(b"a certificate").digest()
METHOD = f"<DigestMethod Algorithm='{SHA256}'/>"
VALUE = f"<DigestValue>{b64encode(DIGEST).decode()}</DigestValue>"


def signing_certificates(content: str) -> tuple[CertificateReference, ...] | None:
    """The certificates that SignedSignatureProperties with this content names."""
    properties = (
        f"<Object xmlns='{DS}'><x:QualifyingProperties xmlns:x='{names.XADES}' Target='#S'>"
        f"<x:SignedProperties Id='P'><x:SignedSignatureProperties>{content}"
        "</x:SignedSignatureProperties></x:SignedProperties></x:QualifyingProperties></Object>"
    )
    root = etree.fromstring("<r/>")
    forgery = Forgery([Ref("#P")], signer_of("GVBM"), objects=[properties], id="S")
    form = read_form(forge(root, forgery))
    covered = (next(root.iter(names.SIGNED_PROPERTIES)),)
    found = read_signed_properties(form, covered, default_policy())
    assert found.problems == ()
    return found.signing_certificates


def named(*digests: str, version: str = "V2") -> str:
    certs = "".join(f"<x:Cert><x:CertDigest>{each}</x:CertDigest></x:Cert>" for each in digests)
    return f"<x:SigningCertificate{version}>{certs}</x:SigningCertificate{version}>"


@pytest.mark.parametrize("version", ["V2", ""])
def test_the_property_of_either_version_names_certificates(version) -> None:
    (found,) = signing_certificates(named(METHOD + VALUE, version=version)) or ()
    assert found.names(b"a certificate")
    assert not found.names(b"another certificate")


def test_the_newer_property_speaks_where_both_stand() -> None:
    older = named(METHOD + "<DigestValue>AAAA</DigestValue>", version="")
    found = signing_certificates(older + named(METHOD + VALUE))
    assert found == (CertificateReference("sha256", DIGEST),)


def test_properties_without_it_name_none() -> None:
    assert signing_certificates("") is None


@pytest.mark.parametrize(
    "digest",
    [
        "",
        METHOD,
        VALUE,
        "<DigestMethod/>" + VALUE,
        f"<DigestMethod Algorithm='{DS}sha1'/>{VALUE}",
        METHOD + "<DigestValue>*</DigestValue>",
        METHOD + "<DigestValue>AAA</DigestValue>",
    ],
)
def test_a_digest_that_cannot_be_read_or_relied_on_names_nobody(digest) -> None:
    assert signing_certificates(named(digest)) == ()
    assert signing_certificates(named(digest, METHOD + VALUE)) == (
        CertificateReference("sha256", DIGEST),
    )
