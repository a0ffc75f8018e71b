"""Errors of the roster, each with the finding that says what to do.

CallerError (hocba.errors)
├── RosterUnusable    the file is no roster at all; nothing more can be said of its lines
├── RosterRefused     nothing was imported or bound; carries everything that was found in the file
└── NoRoster          there is no roster to ask
"""

from hocba.errors import CallerError
from schemas.findings import Finding


class RosterUnusable(CallerError):  # noqa: N818 -- says what is the case
    """No roster can be read from this file."""


class RosterRefused(CallerError):  # noqa: N818
    """Nothing was changed; `found` has what is wrong with the lines, if that is why."""

    def __init__(self, finding: Finding, found: tuple[Finding, ...] = ()) -> None:
        super().__init__(finding)
        self.found = found


class NoRoster(CallerError):  # noqa: N818
    """The repository had no roster then."""
