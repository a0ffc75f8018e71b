"""The forms in which a signature is written: XAdES, and what Vietnamese signing tools write.

A style is data; `signature_builder` is the one place that turns it into XML. The vendors' forms
were read in public documents signed by such tools (ADR 0010); real records will carry them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from signing import names
from signing.xmldsig.canonicalization import ENVELOPED_SIGNATURE

C14N_10: Final = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXCLUSIVE_C14N: Final = names.EXC_C14N

# The namespaces that tools put their SigningTime into; it has none of its own.
_PLACEHOLDER_NAMESPACE = "http://example.org/#signatureProperties"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureStyle:
    """How one signature is written.

    `prefix` None writes the signature in the default namespace. `transforms` are those of each
    data reference, in order. With `qualifying_properties` the signing time and certificate are
    XAdES signed properties; without, the time is a local time without zone in an `Object` with
    SignatureProperties, its element in `time_namespace`. `covers_earlier_values` lets a seal also
    reference the signature values of those who signed before. `value_per_target` gives every
    target a signature of its own instead of one signature with many references.
    """

    name: str
    prefix: str | None
    canonicalization: str
    transforms: tuple[str, ...]
    qualifying_properties: bool
    time_namespace: str = names.DS
    subject_name: bool = False
    with_chain: bool = False
    wrapped_base64: bool = False
    covers_earlier_values: bool = False
    value_per_target: bool = False


XADES: Final = SignatureStyle(
    name="xades",
    prefix="ds",
    canonicalization=EXCLUSIVE_C14N,
    transforms=(EXCLUSIVE_C14N,),
    qualifying_properties=True,
    with_chain=True,
    covers_earlier_values=True,
)

VENDOR_ENVELOPED: Final = SignatureStyle(
    name="vendor-enveloped",
    prefix=None,
    canonicalization=C14N_10,
    transforms=(ENVELOPED_SIGNATURE,),
    qualifying_properties=False,
    time_namespace=_PLACEHOLDER_NAMESPACE,
    subject_name=True,
)

VENDOR_CANONICAL_TWICE: Final = SignatureStyle(
    name="vendor-canonical-twice",
    prefix=None,
    canonicalization=C14N_10,
    transforms=(ENVELOPED_SIGNATURE, C14N_10, EXCLUSIVE_C14N),
    qualifying_properties=False,
    time_namespace=names.DS,
    wrapped_base64=True,
    value_per_target=True,
)

VENDOR_WITH_CHAIN: Final = SignatureStyle(
    name="vendor-with-chain",
    prefix=None,
    canonicalization=C14N_10,
    transforms=(ENVELOPED_SIGNATURE, C14N_10),
    qualifying_properties=False,
    time_namespace=_PLACEHOLDER_NAMESPACE,
    subject_name=True,
    with_chain=True,
)

VENDOR_STYLES: Final = (VENDOR_ENVELOPED, VENDOR_CANONICAL_TWICE, VENDOR_WITH_CHAIN)

STYLES: Final[Mapping[str, SignatureStyle]] = MappingProxyType(
    {style.name: style for style in (XADES, *VENDOR_STYLES)}
)
