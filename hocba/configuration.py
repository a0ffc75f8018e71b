"""hocba.toml: what the operator of a repository has set. Everything has a default.

    [repository]
    masogd = "15"                      # the only province whose records this home takes in
    [index]
    url = "postgresql://host/hocba"    # default: index.sqlite3 beside this file
    [store]
    url = "s3://bucket?endpoint=…"     # default: the folder store beside this file
    [depot]
    url = "s3://bucket?endpoint=…"     # several machines take batches in; default: this one alone
    [ingest]
    processes = 8                      # default: one for each processor
    chunk = 200                        # documents examined and committed together
    [limits]
    document_bytes = 5242880           # the largest document, in bytes
    documents = 2000000                # the most documents of one batch
    batch_bytes = 274877906944         # the most bytes that come out of one archive
    ratio = 100                        # … for each byte of the archive, beyond 64 MiB
    [signing]
    algorithms = "algorithms.toml"     # default: the algorithm table that ships
    constraints = "constraints.toml"   # default: the validation constraints that ship
    [revocation]
    fetch = true                       # default: false, offline
    hosts = ["crl.example.vn"]         # the only ones that are asked; "host:port" where not 80
    timeout = 10                       # seconds for one whole exchange
    maximum_bytes = 67108864           # the largest CRL that is taken
    [roster]
    certificates = "bound"             # who has bound ones signs with no other; default: "any"
    [lifecycle]
    approval = "required"              # default: "recorded", a change without approval is a warning
    extracts = "required"              # the same for records made from paper; default: as approval
    [transfer]
    days = 60                          # for how long a package may be taken in; default: 30
    [transfer.senders]
    01 = "partners/01.pem"             # receipt keys of other provinces' repositories, by mã sở

    [identity]
    url = "https://host/v1/check"      # the register of identities; default: the imported file
    hosts = ["host"]                   # the only ones that are asked; see hocba.identity.settings

The variables HOCBA_INDEX_URL, HOCBA_STORE_URL and HOCBA_DEPOT_URL come before the file: a password
stands there, or in a PostgreSQL password file, never here.
"""

import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from hocba.errors import HomeError
from hocba.identity.settings import KNOWN as IDENTITY_KNOWN
from hocba.identity.settings import IdentitySettings, read_identity
from hocba.ingest.entry import SourceLimits
from hocba.model.lifecycle import CONFIGURABLE, Approval
from schemas.findings import finding
from signing.certificates.fetching import FetchPolicy
from storage.contract import MAX_OBJECT_SIZE

FILE_NAME = "hocba.toml"
INDEX_URL = "HOCBA_INDEX_URL"
STORE_URL = "HOCBA_STORE_URL"
DEPOT_URL = "HOCBA_DEPOT_URL"

_KNOWN: Mapping[str, Mapping[str, type]] = {
    "repository": {"masogd": str},
    "index": {"url": str},
    "store": {"url": str},
    "depot": {"url": str},
    "ingest": {"processes": int, "chunk": int},
    "limits": {"document_bytes": int, "documents": int, "batch_bytes": int, "ratio": int},
    "signing": {"algorithms": str, "constraints": str},
    "revocation": {"fetch": bool, "hosts": list, "timeout": int, "maximum_bytes": int},
    "roster": {"certificates": str},
    "lifecycle": {"approval": str, "extracts": str},
    "transfer": {"days": int, "senders": dict},
    "identity": IDENTITY_KNOWN,
}
_PROVINCE = re.compile(r"[0-9A-Za-z]{1,10}\Z")
_MAX_PROCESSES = 1024
_MAX_CHUNK = 10_000
# Names in [limits], those of `SourceLimits`, and the most that the program can keep to: an object
# of the store has at most 64 MiB, a position in a batch four bytes.
_LIMITS = {
    "document_bytes": ("document_bytes", MAX_OBJECT_SIZE),
    "documents": ("entries", 2**31 - 1),
    "batch_bytes": ("total_bytes", 2**50),
    "ratio": ("archive_ratio", 100_000),
}
# As they stand in addresses: a name, an IPv4 or a bracketed IPv6 address; lower case.
_HOST = re.compile(r"(?:[0-9a-z._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?\Z")
_MAX_TIMEOUT = 120
_MAX_BYTES = 2**30
_MAX_DAYS = 366

