"""Where identities are checked: `[identity]` of hocba.toml.

    [identity]
    url = "https://danh-tinh.example.vn/v1/check"   # default: the imported file
    hosts = ["danh-tinh.example.vn"]                # the only ones that are asked
    timeout = 10                                    # seconds for one request
    batch = 100                                     # people in one request
    per_minute = 60                                 # requests in a minute
    retries = 3                                     # further attempts where nobody answers

The access token stands in HOCBA_IDENTITY_TOKEN, never in the file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TOKEN = "HOCBA_IDENTITY_TOKEN"  # noqa: S105 -- the variable's name
KNOWN: Mapping[str, type] = {
    "url": str,
    "hosts": list,
    "timeout": int,
    "batch": int,
    "per_minute": int,
    "retries": int,
}
_LIMITS = {"timeout": (1, 120), "batch": (1, 1000), "per_minute": (1, 6000), "retries": (0, 10)}


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitySettings:
    """What the operator has set; a URL of None means the imported file."""

    url: str | None = None
    hosts: tuple[str, ...] = ()
    timeout: int = 10
    batch: int = 100
    per_minute: int = 60
    retries: int = 3

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if self.url == "":
            raise ValueError("identity.url is empty")
        if self.url and not self.hosts:
            raise ValueError("identity.url is set, and identity.hosts lists nobody to ask")
        for name, (least, most) in _LIMITS.items():
            if not least <= getattr(self, name) <= most:
                raise ValueError(
                    f"identity.{name} is {getattr(self, name)}, allowed is {least} to {most}"
                )


def read_identity(settings: Mapping[str, Any]) -> IdentitySettings:
    """The settings in a section whose kinds are checked; raises ValueError."""
    hosts = settings.get("hosts", [])
    if not all(isinstance(each, str) and each for each in hosts):
        raise ValueError("identity.hosts is no list of names")
    lower = tuple(each.lower() for each in hosts)
    return IdentitySettings(**{**settings, "hosts": lower})
