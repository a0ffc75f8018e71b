"""Trust folders on disk, as an auditor has them."""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

_PURPOSES = '["person", "organization", "timestamp"]'


def write_trust_folder(
    folder: Path, anchor: bytes, intermediates: Iterable[bytes] = (), crls: Iterable[bytes] = ()
) -> Path:
    """A trust folder with this one anchor for everything (all DER); gives *folder* back."""
    digest = sha256(anchor).hexdigest()
    for name in ("anchors", "intermediates", "crls"):
        (folder / name).mkdir(parents=True)
    (folder / "anchors" / "root.pem").write_bytes(_pem(anchor))
    (folder / "anchors.toml").write_text(
        f'[[anchor]]\nfile = "anchors/root.pem"\nsha256 = "{digest}"\n'
        f'purpose = {_PURPOSES}\nsource = "tests"\n',
        "utf-8",
    )
    for number, der in enumerate(intermediates):
        (folder / "intermediates" / f"{number}.pem").write_bytes(_pem(der))
    for number, der in enumerate(crls):
        (folder / "crls" / f"{number}.crl").write_bytes(der)
    return folder


def _pem(der: bytes) -> bytes:
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)
