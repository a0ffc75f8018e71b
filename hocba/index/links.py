"""Links between ids of one pupil: added, and undone by a further row; never changed."""

from sqlalchemy import Connection, RowMapping, or_, select

from hocba.index.rows import PupilLink, values_of
from hocba.index.tables import pupil_links


class PupilLinks:
    """Which ids (mã học sinh) stand for the same pupil."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, link: PupilLink) -> None:
        """Add a link, or what undoes one."""
        self._connection.execute(pupil_links.insert(), values_of(link))

    def ids(self, mahocsinh: str) -> tuple[str, ...]:
        """Every id of the same pupil, *mahocsinh* among them, in order."""
        found, new = {mahocsinh}, {mahocsinh}
        while new:
            ends = {end for each in self._of(new) for end in (each.old, each.new)}
            new = ends - found
            found |= new
        return tuple(sorted(found))

    def in_force(self, mahocsinh: str) -> tuple[PupilLink, ...]:
        """The links that hold between all ids of the pupil, oldest first."""
        return self._of(set(self.ids(mahocsinh)))

    def history(self, mahocsinh: str) -> tuple[PupilLink, ...]:
        """Every row about the ids that now belong to the pupil, undone links as well."""
        return tuple(_link(each) for each in self._rows(set(self.ids(mahocsinh))))

    def _of(self, ids: set[str]) -> tuple[PupilLink, ...]:
        """The links in force that one of *ids* is an end of: the last row on a pair decides."""
        last: dict[tuple[str, str], PupilLink] = {}
        for row in self._rows(ids):
            link = _link(row)
            last.pop((link.old, link.new), None)
            last[link.old, link.new] = link
        return tuple(each for each in last.values() if each.linked)

    def _rows(self, ids: set[str]) -> list[RowMapping]:
        wanted = sorted(ids)
        statement = select(pupil_links).where(
            or_(pupil_links.c.old.in_(wanted), pupil_links.c.new.in_(wanted))
        )
        return list(self._connection.execute(statement.order_by(pupil_links.c.id)).mappings())


def _link(row: RowMapping) -> PupilLink:
    return PupilLink(**{name: row[name] for name in PupilLink.__dataclass_fields__})
