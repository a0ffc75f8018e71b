"""A record's identity and what the index keeps of it, read from the signed element only."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Event(StrEnum):
    """SuKien of the record envelope: what the sender wants done."""

    NEW = "NEW"
    UPDATE = "UPDATE"
    CANCEL = "CANCEL"


class RecordStatus(StrEnum):
    """trangthaithongtinhocba: 1 có hiệu lực, 2 thu hồi."""

    VALID = "1"
    RECALLED = "2"


@dataclass(frozen=True, slots=True)
class EarlierYear:
    """One line of a record's study history: where the pupil was in which year.

    `ngaychuyenden` is the day of arrival at the school, where the line is about a transfer.
    """

    namhoc: str
    tenlop: str
    tentruong: str
    tentinh: str
    ngaychuyenden: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordReference:
    """Which record a document says it is; a claim until the document is accepted.

    `masogd` is empty where the document does not say it.
    """

    madinhdanhhocba: str
    mahocsinh: str
    namhoc: str
    matruong: str
    phienban: int
    definition: str
    masogd: str = ""

    def as_json(self) -> dict[str, object]:
        """The shape of design §8."""
        return {
            "madinhdanhhocba": self.madinhdanhhocba,
            "mahocsinh": self.mahocsinh,
            "namhoc": self.namhoc,
            "matruong": self.matruong,
            "phienban": self.phienban,
            "definition": self.definition,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """The indexed fields of an accepted record, names as in the field dictionary.

    `ketqua` is the year's result in the words of the record (xeploai at primary school; học tập
    and rèn luyện of the year above), None where the pupil is not assessed. `trichluc` says whether
    it was made from a paper record, None where its definition does not say. So it is with what
    stands below it: the commune of the school, whether the pupil is promoted and has completed
    the level, the day of issue, the years before.
    """

    reference: RecordReference
    event: Event
    status: RecordStatus
    masogd: str
    tentruong: str
    macaphoc: str
    makhoi: str
    tenlop: str
    sodinhdanh: str
    hovaten: str
    ketqua: str | None
    trichluc: bool | None = None
    maxa: str | None = None
    duoclenlop: bool | None = None
    hoanthanhcap: bool | None = None
    ngaykyphathanh: date | None = None
    earlier: tuple[EarlierYear, ...] | None = None

    @property
    def storage_key(self) -> str:
        """`records/{masogd}/{namhoc}/{matruong}/{madinhdanhhocba}.xml`."""
        reference = self.reference
        return (
            f"records/{self.masogd}/{reference.namhoc}/{reference.matruong}/"
            f"{reference.madinhdanhhocba}.xml"
        )
