"""What an `S3Store` has to know about its server."""

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal

from storage.errors import StoreMisconfigured

# Names that work on every server, in the path and in the host name.
_BUCKET = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,61}[a-z0-9])\Z")
_ENDPOINT = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?\Z")


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long nobody may delete a stored version; in COMPLIANCE mode not even the owner."""

    mode: Literal["GOVERNANCE", "COMPLIANCE"]
    days: int

    def __post_init__(self) -> None:
        if self.mode not in {"GOVERNANCE", "COMPLIANCE"}:
            raise StoreMisconfigured(
                f"retention mode is {self.mode}, can be GOVERNANCE or COMPLIANCE"
            )
        if self.days < 1:
            raise StoreMisconfigured(f"retention is {self.days} days, must be at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Settings:
    """One bucket of one server, and who we are there.

    Without TLS only a server on this machine is spoken to, unless `unencrypted` allows it: records
    are personal data. `answer_seconds` bounds the wait for each answer; three are asked for.
    """

    bucket: str
    endpoint: str
    access_key: str
    secret_key: str = field(repr=False)
    region: str = "us-east-1"
    secure: bool = True
    unencrypted: bool = False
    retention: Retention | None = None
    connections: int = 16
    answer_seconds: float = 10.0

    def __post_init__(self) -> None:
        found = _ENDPOINT.match(self.endpoint)
        if found is None:
            raise StoreMisconfigured(f"not a host or host:port: {self.endpoint!r}")
        if not _BUCKET.match(self.bucket):
            raise StoreMisconfigured(f"not a bucket name: {self.bucket!r}")
        if not self.access_key or not self.secret_key:
            raise StoreMisconfigured("access key or secret key of the S3 server is empty")
        if not self.region:
            raise StoreMisconfigured("region of the S3 server is empty")
        if not (self.secure or self.unencrypted or _is_this_machine(found["host"])):
            raise StoreMisconfigured(
                f"http://{self.endpoint} would send records over the network unencrypted"
            )
        if self.connections < 1:
            raise StoreMisconfigured(f"connections are {self.connections}, must be at least 1")


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
