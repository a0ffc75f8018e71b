"""What is on a USB token or HSM (PKCS#11 v2.40), and what its errors mean for the user.

Messages carry labels and ids of objects, never a PIN.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from cryptography import x509

from schemas.findings import finding
from signing.errors import SigningKeyError
from signing.keys.address import TokenAddress

AskPin = Callable[[str], str | None]
"""Takes the token's label; gives its PIN."""

_WRONG_PIN: Final = frozenset({"PinIncorrect", "PinInvalid", "PinLenRange"})


def load_library(module: str) -> Any:
    try:
        import pkcs11
    except ImportError as error:
        raise SigningKeyError(finding("HB-K040", module=module, reason="not-installed")) from error
    try:
        return pkcs11.lib(module)
    except pkcs11.PKCS11Error as error:
        reason = str(error).rpartition(": ")[2] or type(error).__name__
        raise SigningKeyError(finding("HB-K040", module=module, reason=reason)) from error


def find_token(library: Any, address: TokenAddress) -> Any:
    """The one initialised token that the address names."""
    with telling(address.module):
        present = _tokens(library)
    wanted = {
        "token": address.token,
        "serial": address.serial,
        "slot-id": address.slot_id,
        "manufacturer": address.manufacturer,
        "model": address.model,
    }
    named = {name: value for name, value in wanted.items() if value is not None}
    matching = [
        each
        for each in present
        if all(value == _token_fields(each)[name] for name, value in named.items())
    ]
    if not matching:
        words = "; ".join(f"{name}={value}" for name, value in named.items()) or "token=*"
        raise SigningKeyError(
            finding("HB-K041", wanted=words, found=_listed(map(label_of, present)))
        )
    if len(matching) > 1:
        found = _listed(f"token={label_of(each)};slot-id={each.slot.slot_id}" for each in matching)
        raise SigningKeyError(finding("HB-K045", count=len(matching), found=found))
    return matching[0]


def _tokens(library: Any) -> list[Any]:
    """Every initialised token; one that does not answer keeps nobody from the others."""
    import pkcs11

    found = []
    for slot in library.get_slots(token_present=True):
        try:
            token = slot.get_token()
        except pkcs11.PKCS11Error:
            continue
        if label_of(token) or token.serial.strip(b"\0 "):
            found.append(token)
    return found


def _token_fields(token: Any) -> dict[str, object]:
    return {
        "token": label_of(token),
        "serial": token.serial.decode("utf-8", "replace").strip("\0 "),
        "slot-id": token.slot.slot_id,
        "manufacturer": token.manufacturer_id.strip(),
        "model": token.model.strip(),
    }


def pin_of(token: Any, label: str, ask_pin: AskPin) -> Any:
    """The PIN, or that the token's own keypad takes it; never an attempt without one."""
    from pkcs11 import PROTECTED_AUTH, TokenFlag

    if token.flags & TokenFlag.USER_PIN_LOCKED:
        raise SigningKeyError(finding("HB-K043", token=label))
    if token.flags & TokenFlag.PROTECTED_AUTHENTICATION_PATH:
        return PROTECTED_AUTH
    pin = ask_pin(label)
    if not pin:  # an empty PIN would only cost one of the few attempts
        raise SigningKeyError(finding("HB-K042", token=label))
    return pin


def find_key(session: Any, label: str, address: TokenAddress) -> Any:
    """The one private key that signs and that the address names."""
    from pkcs11 import Attribute, KeyType, ObjectClass

    present = [
        each
        for each in session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY})
        if each.key_type in (KeyType.RSA, KeyType.EC) and attribute(each, "SIGN") is not False
    ]
    matching = [
        each
        for each in present
        if address.object in (None, attribute(each, "LABEL"))
        and address.id in (None, attribute(each, "ID"))
    ]
    if len(matching) == 1:
        return matching[0]
    if matching:
        found = _listed(map(_named, matching))
        raise SigningKeyError(finding("HB-K045", count=len(matching), found=found))
    wanted = [] if address.object is None else [f"object={address.object}"]
    wanted += [] if address.id is None else [f"id={_hex(address.id)}"]
    raise SigningKeyError(
        finding(
            "HB-K044",
            token=label,
            wanted=";".join(wanted) or "object=*",
            found=_listed(map(_named, present)),
        )
    )


def certificate_of(session: Any, key: Any, label: str) -> x509.Certificate:
    """The key's certificate: with its CKA_ID, or else its label; of a renewed one the latest."""
    from pkcs11 import Attribute, ObjectClass

    for tie in (Attribute.ID, Attribute.LABEL):
        value = attribute(key, tie.name)
        if not value:
            continue
        found = _certificates_in(
            session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE, tie: value})
        )
        if found:
            return max(found, key=lambda each: each.not_valid_after_utc)
    raise SigningKeyError(finding("HB-K046", token=label, found=_named(key)))


def certificates_on(session: Any) -> tuple[x509.Certificate, ...]:
    from pkcs11 import Attribute, ObjectClass

    return _certificates_in(session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE}))


def _certificates_in(objects: Iterable[Any]) -> tuple[x509.Certificate, ...]:
    found = []
    for each in objects:
        value = attribute(each, "VALUE")
        try:
            found.append(x509.load_der_x509_certificate(bytes(value or b"")))
        except ValueError:
            continue  # not X.509, or damaged: no certificate of ours
    return tuple(found)


@contextmanager
def telling(label: str) -> Iterator[None]:
    """Turns what the library raises into what the user can do about it."""
    import pkcs11

    try:
        yield
    except pkcs11.PKCS11Error as error:
        name = type(error).__name__
        if name in _WRONG_PIN:
            raise SigningKeyError(finding("HB-K042", token=label)) from error
        if name == "PinLocked":
            raise SigningKeyError(finding("HB-K043", token=label)) from error
        raise SigningKeyError(finding("HB-K047", token=label, reason=name)) from error


def close(session: Any) -> None:
    import pkcs11

    try:
        session.close()
    except pkcs11.PKCS11Error:
        return  # the token is gone, and the session with it


def attribute(thing: Any, name: str) -> Any:
    """An attribute of an object; None where the token does not keep or tell it."""
    import pkcs11

    try:
        return thing[pkcs11.Attribute[name]]
    except pkcs11.PKCS11Error:
        return None


def label_of(token: Any) -> str:
    return str(token.label).strip()


def _named(thing: Any) -> str:
    return f"object={attribute(thing, 'LABEL') or ''};id={_hex(attribute(thing, 'ID') or b'')}"


def _hex(octets: bytes) -> str:
    return "".join(f"%{each:02X}" for each in octets)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words) or "–"
