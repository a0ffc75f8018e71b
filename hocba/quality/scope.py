"""Which part of the repository is meant: a school, a commune, a province, or all of it."""

import re
from dataclasses import dataclass

from hocba.errors import CallerError
from hocba.index.index import Transaction
from hocba.index.quality import SCHOOLS_LIMIT, Part
from hocba.index.schools import School
from schemas.findings import finding

_SCHOOL_YEAR = re.compile(r"([0-9]{4})-([0-9]{4})\Z")


class QualityRefused(CallerError):  # noqa: N818 -- says what is the case
    """There is nothing to count: no such school, commune, province or school year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is asked for. *masogd* bounds all the others; several bounds narrow it down."""

    masogd: str | None = None
    maxa: str | None = None
    matruong: str | None = None
    namhoc: str | None = None

    def __post_init__(self) -> None:
        """Refuse a school year that is none."""
        match = _SCHOOL_YEAR.match(self.namhoc) if self.namhoc is not None else None
        if self.namhoc is not None and (match is None or int(match[2]) != int(match[1]) + 1):
            raise QualityRefused(finding("HB-I168", found=self.namhoc[:20]))

    def as_json(self) -> dict[str, object]:
        """The scope as answers repeat it."""
        return {
            "masogd": self.masogd,
            "maxa": self.maxa,
            "matruong": self.matruong,
            "namhoc": self.namhoc,
        }


@dataclass(frozen=True, slots=True)
class Counted:
    """A scope that exists: what of the index is counted, and its schools by province and code."""

    scope: Scope
    part: Part
    schools: dict[tuple[str, str], School]


def resolve(tx: Transaction, scope: Scope) -> Counted:
    """What *scope* means here; raises `QualityRefused` where there is no such thing."""
    schools = tx.schools.find(masogd=scope.masogd, matruong=scope.matruong, maxa=scope.maxa)
    if not schools:
        _refuse(tx, scope)
    listed = None
    if scope.matruong is not None or scope.maxa is not None:
        listed = tuple(sorted({each.matruong for each in schools}))[:SCHOOLS_LIMIT]
    masogd = scope.masogd
    if masogd is None and listed is not None and len({each.masogd for each in schools}) == 1:
        masogd = schools[0].masogd  # the index begins with it
    years = (scope.namhoc,) if scope.namhoc is not None else tx.quality.years(masogd)
    part = Part(masogd=masogd, years=years, schools=listed)
    return Counted(scope, part, {(each.masogd, each.matruong): each for each in schools})


def _refuse(tx: Transaction, scope: Scope) -> None:
    if scope.matruong is not None:
        elsewhere = tx.schools.find(masogd=scope.masogd, matruong=scope.matruong)
        if elsewhere and scope.maxa is not None:
            other = finding("HB-I285", school=scope.matruong, commune=scope.maxa)
            raise QualityRefused(other)
        raise QualityRefused(finding("HB-I162", school=scope.matruong))
    if scope.maxa is not None:
        raise QualityRefused(finding("HB-I163", commune=scope.maxa))
    if scope.masogd is not None:
        raise QualityRefused(finding("HB-I164", province=scope.masogd))
