"""Where a role's signature stands: the slots of a signature policy, found or made.

A slot that is missing is made from the policy's XPath, as long as that is a plain path of names
(`/HOC_BA_SO/PHAT_HANH_HOC_BA/CBQL`), and put before the slots of the roles that sign later.
"""

import re
from collections.abc import Sequence

from lxml import etree

from schemas.document import local_name
from schemas.findings import finding
from schemas.xpath import select
from signing import names
from signing.errors import SigningRefused
from signing.policy import RoleRequirement, SignaturePolicy

_STEP = re.compile(r"(?:[\w.-]+:)?([\w.-]+)\Z")


def slots_of(root: etree._Element, requirement: RoleRequirement) -> tuple[etree._Element, ...]:
    """The role's slots in document order."""
    return select(requirement.slot, root)


def signatures_in(root: etree._Element, requirement: RoleRequirement) -> tuple[etree._Element, ...]:
    """The role's signatures in document order."""
    return tuple(
        signature
        for slot in slots_of(root, requirement)
        for signature in slot.iterchildren(names.SIGNATURE)
    )


def slot_for(
    root: etree._Element,
    policy: SignaturePolicy,
    requirement: RoleRequirement,
    targets: Sequence[etree._Element],
    *,
    empty: bool,
) -> etree._Element:
    """The slot for a signature over *targets*, made where it is missing.

    A role that covers one element has one slot. A role that covers many (rows, each with its
    teacher) has a slot per signer, tied by the Id that a child of the row, named like the slot,
    carries; with *empty* only a slot without a signature will do. Raises `SigningRefused`.
    """
    slots = slots_of(root, requirement)
    link = _link(targets[0], _plain_path(requirement)[-1])
    if link is None and len(select(requirement.covers, root)) == 1:
        return slots[0] if slots else _make(root, policy, requirement)
    for slot in slots:
        taken = slot.find(names.SIGNATURE) is not None
        if slot.get("Id") == link and not (taken and (empty or link is None)):
            return slot
    slot = _make(root, policy, requirement)
    used = {each.get("Id") for each in slots}
    numbers = (f"{requirement.role}-{number}" for number in range(1, len(slots) + 2))
    slot.set("Id", link or next(each for each in numbers if each not in used))
    return slot


def deepest_container(root: etree._Element, requirement: RoleRequirement) -> etree._Element:
    """The innermost element that exists and holds, or will hold, the role's slots.

    Raises `SigningRefused` where the slot's XPath does not lead there from this root.
    """
    path = _plain_path(requirement)
    if path[0] != local_name(root):
        raise SigningRefused(finding("HB-K012", expected=requirement.slot.path))
    container = root
    for name in path[1:]:
        child = _named_child(container, name)
        if child is None:
            break
        container = child
    return container


def _make(
    root: etree._Element, policy: SignaturePolicy, requirement: RoleRequirement
) -> etree._Element:
    path = _plain_path(requirement)
    position = policy.roles.index(requirement)
    later = [_plain_path(role) for role in policy.roles[position + 1 :]]
    parent = root
    for depth in range(1, len(path)):
        last = depth == len(path) - 1
        found = None if last else _named_child(parent, path[depth])
        after = {p[depth] for p in later if p[:depth] == path[:depth] and len(p) > depth}
        parent = _insert(parent, path[depth], after) if found is None else found
    return parent


def _plain_path(requirement: RoleRequirement) -> tuple[str, ...]:
    """Local names from the root; raises `SigningRefused` for any other kind of XPath."""
    empty, *steps = requirement.slot.path.split("/")
    matches = [_STEP.match(step) for step in steps]
    found = tuple(match[1] for match in matches if match)
    if empty or len(found) < 2 or len(found) != len(steps):
        raise SigningRefused(finding("HB-K012", expected=requirement.slot.path))
    return found


def _link(target: etree._Element, name: str) -> str | None:
    child = _named_child(target, name)
    return None if child is None else child.get("Id")


def _named_child(parent: etree._Element, name: str) -> etree._Element | None:
    return next(parent.iterchildren("{*}" + name), None)


def _insert(parent: etree._Element, name: str, before: set[str]) -> etree._Element:
    """A new child in the namespace of *parent*, before the first child named in *before*."""
    namespace = etree.QName(parent).namespace
    child = etree.SubElement(parent, f"{{{namespace}}}{name}" if namespace else name)
    for sibling in parent.iterchildren(etree.Element):
        if sibling is not child and local_name(sibling) in before - {name}:
            sibling.addprevious(child)
            break
    return child
