"""The content of one record, field by field in the dictionary's order, and its XML."""

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

Fields = Mapping[str, str | None]
"""Values by field name, in order; None is a field that the record leaves out."""


@dataclass(frozen=True, slots=True)
class Row:
    """A subject row: its Id, its fields and, in vendors' records, the link to its signer's slot."""

    identifier: str
    fields: Fields
    link: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """All of a record that is signed."""

    information: Fields
    schooling: tuple[Fields, ...]
    certificates: tuple[Fields, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class RecordIdentity:
    """The ids of one record, all from the pupil's code and the year: never two the same."""

    seed: int
    pupil: str
    year: int

    @property
    def record_id(self) -> str:
        """madinhdanhhocba: a UUID of version 4."""
        return str(self._uuid("record"))

    def key(self, table: str, number: int = 0) -> str:
        """A technical key of 32 characters."""
        return self._uuid(table, number).hex

    def _uuid(self, *labels: object) -> uuid.UUID:
        text = "/".join(map(str, (self.seed, self.pupil, self.year, *labels)))
        return uuid.UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=4)


def unsigned_record(content: Content) -> etree._Element:
    """The record before anybody signs, indented for readers: `HOC_BA_SO` with its data."""
    root = etree.Element("HOC_BA_SO")
    data = etree.SubElement(root, "DU_LIEU_HOC_BA", Id="data")
    information = etree.SubElement(data, "THONG_TIN_HOC_BA", Id="thongtinhocba")
    _append(information, content.information)
    for name, tables in (
        ("QUA_TRINH_HOC_TAP", content.schooling),
        ("CHUNG_CHI", content.certificates),
    ):
        for table in tables:
            _append(etree.SubElement(information, name), table)
    for row in content.rows:
        element = etree.SubElement(information, "DIEM_TONG_KET", Id=row.identifier)
        _append(element, row.fields)
        if row.link is not None:
            link = etree.SubElement(element, "GVBM", Id=row.link[0])
            link.text = row.link[1]
    etree.indent(root)
    return root


def _append(parent: etree._Element, fields: Fields) -> None:
    for name, value in _present(fields):
        etree.SubElement(parent, name).text = value


def _present(fields: Fields) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in fields.items() if value is not None)
