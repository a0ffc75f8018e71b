"""Namespaces and element names of XML-DSig and XAdES."""

from typing import Final

DS: Final = "http://www.w3.org/2000/09/xmldsig#"
XADES: Final = "http://uri.etsi.org/01903/v1.3.2#"
XADES_141: Final = "http://uri.etsi.org/01903/v1.4.1#"
EXC_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
XML: Final = "http://www.w3.org/XML/1998/namespace"

SIGNATURE: Final = f"{{{DS}}}Signature"
SIGNED_INFO: Final = f"{{{DS}}}SignedInfo"
SIGNATURE_VALUE: Final = f"{{{DS}}}SignatureValue"
KEY_INFO: Final = f"{{{DS}}}KeyInfo"
OBJECT: Final = f"{{{DS}}}Object"
SIGNATURE_PROPERTIES: Final = f"{{{DS}}}SignatureProperties"
MANIFEST: Final = f"{{{DS}}}Manifest"
QUALIFYING_PROPERTIES: Final = f"{{{XADES}}}QualifyingProperties"
SIGNED_PROPERTIES: Final = f"{{{XADES}}}SignedProperties"
UNSIGNED_PROPERTIES: Final = f"{{{XADES}}}UnsignedProperties"

# Values of Reference/@Type (XML-DSig 4.4.3.2, XAdES EN 319 132-1 4.4.2, 5.2.7.2).
TYPE_OBJECT: Final = f"{DS}Object"
TYPE_MANIFEST: Final = f"{DS}Manifest"
TYPE_SIGNATURE_PROPERTIES: Final = f"{DS}SignatureProperties"
TYPE_SIGNED_PROPERTIES: Final = "http://uri.etsi.org/01903#SignedProperties"
TYPE_COUNTERSIGNED: Final = "http://uri.etsi.org/01903#CountersignedSignature"
