"""What was found in pupils' years is kept, so that figures and lists need not look at the years."""

from collections.abc import Callable, Iterable

from hocba.continuity.check import continuity_of
from hocba.index.continuity import ContinuityRow, PupilYears, YearRow
from hocba.index.index import Index, Transaction
from schemas.findings import Severity

_PAGE = 500


def refresh(tx: Transaction, ids: Iterable[str]) -> None:
    """Judge the years of these pupils anew, and of those who share a số định danh with them.

    In the transaction that changed them: what is kept always says what the records say.
    """
    years = list(tx.continuity.years_to_judge(ids))
    known = {each for pupil in years for each in pupil.ids}
    years += tx.continuity.years_to_judge({s for pupil in years for s in pupil.siblings} - known)
    rows = [row for pupil in years for row in _rows(pupil)]
    tx.continuity.replace((each for pupil in years for each in pupil.ids), rows)


def refresh_all(index: Index, progress: Callable[[int], None] = lambda _: None) -> int:
    """Judge all pupils' years anew, a page in each transaction; how many there are.

    For an index whose records came in before anybody looked.
    """
    done, after = 0, ""
    while True:
        with index.transaction() as tx:
            page = tx.continuity.pupils_after(after, _PAGE)
            refresh(tx, page)
        if not page:
            return done
        done, after = done + len(page), page[-1]
        progress(done)


def _rows(pupil: PupilYears[YearRow]) -> Iterable[ContinuityRow]:
    """What is kept: notes explain to who looks at the pupil, and are no figure."""
    for each in continuity_of(pupil.records, pupil.siblings):
        if each.finding.severity is not Severity.NOTE:
            yield ContinuityRow(
                madinhdanhhocba=each.record.madinhdanhhocba,
                mahocsinh=each.record.mahocsinh,
                masogd=each.record.masogd,
                namhoc=each.record.namhoc,
                matruong=each.record.matruong,
                finding=each.finding,
            )
