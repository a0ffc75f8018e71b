"""Values of a record as people say and write them."""

import re

from cryptography import x509
from cryptography.x509.oid import NameOID

from schemas.definition import Definition
from schemas.findings import Language

_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})\Z")
_MONTH = re.compile(r"(\d{4})-(\d{2})\Z")
_DECIMAL = re.compile(r"-?\d+\.\d+\Z")


def in_words(definition: Definition | None, field: str, raw: str, language: Language) -> str:
    """*raw* as people say it: the meaning of a code, a day or a number as they write it."""
    codes = definition.lists.get(field) if definition and raw else None
    return (codes.meaning(raw, language) if codes else None) or written(raw, language)


def written(raw: str, language: Language) -> str:
    """*raw* as people write it: days as 30/05/2026, a decimal comma in Vietnamese."""
    if match := _DAY.match(raw):
        return f"{match[3]}/{match[2]}/{match[1]}"
    if match := _MONTH.match(raw):
        return f"{match[2]}/{match[1]}"
    if language is Language.VI and _DECIMAL.match(raw):
        return raw.replace(".", ",")
    return raw


def subject_names(subject: str) -> dict[str, str]:
    """Common name (`name`) and `organization` in a certificate's subject (RFC 4514)."""
    try:
        name = x509.Name.from_rfc4514_string(subject)
    except ValueError:
        return {}
    wanted = {"name": NameOID.COMMON_NAME, "organization": NameOID.ORGANIZATION_NAME}
    found = {key: name.get_attributes_for_oid(oid) for key, oid in wanted.items()}
    return {key: str(attributes[0].value) for key, attributes in found.items() if attributes}
