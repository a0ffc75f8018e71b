"""One pupil's years as they are told to people and programs."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from hocba.continuity.check import continuity_of
from hocba.continuity.years import ContinuityFinding
from hocba.index.continuity import PupilYears
from hocba.index.rows import Record
from schemas.findings import Language, Severity


@dataclass(frozen=True, slots=True)
class PupilContinuity:
    """What was found in the years of one pupil, under all linked ids; `records` are what it was
    found in, empty for a pupil that nobody has sent a record of.
    """

    mahocsinh: str
    records: tuple[Record, ...]
    findings: tuple[ContinuityFinding[Record], ...]

    @property
    def in_order(self) -> bool:
        """Whether nothing is wrong; notes are not."""
        return all(each.finding.severity is Severity.NOTE for each in self.findings)

    def as_seen(self, sees: Callable[[Record], bool]) -> "PupilContinuity":
        """The same for somebody who may see some of the records only: what rests on another one
        is left out.
        """
        return replace(
            self,
            records=tuple(each for each in self.records if sees(each)),
            findings=tuple(
                each for each in self.findings if all(sees(record) for record in each.rests_on)
            ),
        )

    def as_json(self, language: Language) -> dict[str, object]:
        """The shape of `/v1/students/{mahocsinh}/continuity`."""
        return {
            "mahocsinh": self.mahocsinh,
            "in_order": self.in_order,
            "records": len(self.records),
            "findings": [
                {
                    "namhoc": each.record.namhoc,
                    "madinhdanhhocba": each.record.madinhdanhhocba,
                    "code": each.finding.code,
                    "severity": each.finding.severity.value,
                    "message": each.finding.message(language),
                    "parameters": dict(each.finding.parameters),
                }
                for each in self.findings
            ],
        }


def pupil_continuity(mahocsinh: str, years: PupilYears[Record]) -> PupilContinuity:
    """What was found in *years*."""
    found = continuity_of(years.records, years.siblings)
    return PupilContinuity(mahocsinh, years.records, found)
