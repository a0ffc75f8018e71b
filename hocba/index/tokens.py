"""Access tokens. Only their SHA-256 is kept: who reads the database cannot use them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update

from hocba.index.rows import AccessToken, IssuedToken, TokenKind
from hocba.index.tables import token_pupils, tokens

PREFIX = "hocba_"
"""Lets scanners find a token that strayed into a repository or a log."""


class Tokens:
    """Issuing, recognising and revoking access tokens."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def issue(
        self,
        kind: TokenKind,
        *,
        label: str,
        at: datetime,
        expires_at: datetime | None = None,
        masogd: str | None = None,
        mahocsinh: Sequence[str] = (),
        random: Callable[[], str] = token_urlsafe,
    ) -> IssuedToken:
        """A new token; its text is in the answer and nowhere else.

        A province's token needs *masogd*, a guardian's at least one *mahocsinh*, an operator's
        neither: ValueError otherwise.
        """
        if bool(masogd) != (kind is TokenKind.PROVINCE):
            raise ValueError(f"masogd is for a token of kind province, this is {kind.value}")
        if bool(mahocsinh) != (kind is TokenKind.GUARDIAN):
            raise ValueError(f"mahocsinh is for a token of kind guardian, this is {kind.value}")
        text = PREFIX + random()
        token = AccessToken(
            sha256=_digest(text),
            kind=kind,
            label=label,
            masogd=masogd,
            mahocsinh=tuple(sorted(set(mahocsinh))),
            created_at=at,
            expires_at=expires_at,
            revoked_at=None,
        )
        names = ("sha256", "kind", "label", "masogd", "created_at", "expires_at")
        self._connection.execute(
            tokens.insert().values({name: getattr(token, name) for name in names})
        )
        if token.mahocsinh:
            self._connection.execute(
                token_pupils.insert(),
                [{"token": token.sha256, "mahocsinh": each} for each in token.mahocsinh],
            )
        return IssuedToken(text, token)

    def authenticate(self, text: str, at: datetime) -> AccessToken | None:
        """The token with this text, if it is known and valid at the time *at*."""
        found = self._all(tokens.c.sha256 == _digest(text))
        return found[0] if found and found[0].valid(at) else None

    def all(self) -> tuple[AccessToken, ...]:
        """Every token, oldest first, revoked ones too."""
        return self._all()

    def revoke(self, identity: str, at: datetime) -> AccessToken | None:
        """Revoke the token with this public name (`AccessToken.id`); None where there is none."""
        if len(identity) < _ID_LENGTH:
            return None
        matches = tokens.c.sha256.startswith(identity, autoescape=True)
        self._connection.execute(
            update(tokens).where(matches, tokens.c.revoked_at.is_(None)).values(revoked_at=at)
        )
        found = self._all(matches)
        return found[0] if found else None

    def _all(self, *conditions: Any) -> tuple[AccessToken, ...]:
        statement = select(tokens).where(*conditions)
        found = self._connection.execute(
            statement.order_by(tokens.c.created_at, tokens.c.sha256)
        ).mappings()
        return tuple(self._token(row) for row in found.all())

    def _token(self, row: RowMapping) -> AccessToken:
        statement = select(token_pupils.c.mahocsinh).where(token_pupils.c.token == row["sha256"])
        found = self._connection.scalars(statement.order_by(token_pupils.c.mahocsinh))
        return AccessToken(**row, mahocsinh=tuple(found))


_ID_LENGTH = 16


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()
