"""The signature policy of a definition: which role must sign which element.

Data in the definition folder (`signature-policy.toml`), read once, refused when broken.
"""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from lxml import etree

from schemas.xpath import compiled
from signing.errors import PolicyError


class SignerKind(StrEnum):
    """What a signing certificate is bound to."""

    PERSON = "person"
    ORGANIZATION = "organization"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRequirement:
    """One role's duty.

    `slot` is the absolute XPath of the elements whose child `ds:Signature` belongs to this role;
    `covers` the absolute XPath of the elements that must each be covered by such a signature;
    `personal_id` the XPath, relative to a covered element, of the personal id that the record
    names for it (None, or an empty result, where only the roster binds the signer).
    """

    role: str
    kind: SignerKind
    slot: etree.XPath
    covers: etree.XPath
    personal_id: etree.XPath | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignaturePolicy:
    """What a record's signatures must amount to. No roles is no policy.

    `content` selects the one element that is believed, read and indexed once accepted;
    `containers` the absolute XPaths of elements that may stand outside it and carry nothing but
    signatures; `school` and `signed_on` are XPaths relative to the content.
    """

    name: str
    version: str
    content: etree.XPath
    containers: tuple[etree.XPath, ...]
    school: etree.XPath
    signed_on: etree.XPath | None
    roles: tuple[RoleRequirement, ...]

    def __post_init__(self) -> None:
        """Empty means fail: a policy that demands nothing would pass everything."""
        if not self.roles:
            raise PolicyError(f"policy {self.name}: demands no role")
        names = [role.role for role in self.roles]
        if len(set(names)) != len(names):
            raise PolicyError(f"policy {self.name}: a role stands twice in {names}")

    @property
    def reference(self) -> str:
        """Name and version as every report carries them."""
        return f"{self.name}/{self.version}"


def read_policy(path: Path) -> SignaturePolicy:
    """The signature policy in a TOML file; raises `PolicyError` with the reason."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
        namespaces = dict(raw.get("namespaces", {}))

        def xpath(expression: str) -> etree.XPath:
            return compiled(expression, namespaces)

        return SignaturePolicy(
            name=raw["name"],
            version=raw["version"],
            content=xpath(raw["content"]),
            containers=tuple(xpath(each) for each in raw["containers"]),
            school=xpath(raw["school"]),
            signed_on=xpath(raw["signed_on"]) if "signed_on" in raw else None,
            roles=tuple(
                RoleRequirement(
                    role=role["role"],
                    kind=SignerKind(role["signer"]),
                    slot=xpath(role["slot"]),
                    covers=xpath(role["covers"]),
                    personal_id=xpath(role["personal_id"]) if "personal_id" in role else None,
                )
                for role in raw["role"]
            ),
        )
    except KeyError as error:
        raise PolicyError(f"{path.name}: missing {error.args[0]}") from error
    except (OSError, tomllib.TOMLDecodeError, ValueError, etree.XPathError) as error:
        raise PolicyError(f"{path.name}: {error}") from error
