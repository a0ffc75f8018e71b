"""What `hocba sign` adds to a signature beside the signature itself."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cli.errors import Misuse

if TYPE_CHECKING:
    from lxml import etree

    from signing.creation.builder import Augment
    from signing.creation.long_term import LongTermSource
    from signing.creation.styles import SignatureStyle


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """The options of `hocba sign` about time-stamps and long-term values, as they were given."""

    url: str | None
    seconds: int
    ca_file: Path | None
    long_term: bool
    trust: Path | None

    def of(self, style: "SignatureStyle") -> "Augment | None":
        """What adds them to a signature of *style*; None where nothing is asked for."""
        self._refuse_incomplete()
        if self.url is None:
            return None
        from schemas.findings import finding
        from signing.creation.long_term import add_long_term_values
        from signing.creation.timestamping import add_signature_timestamp
        from signing.errors import SigningRefused
        from signing.timestamps.authority import HttpTimestampAuthority

        if not style.qualifying_properties:
            raise SigningRefused(finding("HB-K020", style=style.name))
        if self.ca_file is not None:
            self.ca_file.read_bytes()  # a file that is not there is told now, and by its name
        authority = HttpTimestampAuthority(
            url=self.url, timeout=timedelta(seconds=self.seconds), ca_file=self.ca_file
        )
        source = self._source()

        def augment(signature: "etree._Element") -> None:
            add_signature_timestamp(signature, authority)
            if source is not None:
                add_long_term_values(signature, source)

        return augment

    def _refuse_incomplete(self) -> None:
        needed = (
            ("--tsa-ca", self.ca_file is not None, "--tsa", self.url is not None),
            ("--long-term", self.long_term, "--tsa", self.url is not None),
            ("--long-term", self.long_term, "--trust", self.trust is not None),
            ("--trust", self.trust is not None, "--long-term", self.long_term),
        )
        for option, given, other, other_given in needed:
            if given and not other_given:
                raise Misuse("misuse.needs_option", option=option, needed=other)

    def _source(self) -> "LongTermSource | None":
        if self.trust is None:
            return None
        from signing.certificates.path import PathValidator, ValidationMaterial
        from signing.certificates.trust import read_trust_store
        from signing.creation.long_term import LongTermSource

        store = read_trust_store(self.trust)
        # Which role's anchor it is, validation asks: what is embedded is the same.
        return LongTermSource(
            paths=PathValidator(store),
            material=ValidationMaterial(
                certificates=store.intermediates,
                crls=store.crls,
                ocsp_responses=store.ocsp_responses,
            ),
            purpose=None,
            at=datetime.now(UTC),
        )
