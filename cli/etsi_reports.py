"""ETSI TS 119 102-2 validation reports in a folder, one XML file for each document."""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cli.errors import Misuse
from cli.files import write_whole
from hocba.model.examination import Examination
from schemas.document import parse
from schemas.findings import Language
from signing.etsi_report.report import etsi_report
from signing.xmldsig.algorithms import AlgorithmPolicy

_UNSAFE = re.compile(r"[^0-9A-Za-z._-]+")
_MOST_LETTERS = 80
_OF_DIGEST = 16


@dataclass(frozen=True, slots=True)
class EtsiReports:
    """Writes a report for every document that was examined into *folder*."""

    folder: Path
    algorithms: AlgorithmPolicy
    language: Language

    def begin(self, *, goes_on: bool) -> None:
        """Make the folder; one that holds anything is taken only by a run that goes on."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not goes_on and any(self.folder.iterdir()):
            raise Misuse("misuse.not_empty", option="--etsi-report", folder=self.folder)

    def write(self, data: bytes, examination: Examination) -> None:
        """The report on *data*; none for what is no document, for there is nothing to report on.

        The same bytes under two names have one report: it speaks of the bytes.
        """
        if examination.signatures is None:
            return
        octets = etsi_report(
            examination.signatures,
            parse(data),
            self.algorithms,
            examination.examined_at,
            self.language,
        )
        write_whole(self.folder / report_name(examination), octets)


def report_name(examination: Examination) -> str:
    """A name that is safe on every system: what the file's name allows, and the bytes' digest."""
    stem = PurePosixPath(examination.file_name.replace("\\", "/")).stem
    safe = _UNSAFE.sub("_", stem).strip("._")[:_MOST_LETTERS] or "document"
    return f"{safe}-{examination.sha256[:_OF_DIGEST]}.xml"