_TEMPLATE = """\
# The configuration of this hocba repository. What is not set has its default.

[repository]
# The only province whose records are taken in (mã sở); any, if not set.
{masogd}

[index]
# Default: index.sqlite3 in this folder. A password belongs into HOCBA_INDEX_URL.
{index}

[store]
# Default: the folder store in this folder.
{store}

[depot]
# Where uploads wait for worker hosts (`hocba worker`), reachable from all of them: s3:// or file://.
# Default: none, the server takes batches in by itself.
{depot}

[ingest]
# processes = 4   (default: one for each processor)
# chunk = 200     (documents that are examined and committed together)

[limits]
# What one batch may bring; what is beyond has no outcome but a clear error.
# document_bytes = {document_bytes}    (the largest document)
# documents = {documents}         (the most documents of one batch)
# batch_bytes = {batch_bytes}  (the most bytes that come out of one archive)
# ratio = {ratio}                 (… for each byte of the archive, beyond 64 MiB)

[signing]
# Files beside this one, in place of the rules that ship.
# Which algorithms are relied on, and until when.
{algorithms}
# What is demanded of revocation data, times and levels.
{constraints}

[revocation]
# Fetch CRLs and OCSP responses that the trust store lacks, from the listed hosts only.
# fetch = true
# hosts = ["crl.example.vn"]   ("host:port" where the port is not 80)
# timeout = 10                 (seconds for one whole exchange)
# maximum_bytes = 67108864     (the largest CRL that is taken)

[roster]
# Whether people and schools that have bound certificates (`hocba roster bind`) may sign with no
# others ("bound"), or with any certificate that names them ("any").
# certificates = "bound"

[lifecycle]
# Whether corrections, recalls and their reversals are taken in only with an approved request
# ("required"), or with a warning where there is none.
{approval}
# The same for records that are made from paper (trích lục), where that differs.
# extracts = "required"

[transfer]
# For how many days a package with a transferred pupil may be taken in.
# days = 30

[transfer.senders]
# Public receipt keys of other provinces' repositories by their code (mã sở). Packages are taken
# in from them only, and their acknowledgements believed.
# 01 = "partners/01.pem"

[identity]
# Where identities are checked (`hocba identity check`); default: the file that
# `hocba identity import` brought in. The access token stands in HOCBA_IDENTITY_TOKEN.
# url = "https://danh-tinh.example.vn/v1/check"
# hosts = ["danh-tinh.example.vn"]   (the only ones that are asked)
# timeout = 10      (seconds for one request)
# batch = 100       (people in one request)
# per_minute = 60   (requests in a minute)
# retries = 3       (further attempts where nobody answers)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The operator's settings; a URL of None means the default inside the home."""

    masogd: str | None = None
    index_url: str | None = None
    store_url: str | None = None
    depot_url: str | None = None
    processes: int | None = None
    chunk: int | None = None
    limits: SourceLimits = field(default_factory=SourceLimits)
    algorithms: str | None = None
    constraints: str | None = None
    fetch: bool = False
    hosts: tuple[str, ...] = ()
    timeout: int | None = None
    maximum_bytes: int | None = None
    bound_certificates: bool = False
    approval: Approval = Approval.RECORDED
    extracts: Approval | None = None
    transfer_days: int = 30
    senders: tuple[tuple[str, str], ...] = ()
    identity: IdentitySettings = field(default_factory=IdentitySettings)

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if self.masogd is not None and not _PROVINCE.match(self.masogd):
            raise ValueError(f"masogd is {self.masogd!r}, must be letters and digits")
        if self.processes is not None and not 0 <= self.processes <= _MAX_PROCESSES:
            raise ValueError(f"processes is {self.processes}, allowed is 0 to {_MAX_PROCESSES}")
        if self.chunk is not None and not 1 <= self.chunk <= _MAX_CHUNK:
            raise ValueError(f"chunk is {self.chunk}, allowed is 1 to {_MAX_CHUNK}")
        for name in ("index_url", "store_url", "depot_url", "algorithms", "constraints"):
            if getattr(self, name) == "":
                raise ValueError(f"{name} is empty")
        self._refuse_fetching()
        if not 1 <= self.transfer_days <= _MAX_DAYS:
            raise ValueError(f"days is {self.transfer_days}, allowed is 1 to {_MAX_DAYS}")
        for masogd, file in self.senders:
            if not _PROVINCE.match(masogd) or not file:
                raise ValueError(f"{masogd!r} in transfer.senders is no mã sở with a file")

    def _refuse_fetching(self) -> None:
        if self.fetch and not self.hosts:
            raise ValueError("fetch is set, and hosts lists nobody to fetch from")
        for host in self.hosts:
            if not _HOST.match(host):
                raise ValueError(f"{host!r} in hosts is no host name with or without a port")
        if self.timeout is not None and not 1 <= self.timeout <= _MAX_TIMEOUT:
            raise ValueError(f"timeout is {self.timeout}, allowed is 1 to {_MAX_TIMEOUT} seconds")
        if self.maximum_bytes is not None and not 1 <= self.maximum_bytes <= _MAX_BYTES:
            raise ValueError(f"maximum_bytes is {self.maximum_bytes}, allowed is 1 to {_MAX_BYTES}")

    @property
    def fetching(self) -> FetchPolicy | None:
        """Where revocation data may be fetched from; None: nowhere."""
        if not self.fetch:
            return None
        policy = FetchPolicy(hosts=frozenset(self.hosts))
        if self.timeout is not None:
            policy = replace(policy, timeout=timedelta(seconds=self.timeout))
        if self.maximum_bytes is not None:
            policy = replace(policy, maximum_bytes=self.maximum_bytes)
        return policy

    def as_toml(self) -> str:
        """The text of a hocba.toml for a new home."""

        def line(name: str, value: str | None, example: str) -> str:
            # A JSON string without control characters is a TOML basic string.
            return (
                f"# {name} = {example}"
                if value is None
                else f"{name} = {json.dumps(value, ensure_ascii=False)}"
            )

        return _TEMPLATE.format(
            document_bytes=self.limits.document_bytes,
            documents=self.limits.entries,
            batch_bytes=self.limits.total_bytes,
            ratio=self.limits.archive_ratio,
            masogd=line("masogd", self.masogd, '"15"'),
            index=line("url", self.index_url, '"postgresql://host/hocba"'),
            store=line("url", self.store_url, '"s3://bucket?endpoint=https://host"'),
            depot=line("url", self.depot_url, '"s3://bucket?endpoint=https://host"'),
            algorithms=line("algorithms", self.algorithms, '"algorithms.toml"'),
            constraints=line("constraints", self.constraints, '"constraints.toml"'),
            approval=line(
                "approval",
                None if self.approval is Approval.RECORDED else self.approval.value,
                '"recorded"',
            ),
        )


