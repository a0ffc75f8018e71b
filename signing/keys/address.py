"""Where a key is, as users write it: `pkcs11:` URIs (RFC 7512) and addresses of CSC services.

A secret has no place in an address: it would stand in the list of processes and in the shell's
history. A PIN comes from a file (`pin-source`), the environment or a prompt.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from schemas.findings import finding
from signing.errors import SigningKeyError

PKCS11_SCHEME: Final = "pkcs11:"
CSC_SCHEMES: Final = ("csc+https://", "csc+http://")

_PATH_ATTRIBUTES: Final = frozenset(
    {"token", "serial", "slot-id", "manufacturer", "model", "object", "id", "type"}
)
_QUERY_ATTRIBUTES: Final = frozenset({"module-path", "pin-source"})
_CSC_PATH: Final = re.compile(r"(?P<base>/(?:.+/)?csc/(?P<version>v[12]))/(?P<credential>.+)\Z")
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAddress:
    """A key on a token, as far as the user names it; None and empty match anything."""

    module: str
    token: str | None = None
    serial: str | None = None
    slot_id: int | None = None
    manufacturer: str | None = None
    model: str | None = None
    object: str | None = None
    id: bytes | None = None
    pin_source: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAddress:
    """A credential of a CSC service; `base` ends in /csc/v1 or /csc/v2, as `version` says."""

    base: str
    host: str
    version: str
    credential: str


def read_token_address(text: str, default_module: str | None = None) -> TokenAddress:
    """The key that a `pkcs11:` URI names; raises `SigningKeyError`.

    A module that the URI does not name is *default_module*.
    """
    path, _, query = text.removeprefix(PKCS11_SCHEME).partition("?")
    found = _attributes(path, ";", _PATH_ATTRIBUTES)
    if found.get("type", "private") != "private":
        raise _unclear("type", found["type"])
    asked = _attributes(query, "&", _QUERY_ATTRIBUTES)
    module = asked.get("module-path") or default_module
    if not module:
        raise _unclear("module-path", PKCS11_SCHEME)
    slot = found.get("slot-id")
    if slot is not None and not (slot.isascii() and slot.isdigit()):
        raise _unclear("slot-id", slot)
    return TokenAddress(
        module=module,
        token=found.get("token"),
        serial=found.get("serial"),
        slot_id=None if slot is None else int(slot),
        manufacturer=found.get("manufacturer"),
        model=found.get("model"),
        object=found.get("object"),
        id=_identifier(path),
        pin_source=_pin_source(asked.get("pin-source")),
    )


def read_service_address(text: str) -> ServiceAddress:
    """The credential that `csc+https://HOST/…/csc/v1/CREDENTIAL` names; raises `SigningKeyError`.

    Plain HTTP is for this machine only: a token or PIN must not cross a network in clear.
    """
    try:
        parts = urlsplit(text.removeprefix("csc+"))
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise _unclear("address", "csc+…") from error
    if not host or parts.username is not None or parts.query or parts.fragment:
        raise _unclear("address", host or "–")
    if parts.scheme != "https" and host not in _LOOPBACK:
        raise _unclear("https", host)
    match = _CSC_PATH.match(parts.path)
    if match is None or _BAD_ESCAPE.search(match["credential"]):
        raise _unclear("path", parts.path or "/")
    return ServiceAddress(
        base=f"{parts.scheme}://{parts.netloc}{match['base']}",
        host=host if port is None else f"{host}:{port}",
        version=match["version"],
        credential=unquote(match["credential"]),
    )


def _attributes(text: str, separator: str, known: frozenset[str]) -> Mapping[str, str]:
    """The attributes of one part of the URI; what is unknown or stands twice is refused."""
    found: dict[str, str] = {}
    for each in text.split(separator) if text else ():
        name, equals, value = each.partition("=")
        if name == "pin-value":
            raise _unclear("pin-value", "pin-value=…")
        if not equals or name not in known or name in found or _BAD_ESCAPE.search(value):
            raise _unclear("attribute", name or each)
        found[name] = unquote(value)
    return found


def _identifier(path: str) -> bytes | None:
    """CKA_ID is octets, which the text of a percent-encoded value cannot always hold."""
    for each in path.split(";"):
        if each.startswith("id="):
            return unquote_to_bytes(each.removeprefix("id="))
    return None


def _pin_source(value: str | None) -> Path | None:
    if value is None:
        return None
    path = value.removeprefix("file://").removeprefix("file:")
    if not path or path.startswith("|") or re.match(r"[a-z][a-z0-9+.-]+:", path):
        raise _unclear("pin-source", value)
    return Path(path)


def _unclear(reason: str, found: str) -> SigningKeyError:
    return SigningKeyError(finding("HB-K049", reason=reason, found=found))
