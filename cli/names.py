"""Names in signing certificates, as people know each other."""

import re
from collections.abc import Mapping
from typing import Any

_COMMON_NAME = re.compile(r"(?:^|,)CN=((?:\\.|[^,\\])*)")


def common_name(subject: str) -> str:
    """The name in a *subject* as RFC 4514 writes it; the whole subject where there is none."""
    found = _COMMON_NAME.search(subject)
    return re.sub(r"\\(.)", r"\1", found[1]) if found else subject


def signer_words(signer: Mapping[str, Any]) -> str:
    """The name and the number of the signer of a report's signature."""
    number = signer["personal_id"] or signer["organization_id"]
    name = common_name(signer["subject"])
    return f"{name} ({number})" if number else name
