"""Real PKCS#11 tokens for tests: SoftHSM2, in a folder of their own.

SoftHSM reads the folder when the module is loaded, and a process loads it once; so all tokens are
made first, one session of pytest has one set of them, and a test puts its keys where it likes.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from signing.errors import SigningKeyError
from signing.keys.address import read_token_address
from signing.keys.key import SoftwareKey
from signing.keys.pkcs11 import open_token_key
from tests.support import signing_kit
from tests.support.needs import lacking

PIN: Final = "135790"
_SO_PIN: Final = "246802"
_MODULES: Final = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)
_VARIABLE: Final = "SOFTHSM2_CONF"


@dataclass(frozen=True)
class SoftHsm:
    """Initialised tokens: `empty-1` and so on, and two that are both called `twin`."""

    module: str
    folder: Path

    def add(
        self,
        token: str,
        key: SoftwareKey,
        *,
        label: str,
        identifier: bytes,
        certificates: Sequence[x509.Certificate] | None = None,
        **attributes: Any,
    ) -> None:
        """Put *key* on *token*; with its certificate and chain unless *certificates* says others.

        *attributes* are further ones of the private key, by their names in PKCS#11.
        """
        from pkcs11 import Attribute

        with self.session(token) as session:
            template = _private_template(key, label, identifier)
            template |= {Attribute[name]: value for name, value in attributes.items()}
            session.create_object(template)
        if certificates is None:
            certificates = (key.certificate, *key.chain)
        for number, each in enumerate(certificates):
            tie = (label, identifier) if number == 0 else (f"{label}-{number}", b"ca" + identifier)
            self.add_certificate(token, each, label=tie[0], identifier=tie[1])

    def add_certificate(
        self, token: str, certificate: x509.Certificate, *, label: str, identifier: bytes
    ) -> None:
        """Put a certificate on *token*."""
        from pkcs11 import Attribute
        from pkcs11.util.x509 import decode_x509_certificate

        template = decode_x509_certificate(certificate.public_bytes(Encoding.DER))
        tie = {Attribute.LABEL: label, Attribute.ID: identifier, Attribute.TOKEN: True}
        with self.session(token) as session:
            session.create_object(template | tie)

    def token(self, label: str) -> Any:
        """The token *label*, also after another one was pulled out."""
        import pkcs11

        for slot in pkcs11.lib(self.module).get_slots(token_present=True):
            with suppress(pkcs11.PKCS11Error):
                token = slot.get_token()
                if token.label == label:
                    return token
        raise AssertionError(f"no token {label}")

    @contextmanager
    def session(self, token: str) -> Iterator[Any]:
        """A session in which *token* may be written."""
        import pkcs11

        with (
            pkcs11.lib(self.module)
            .get_token(token_label=token)
            .open(rw=True, user_pin=PIN) as session
        ):
            yield session

    def uri(self, token: str, rest: str = "") -> str:
        """The `pkcs11:` URI of what is on *token*."""
        return f"pkcs11:token={token}{rest}?module-path={self.module}"

    def pull_out(self, token: str) -> None:
        """Take *token* away while it is in use."""
        serial = self.token(token).serial.decode()
        for folder in (self.folder / "tokens").iterdir():
            if folder.name.replace("-", "").endswith(serial):
                shutil.rmtree(folder)
                return
        raise AssertionError(f"no folder of the token {token}")


_made: list[SoftHsm] = []

TOKENS: Final = (*(f"empty-{number}" for number in range(1, 12)), "twin", "twin")


@pytest.fixture(scope="session")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> SoftHsm:
    """The tokens of this session of pytest."""
    if not _made:
        _made.append(made_in(tmp_path_factory.mktemp("softhsm"), TOKENS))
    return _made[0]


def made_in(folder: Path, labels: Sequence[str]) -> SoftHsm:
    """Tokens in *folder* for this process, which must not have loaded SoftHSM yet."""
    module = next((each for each in _MODULES if Path(each).exists()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        lacking("SoftHSM2", install="install softhsm2 (Debian) or softhsm")
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(
        f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\n"
        "log.level = ERROR\nslots.removable = true\n",
        "utf-8",
    )
    os.environ[_VARIABLE] = str(configuration)
    for label in labels:
        subprocess.run(
            [
                *("softhsm2-util", "--init-token", "--free", "--label", label),
                *("--pin", PIN, "--so-pin", _SO_PIN),
            ],
            check=True,
            capture_output=True,
        )
    return SoftHsm(module, folder)


def what_a_removed_token_says(folder: Path) -> list[str]:
    """Codes of the errors once a token in use is gone: signing on it, opening it again.

    For a process of its own: SoftHSM serves no other token well after that.
    """
    hsm = made_in(folder, ["gone"])
    hsm.add("gone", signing_kit.signer_of("GVCN"), label="k", identifier=b"\1")
    address = read_token_address(hsm.uri("gone"))
    key = open_token_key(address, lambda _: PIN)
    digest = hashlib.sha256(b"record").digest()
    key.sign_digest(digest)
    hsm.pull_out("gone")
    codes = []
    for attempt in (
        lambda: key.sign_digest(digest),
        lambda: open_token_key(address, lambda _: PIN),
    ):
        try:
            attempt()
        except SigningKeyError as error:
            codes.append(error.finding.code)
    key.close()
    return codes


def _private_template(key: SoftwareKey, label: str, identifier: bytes) -> dict[Any, Any]:
    from pkcs11 import Attribute
    from pkcs11.util.ec import decode_ec_private_key, encode_named_curve_parameters
    from pkcs11.util.rsa import decode_rsa_private_key

    private = key.private_key
    der = private.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    if isinstance(private, rsa.RSAPrivateKey):
        template = decode_rsa_private_key(der)
    else:
        template = decode_ec_private_key(der)
        template[Attribute.EC_PARAMS] = encode_named_curve_parameters(private.curve.name)
    return template | {
        Attribute.LABEL: label,
        Attribute.ID: identifier,
        Attribute.TOKEN: True,
        Attribute.SIGN: True,
        Attribute.SENSITIVE: True,
        Attribute.EXTRACTABLE: False,
    }
