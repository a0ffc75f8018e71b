"""From a URL to the store that it names.

    file:///srv/hocba/store
    s3://hoc-ba?endpoint=https://s3.example.vn&region=vn-1
    s3://hoc-ba?endpoint=https://s3.example.vn&retention=COMPLIANCE:18250

Parameters of `s3`: `endpoint` (must be given), `region`, `retention` as mode:days, `connections`,
`unencrypted=allowed` for `http://` to another machine. Who we are there never stands in a URL: it
is read from the variables HOCBA_S3_ACCESS_KEY and HOCBA_S3_SECRET_KEY.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from storage.contract import Store
from storage.depot import Depot
from storage.directory import DirectoryStore
from storage.errors import StoreMisconfigured
from storage.folder_depot import FolderDepot
from storage.s3_settings import Retention, S3Settings

ACCESS_KEY = "HOCBA_S3_ACCESS_KEY"
SECRET_KEY = "HOCBA_S3_SECRET_KEY"  # noqa: S105 -- the name of a variable

_PARAMETERS = {"endpoint", "region", "retention", "connections", "unencrypted"}


def open_store(
    url: str, *, create: bool = False, environment: Mapping[str, str] = os.environ
) -> Store:
    """The store that *url* names; with *create*, its folder or bucket is made where it is missing.

    Nothing is asked of the store without *create*: `check` does that. Raises `StoreMisconfigured`
    for a URL that names none.
    """
    parts = _split(url)
    match parts.scheme:
        case "file":
            root = _folder(parts)
            return DirectoryStore.create(root) if create else DirectoryStore(root)
        case "s3":
            # The SDK takes a fifth of a second to import, for nothing where a folder is the store.
            from storage.s3 import S3Store

            settings = _settings(parts, environment)
            return S3Store.create(settings) if create else S3Store(settings)
        case _:
            raise StoreMisconfigured(f"store URL starts with {parts.scheme!r}, can be file or s3")


def open_depot(
    url: str, *, create: bool = False, environment: Mapping[str, str] = os.environ
) -> Depot:
    """The depot that *url* names, of the same form as a store's, without `retention`.

    With *create*, its folder or bucket is made where it is missing. Raises `StoreMisconfigured`.
    """
    parts = _split(url)
    match parts.scheme:
        case "file":
            root = _folder(parts)
            return FolderDepot.create(root) if create else FolderDepot(root)
        case "s3":
            from storage.s3_depot import S3Depot

            settings = _settings(parts, environment)
            if settings.retention is not None:
                raise StoreMisconfigured("a depot forgets: its URL cannot have retention")
            return S3Depot.create(settings) if create else S3Depot(settings)
        case _:
            raise StoreMisconfigured(f"depot URL starts with {parts.scheme!r}, can be file or s3")


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise StoreMisconfigured(f"not a store URL: {error}") from None


def _folder(parts: SplitResult) -> Path:
    if parts.netloc not in {"", "localhost"} or parts.query or parts.fragment:
        raise StoreMisconfigured("a file URL names a folder of this machine: file:///srv/store")
    folder = Path(unquote(parts.path))
    if not folder.is_absolute():
        raise StoreMisconfigured(f"the folder of a file URL is not absolute: {str(folder)!r}")
    return folder


def _settings(parts: SplitResult, environment: Mapping[str, str]) -> S3Settings:
    if parts.path not in {"", "/"} or parts.fragment or "@" in parts.netloc:
        raise StoreMisconfigured(
            "an S3 URL names a bucket and nothing else: s3://bucket?endpoint=…"
        )
    given = parse_qsl(parts.query, keep_blank_values=True)
    parameters = dict(given)
    if unknown := parameters.keys() - _PARAMETERS:
        raise StoreMisconfigured(f"unknown parameter of an S3 URL: {', '.join(sorted(unknown))}")
    if len(given) != len(parameters):
        raise StoreMisconfigured("a parameter of an S3 URL stands twice")
    endpoint = _split(parameters.get("endpoint", ""))
    if endpoint.scheme not in {"http", "https"} or endpoint.path not in {"", "/"}:
        raise StoreMisconfigured("an S3 URL needs endpoint=https://host:port")
    if parameters.get("unencrypted", "allowed") != "allowed":
        raise StoreMisconfigured("parameter unencrypted of an S3 URL can only be: allowed")
    return S3Settings(
        bucket=parts.netloc,
        endpoint=endpoint.netloc,
        secure=endpoint.scheme == "https",
        unencrypted="unencrypted" in parameters,
        region=parameters.get("region", "us-east-1"),
        retention=_retention(parameters["retention"]) if "retention" in parameters else None,
        connections=_number("connections", parameters.get("connections", "16")),
        access_key=_credential(ACCESS_KEY, environment),
        secret_key=_credential(SECRET_KEY, environment),
    )


def _retention(text: str) -> Retention:
    mode, _, days = text.partition(":")
    match mode:
        case "GOVERNANCE" | "COMPLIANCE":
            return Retention(mode, _number("retention", days))
        case _:
            raise StoreMisconfigured(f"retention is {text!r}, can be COMPLIANCE:days")


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 6):
        raise StoreMisconfigured(f"parameter {name} of an S3 URL is {text!r}, must be a number")
    return int(text)


def _credential(name: str, environment: Mapping[str, str]) -> str:
    value = environment.get(name, "")
    if not value:
        raise StoreMisconfigured(f"variable {name} is not set: who are we at the S3 server?")
    return value
