"""What a sample writes beside its records: trust folder, roster, keys to try, the batch."""

import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from hocba.sample.content import unsigned_record
from hocba.sample.defects import BadFile
from hocba.sample.keyring import Keyring, SamplePki
from hocba.sample.signers import sign_in_order, signings
from hocba.sample.world import World
from hocba.sample.years import SampleRecord
from signing.certificates.trust import INDEX_FILE
from signing.creation.builder import serialize
from signing.keys.pkcs12 import write_pkcs12
from signing.roster import write_roster

KEY_PASSWORD: Final = "hocba-mau"  # noqa: S105 -- for keys that are public anyway
_ZIP_TIME: Final = (2026, 1, 1, 0, 0, 0)


def write_trust(folder: Path, pki: SamplePki) -> None:
    """The trust store: the root as anchor, the issuing authorities as intermediates, their CRLs."""
    anchors, intermediates, crls = (folder / each for each in ("anchors", "intermediates", "crls"))
    anchors.mkdir(parents=True)
    intermediates.mkdir()
    crls.mkdir()
    for name, content in pki.crls():
        (crls / f"{name}.crl").write_bytes(content)
    certificate = pki.root.certificate
    (anchors / "root.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    for authority in pki.authorities:
        content = authority.certificate.public_bytes(Encoding.PEM)
        (intermediates / f"{authority.name}.pem").write_bytes(content)
    (folder / INDEX_FILE).write_text(
        "[[anchor]]\n"
        'file = "anchors/root.pem"\n'
        f'sha256 = "{certificate.fingerprint(hashes.SHA256()).hex()}"\n'
        'purpose = ["person", "organization"]\n'
        f'valid_from = "{certificate.not_valid_before_utc.date()}"\n'
        f'source = "hocba sample, seed-made: trust it for this sample only"\n',
        encoding="utf-8",
    )


def write_mandates(path: Path, world: World) -> None:
    """The roster of all schools."""
    write_roster(path, (entry for school in world.all_schools() for entry in school.roster()))


def write_batch(path: Path, folder: Path, names: Sequence[str]) -> None:
    """The records as one zip, in order, with a time that is always the same."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, (folder / name).read_bytes(), compresslevel=6)


def write_defects(out: Path, files: Iterable[tuple[BadFile, ...]]) -> Iterator[tuple[str, ...]]:
    """The bad records, each when it is taken; `defects.json` says what must become of them."""
    entries = []
    for group in files:
        for each in group:
            (out / "records" / each.name).write_bytes(each.data)
            entries.append(each.as_json())
        yield tuple(each.name for each in group)
    if entries:
        text = json.dumps(entries, ensure_ascii=False, indent=2)
        (out / "defects.json").write_text(text + "\n", encoding="utf-8")


def write_practice(out: Path, records: Iterable[SampleRecord], keyring: Keyring) -> None:
    """One record of each level that waits for signatures, and the keys that it waits for."""
    keys, unsigned = out / "keys", out / "unsigned"
    keys.mkdir()
    unsigned.mkdir()
    table, commands = [], []
    for record in records:
        level = record.context.year.level.value
        file_name = f"{level}.xml"
        mine = {}
        for each in signings(record):
            # The first of the subject teachers is the learner, the others have signed.
            if each.role not in mine:
                mine[each.role] = each.holder
        others = {each.holder for each in signings(record) if each.role == "GVBM"}
        root = unsigned_record(record.content)
        waiting = {h: keyring[h] for h in others - {mine.get("GVBM", "")}}
        sign_in_order(root, record, waiting, roles=("GVBM",))
        (unsigned / file_name).write_bytes(serialize(root))
        for role, holder in mine.items():
            key_name = f"{level}-{role.lower().replace('_', '-')}.p12"
            write_pkcs12(keys / key_name, keyring[holder], KEY_PASSWORD)
            subject = keyring[holder].certificate.subject.rfc4514_string()
            table.append(f"| `{key_name}` | {subject} | {role} |")
            commands.append(
                f"hocba sign --role {role} --key keys/{key_name} --in-place unsigned/{file_name}"
            )
    template = resources.files("hocba.sample").joinpath("texts/keys-readme.md").read_text("utf-8")
    text = template.format(
        password=KEY_PASSWORD, table="\n".join(table), commands="\n".join(commands)
    )
    (keys / "README.md").write_text(text, encoding="utf-8")