def read_configuration(path: Path, environment: Mapping[str, str] = os.environ) -> Configuration:
    """The configuration in the file *path*; raises `HomeError` with the reason.

    An unknown name is refused: a misspelt setting would silently not hold.
    """
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
        settings = _checked(raw)
        return Configuration(
            masogd=settings["repository"].get("masogd"),
            index_url=environment.get(INDEX_URL) or settings["index"].get("url"),
            store_url=environment.get(STORE_URL) or settings["store"].get("url"),
            depot_url=environment.get(DEPOT_URL) or settings["depot"].get("url"),
            processes=settings["ingest"].get("processes"),
            chunk=settings["ingest"].get("chunk"),
            limits=_limits(settings["limits"]),
            algorithms=settings["signing"].get("algorithms"),
            constraints=settings["signing"].get("constraints"),
            bound_certificates=_bound(settings["roster"]),
            approval=_approval(settings["lifecycle"], "approval") or Approval.RECORDED,
            extracts=_approval(settings["lifecycle"], "extracts"),
            transfer_days=settings["transfer"].get("days", 30),
            senders=_senders(settings["transfer"]),
            identity=read_identity(settings["identity"]),
            **_fetching(settings["revocation"]),
        )
    except OSError as error:
        raise _refused(path, error.strerror or "cannot be read") from error
    except ValueError as error:  # tomllib's and Unicode's errors are of this class
        raise _refused(path, str(error)) from error


def _checked(raw: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    unknown = sorted(raw.keys() - _KNOWN.keys())
    for section, names in _KNOWN.items():
        values = raw.get(section, {})
        if not isinstance(values, dict):
            raise ValueError(f"{section} is no section")  # noqa: TRY004 -- wrong in the file
        unknown += [f"{section}.{name}" for name in sorted(values.keys() - names.keys())]
        for name, kind in names.items():
            if name in values and type(values[name]) is not kind:
                raise ValueError(f"{section}.{name} is not of the kind {kind.__name__}")
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}")
    return {section: raw.get(section, {}) for section in _KNOWN}


def _limits(given: Mapping[str, Any]) -> SourceLimits:
    """The limits that are set, in place of those that the program has."""
    for name, value in given.items():
        most = _LIMITS[name][1]
        if not 1 <= value <= most:
            raise ValueError(f"{name} is {value}, allowed is 1 to {most}")
    return replace(SourceLimits(), **{_LIMITS[name][0]: value for name, value in given.items()})


def _fetching(settings: Mapping[str, Any]) -> dict[str, Any]:
    hosts = settings.get("hosts", [])
    if not all(isinstance(each, str) for each in hosts):
        raise ValueError("revocation.hosts is no list of names")
    return {**settings, "hosts": tuple(hosts)}


def _bound(settings: Mapping[str, Any]) -> bool:
    value = settings.get("certificates", "any")
    if value not in {"any", "bound"}:
        raise ValueError(f"roster.certificates is {value!r}, must be any or bound")
    return bool(value == "bound")


def _approval(settings: Mapping[str, Any], name: str) -> Approval | None:
    value = settings.get(name)
    known = [each.value for each in CONFIGURABLE]
    if value is not None and value not in known:
        raise ValueError(f"lifecycle.{name} is {value!r}, must be one of {', '.join(known)}")
    return None if value is None else Approval(value)


def _senders(settings: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    senders = settings.get("senders", {})
    if not all(isinstance(each, str) for each in senders.values()):
        raise ValueError("transfer.senders does not name a file for each mã sở")
    return tuple(sorted(senders.items()))


def _refused(path: Path, reason: str) -> HomeError:
    return HomeError(finding("HB-I107", file=path.name, reason=reason))
