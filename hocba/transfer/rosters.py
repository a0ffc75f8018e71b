"""Who could sign for the sending schools, stated by their own province.

The receiving province does not keep the roster of other provinces' schools. A package therefore
carries the mandates of those who signed its documents, signed by the repository of their province.
They are believed for documents of that very province and for nothing else, and only where the
receiver's own roster knows nothing of the school.
"""

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hocba.examine import Judgement
from hocba.receipts import ReceiptKey
from hocba.signed_claims import ClaimsInvalid, sign_claims, verify_claims
from hocba.transfer.errors import TransferRefused
from hocba.transfer.package import Partners
from schemas.findings import finding
from signing.errors import RosterError
from signing.roster import Roster, RosterEntry, read_roster, write_roster

KIND = "hocba-roster+jws"
FOLDER = "rosters"


@dataclass(frozen=True, slots=True)
class StatedRoster:
    """The mandates that a province states, proved to come from it."""

    masogd: str
    roster: Roster
    issued_at: datetime


def stated(
    masogd: str, entries: Iterable[RosterEntry], key: ReceiptKey, at: datetime
) -> Mapping[str, bytes]:
    """The files of a statement by the province *masogd*; none where there are no entries."""
    entries = sorted(
        entries, key=lambda e: (e.school, e.role, e.holder, e.valid_from is not None, e.valid_from)
    )
    if not entries:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "roster.csv"
        write_roster(path, entries)
        data = path.read_bytes()
    claims = {"masogd": masogd, "sha256": sha256(data).hexdigest(), "issued_at": at.isoformat()}
    token = sign_claims(claims, key.private_key, KIND)
    return {_csv(masogd): data, _token(masogd): token.encode("ascii") + b"\n"}


def stated_rosters(
    files: Mapping[str, bytes], partners: Partners, sender: str | None = None
) -> Mapping[str, StatedRoster]:
    """What is stated in *files* and proved by the keys of *partners*.

    A statement by others that is not proved is none: whoever passes it on need not be able to
    prove it. Raises `TransferRefused` for one of the *sender* itself.
    """
    found = {}
    for masogd, key in partners.items():
        data, token = files.get(_csv(masogd)), files.get(_token(masogd))
        if data is None or token is None:
            continue
        try:
            found[masogd] = _proved(masogd, data, token, key)
        except TransferRefused:
            if masogd == sender:
                raise
    return found


def statement_files(masogd: str) -> tuple[str, str]:
    """The names of the files of a statement by the province *masogd*."""
    return _csv(masogd), _token(masogd)


def _proved(masogd: str, data: bytes, token: bytes, key: Ed25519PublicKey) -> StatedRoster:
    try:
        claims = verify_claims(token.decode("ascii", "replace").strip(), key, KIND)
        issued_at = datetime.fromisoformat(claims["issued_at"])
    except (ClaimsInvalid, ValueError, TypeError, KeyError) as error:
        raise _unfit(_token(masogd), error) from error
    said = claims.get("masogd") == masogd and claims.get("sha256") == sha256(data).hexdigest()
    if not said or issued_at.utcoffset() is None:
        raise _unfit(_csv(masogd), "it is not what was signed")
    return StatedRoster(masogd, _read(masogd, data), issued_at)


def judged_by(by: Judgement, statement: StatedRoster | None) -> Judgement:
    """*by* with the stated mandates of those schools that its own roster knows nothing of."""
    if statement is None:
        return by
    own = by.roster.entries() if by.roster else ()
    schools = {each.school for each in own}
    others = [each for each in statement.roster.entries() if each.school not in schools]
    demands_bound = by.roster.demands_bound if by.roster else False
    digest = statement.roster.digest
    roster = Roster((*own, *others), digest, demands_bound=demands_bound)
    return replace(by, roster=roster, basis=replace(by.basis, roster=digest))


def knows_school(by: Judgement, school: str) -> bool:
    """Whether the own roster says who may sign for *school*."""
    return by.roster is not None and any(each.school == school for each in by.roster.entries())


def _read(masogd: str, data: bytes) -> Roster:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "roster.csv"
        path.write_bytes(data)
        try:
            return read_roster(path)
        except RosterError as error:
            raise _unfit(_csv(masogd), error) from error


def _csv(masogd: str) -> str:
    return f"{FOLDER}/{masogd}.csv"


def _token(masogd: str) -> str:
    return f"{FOLDER}/{masogd}.jws"


def _unfit(file: str, reason: object) -> TransferRefused:
    return TransferRefused(finding("HB-I096", file=file, reason=reason))
