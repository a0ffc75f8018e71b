"""Many records signed with one key: prepared first, so that one authorisation covers a batch.

A token is asked for every value; a remote service pins its authorisation to the digests and wants
them all before the signer confirms. Prepared records wait as bytes, a thousand of them in the size
of their files.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.document import parse
from signing import names
from signing.creation.builder import Augment, prepare, serialize
from signing.creation.signature_builder import put_value
from signing.creation.styles import XADES, SignatureStyle
from signing.keys.key import SigningKey
from signing.policy import SignaturePolicy


@dataclass(frozen=True, slots=True)
class PreparedRecord:
    """A record whose new signatures, by Id, lack their values; *digests* are to be signed."""

    data: bytes
    identifiers: tuple[str, ...]
    digests: tuple[bytes, ...]
    style: SignatureStyle

    def completed(self, values: Sequence[bytes], augment: Augment | None = None) -> bytes:
        """The signed record; raises what *augment* raises."""
        root = parse(self.data).root
        by_id = {each.get("Id"): each for each in root.iter(names.SIGNATURE)}
        for identifier, value in zip(self.identifiers, values, strict=True):
            put_value(by_id[identifier], value, self.style)
            if augment is not None:
                augment(by_id[identifier])
        return serialize(root)


def prepare_record(
    data: bytes,
    role: str,
    key: SigningKey,
    *,
    policy: SignaturePolicy,
    signing_time: datetime,
    style: SignatureStyle = XADES,
    repeat: bool = False,
) -> PreparedRecord:
    """The record in *data* ready for the values of *key*; raises as `sign_record` does."""
    root = parse(data).root
    prepared = prepare(
        root, role, key, policy=policy, signing_time=signing_time, style=style, repeat=repeat
    )
    return PreparedRecord(
        serialize(root),
        tuple(str(each.element.get("Id")) for each in prepared),
        tuple(each.digest for each in prepared),
        style,
    )
