"""One signature put into a record: the right place, the right content, the right order.

What a signature must cover, and where it stands, is the definition's signature policy. Its roles
stand in the order of signing: nobody signs before those who stand above. Signing again adds a
signature and never replaces one.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import count

from lxml import etree

from schemas.document import parse
from schemas.findings import finding
from signing.creation.duty import Duty, identifiers, signer_for
from signing.creation.signature_builder import (
    PreparedSignature,
    SignatureRequest,
    prepare_signature,
    put_value,
)
from signing.creation.slots import slot_for
from signing.creation.styles import XADES, SignatureStyle
from signing.errors import SigningRefused
from signing.keys.key import SigningKey, sign_all
from signing.policy import RoleRequirement, SignaturePolicy

# Adds unsigned properties to a `ds:Signature` that has just been made: EN 319 102-1 clause 4.3.
Augment = Callable[[etree._Element], None]  # noqa: SLF001 -- what lxml calls the type


def sign_record(
    data: bytes,
    role: str,
    key: SigningKey,
    *,
    policy: SignaturePolicy,
    signing_time: datetime,
    style: SignatureStyle = XADES,
    repeat: bool = False,
    augment: Augment | None = None,
) -> bytes:
    """The record in *data* with the signature of *key* in *role* added.

    With *repeat* a signer who has signed already signs again; *augment* adds to the finished
    signature (a time-stamp). Raises `Unreadable`, `SigningRefused`, or what the key or *augment*
    raises.
    """
    root = parse(data).root
    signatures = sign(
        root, role, key, policy=policy, signing_time=signing_time, style=style, repeat=repeat
    )
    if augment is not None:
        for signature in signatures:
            augment(signature)
    return serialize(root)


def serialize(root: etree._Element) -> bytes:
    """The document as UTF-8; canonical forms survive it, and so do signatures."""
    return etree.tostring(root.getroottree(), encoding="UTF-8", xml_declaration=True)


def sign(
    root: etree._Element,
    role: str,
    key: SigningKey,
    *,
    policy: SignaturePolicy,
    signing_time: datetime,
    style: SignatureStyle = XADES,
    repeat: bool = False,
) -> tuple[etree._Element, ...]:
    """Add the signature of *key* in *role* to the tree; returns the new `ds:Signature` elements.

    There is one, except in a style that gives every target its own. Raises `SigningRefused`; no
    signature has been added then, nor when the key fails.
    """
    prepared = prepare(
        root, role, key, policy=policy, signing_time=signing_time, style=style, repeat=repeat
    )
    try:
        values = sign_all(key, [each.digest for each in prepared])
    except BaseException:
        _take_away(prepared)
        raise
    for each, value in zip(prepared, values, strict=True):
        put_value(each.element, value, style)
    return tuple(each.element for each in prepared)


def prepare(
    root: etree._Element,
    role: str,
    key: SigningKey,
    *,
    policy: SignaturePolicy,
    signing_time: datetime,
    style: SignatureStyle = XADES,
    repeat: bool = False,
) -> tuple[PreparedSignature, ...]:
    """As `sign`, up to the values, which the caller has signed by *key* and puts in."""
    requirement = _requirement(policy, role)
    signer = signer_for(key, requirement, signing_time).signer
    duty = Duty(root, policy, requirement, signer, identifiers(root))
    # (1) What this signer has to sign, clearly named.
    targets = duty.targets(repeat=repeat)
    duty.refuse_unclear_ids(targets)
    # (2) Whether it is this role's turn.
    duty.refuse_out_of_order()
    # (3) Where the signature goes: outside its content, and not into signed content.
    duty.refuse_wrong_place(targets)
    closed = duty.earlier_values(targets) if style.covers_earlier_values else ()
    groups = [(each,) for each in targets] if style.value_per_target else [targets]
    free = _free_identifiers(role, duty.ids)
    prepared: list[PreparedSignature] = []
    try:
        for group in groups:
            request = SignatureRequest(
                identifier=next(free),
                targets=group,
                signing_time=signing_time,
                earlier_values=closed,
            )
            slot = slot_for(root, policy, requirement, group, empty=style.value_per_target)
            prepared.append(prepare_signature(slot, request, key, style))
    except BaseException:
        _take_away(prepared)
        raise
    return tuple(prepared)


def _take_away(prepared: Iterable[PreparedSignature]) -> None:
    for each in prepared:
        each.slot.remove(each.element)


def _requirement(policy: SignaturePolicy, role: str) -> RoleRequirement:
    for requirement in policy.roles:
        if requirement.role == role:
            return requirement
    known = ", ".join(requirement.role for requirement in policy.roles)
    raise SigningRefused(finding("HB-K001", role=role, known=known))


def _free_identifiers(role: str, taken: Iterable[str]) -> Iterator[str]:
    """`S-{role}-1` and so on, as long as no Id of the document starts with it."""
    stem = f"S-{role}-"
    numbers = {each[len(stem) :].partition("-")[0] for each in taken if each.startswith(stem)}
    return (f"{stem}{number}" for number in count(1) if str(number) not in numbers)
