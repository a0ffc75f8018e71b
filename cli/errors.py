"""Errors of this package. All of them are the caller's to mend.

CommandError
├── Misuse          arguments that make no sense; carries a key of `texts.toml` and its values
└── OutputClosed    nobody reads what is written any more (`hocba … | head`); not worth a word
"""


class CommandError(Exception):
    """Any error of this package."""


class Misuse(CommandError):  # noqa: N818 -- says what is the case
    """Wrong usage; `key` and `values` give its text in either language."""

    def __init__(self, key: str, /, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


class OutputClosed(CommandError):  # noqa: N818
    """The reader of the output has gone."""
