"""Who is asked about people: the interface, and the register that this home uses."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from hocba.identity.model import Answer, Person


class IdentityRegister(Protocol):
    """A register of identities. `batch` is how many people one call may name."""

    @property
    def name(self) -> str:
        """What the register is called in results: `file` or a host."""
        ...

    @property
    def batch(self) -> int:
        """How many people one call may name."""
        ...

    def ask(self, people: Sequence[Person]) -> Mapping[Person, Answer]:
        """What the register says of each of *people*, one answer for every one of them.

        Whoever the register gave no answer about has `NoAnswer`. Raises `RegisterUnusable` where
        asking again would not help.
        """
        ...

    def close(self) -> None:
        """Give everything back."""
        ...
