"""What `hocba sign` adds to a signature beside the signature itself."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cli.errors import Misuse

if TYPE_CHECKING:
    from signing.creation.builder import Augment
    from signing.creation.styles import SignatureStyle


def augmentation(
    style: "SignatureStyle", url: str | None, seconds: int, ca_file: Path | None
) -> "Augment | None":
    """What adds a time-stamp of the authority at *url*, None where none is asked for."""
    if url is None:
        if ca_file is not None:
            raise Misuse("misuse.needs_option", option="--tsa-ca", needed="--tsa")
        return None
    from schemas.findings import finding
    from signing.creation.timestamping import add_signature_timestamp
    from signing.errors import SigningRefused
    from signing.timestamps.authority import HttpTimestampAuthority

    if not style.qualifying_properties:
        raise SigningRefused(finding("HB-K020", style=style.name))
    authority = HttpTimestampAuthority(url=url, timeout=timedelta(seconds=seconds), ca_file=ca_file)
    return lambda signature: add_signature_timestamp(signature, authority)
