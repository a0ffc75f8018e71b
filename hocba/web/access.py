"""Who calls, and what they may see.

Bearer tokens as in RFC 6750; the index knows them by their digest only. What a caller may not see
does not exist for them.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from hocba.index.rows import AccessToken, Batch, Record, TokenKind
from hocba.web.problems import Problem, ProblemType
from hocba.web.repository import Repository, RepositoryDependency

REALM = 'Bearer realm="hocba"'

_bearer = HTTPBearer(
    auto_error=False, description="Access token of a province, a guardian or an operator."
)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller and the bounds of what they see.

    `pupils` are the ids that are linked to those named in a guardian's token.
    """

    token: AccessToken
    pupils: frozenset[str] = frozenset()

    @property
    def actor(self) -> str:
        """The caller's name in the audit trail: the token's public name, not a person's."""
        return f"token:{self.token.id}"

    @property
    def masogd(self) -> str | None:
        """The only province whose things the caller sees; None where that is no bound."""
        return self.token.masogd

    @property
    def is_guardian(self) -> bool:
        """Whether the caller is a guardian, who only sees the pupils named in the token."""
        return self.token.kind is TokenKind.GUARDIAN

    def may_see(self, record: Record) -> bool:
        """Whether the record exists for the caller."""
        match self.token.kind:
            case TokenKind.OPERATOR:
                return True
            case TokenKind.PROVINCE:
                return record.masogd == self.token.masogd
            case TokenKind.GUARDIAN:
                return self.may_see_pupil(record.mahocsinh)

    def may_see_pupil(self, mahocsinh: str) -> bool:
        """Whether the caller may ask about the pupil at all."""
        named = mahocsinh in self.token.mahocsinh or mahocsinh in self.pupils
        return named or not self.is_guardian

    def may_see_batch(self, batch: Batch) -> bool:
        """Whether the batch exists for the caller."""
        match self.token.kind:
            case TokenKind.OPERATOR:
                return True
            case TokenKind.PROVINCE:
                return batch.masogd == self.token.masogd
            case TokenKind.GUARDIAN:
                return False


def authenticated(repository: Repository, text: str) -> Caller | None:
    """The caller with this token, if it opens anything now."""
    with repository.index.reading() as tx:
        token = tx.tokens.authenticate(text, repository.clock())
        if token is None:
            return None
        linked = {other for each in token.mahocsinh for other in tx.links.ids(each)}
    return Caller(token, frozenset(linked))


def _caller(repository: RepositoryDependency, credentials: Credentials) -> Caller:
    if credentials is None or not credentials.credentials:
        raise Problem(ProblemType.UNAUTHORIZED, headers={"WWW-Authenticate": REALM})
    caller = authenticated(repository, credentials.credentials)
    if caller is None:
        challenge = f'{REALM}, error="invalid_token"'
        raise Problem(ProblemType.INVALID_TOKEN, headers={"WWW-Authenticate": challenge})
    return caller


AnyCaller = Annotated[Caller, Depends(_caller)]


def _only(*kinds: TokenKind) -> Callable[[Caller], Awaitable[Caller]]:
    async def allowed(caller: AnyCaller) -> Caller:
        if caller.token.kind not in kinds:
            challenge = f'{REALM}, error="insufficient_scope"'
            raise Problem(ProblemType.FORBIDDEN, headers={"WWW-Authenticate": challenge})
        return caller

    return allowed


Sender = Annotated[Caller, Depends(_only(TokenKind.PROVINCE, TokenKind.OPERATOR))]
Operator = Annotated[Caller, Depends(_only(TokenKind.OPERATOR))]
