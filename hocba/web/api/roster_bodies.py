"""The shapes of answers about the roster, for OpenAPI and for the eye."""

from pydantic import BaseModel, Field

from hocba.index.roster_rows import CertificateSource, RosterChangeKind, RosterScope
from hocba.web.api.bodies import FindingBody, Moment
from signing.mandate import Engagement


class RosterChangeBody(BaseModel):
    """One change of the roster; the roster after it is state `number`."""

    number: int
    kind: RosterChangeKind
    at: Moment
    by: str
    reason: str
    source: str = Field(description="The file that it came from.")
    source_sha256: str
    scope: RosterScope = Field(description="What the file is complete for.")
    effective: str = Field(description="From this day on, who is missing in the file has left.")
    added: int
    changed: int
    ended: int
    withdrawn: int = Field(description="Taken back: never held, or not begun.")
    mandates: int = Field(description="All mandates that are known after it.")
    digest: str = Field(description="SHA-256 of the roster as a file; reports name it.")


class PageOfChanges(BaseModel):
    """Changes of the roster, newest first."""

    items: list[RosterChangeBody]
    next: str | None


class SubstitutionBody(BaseModel):
    """Whom somebody stands in for, and who allowed it."""

    thaycho: str
    lydo: str
    nguoipheduyet: str
    soquyetdinh: str
    ngayquyetdinh: str | None


class SignerBody(BaseModel):
    """One who may sign: a person (`sodinhdanh`) or an organisation (`masothue`)."""

    vaitro: str
    sodinhdanh: str | None
    masothue: str | None
    hovaten: str
    tungay: str | None
    denngay: str | None
    hinhthuc: Engagement | None
    donviquanly: str
    truongchinh: str
    substitution: SubstitutionBody | None
    chungthu: list[str] = Field(description="SHA-256 of the certificates bound to the holder.")


class SignersBody(BaseModel):
    """Who could sign for a school on a day, as it was known after a change of the roster."""

    matruong: str
    on: str
    known_at: Moment | None
    change: RosterChangeBody
    items: list[SignerBody]


class PlaceBody(BaseModel):
    """Where the holder of a certificate signs."""

    matruong: str
    vaitro: str


class ExpiringBody(BaseModel):
    """A certificate that is about to end; names and ids of people are masked."""

    valid_until: Moment
    sha256: str
    serial: str
    issuer: str
    source: CertificateSource
    name: str
    holder: str
    mandates: list[PlaceBody]


class PageOfExpiring(BaseModel):
    """Certificates about to end, the first to end first; a page may be shorter than asked for."""

    items: list[ExpiringBody]
    next: str | None


class ImportBody(BaseModel):
    """What an import changed, or with `dry_run` would change."""

    imported: bool = Field(description="False where nothing changed, or nothing was to change.")
    change: RosterChangeBody | None
    added: int
    changed: int
    ended: int
    withdrawn: int
    bound: int
    unchanged: int
    in_force: int = Field(description="Mandates in force before it.")
    ending: int = Field(description="Those of them that hold no more.")
    warnings: list[FindingBody]
