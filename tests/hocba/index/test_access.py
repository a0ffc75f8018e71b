"""Tokens and the audit trail, on both databases."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from hocba.errors import BadCursor
from hocba.index.engine import open_engine
from hocba.index.index import Index
from hocba.index.rows import NewAuditEvent, TokenKind
from hocba.index.types import StringEnum
from tests.support.rows import NOW, batch


def test_a_token_opens_what_it_was_issued_for(index: Index) -> None:
    with index.transaction() as tx:
        guardian = tx.tokens.issue(
            TokenKind.GUARDIAN, label="mẹ", at=NOW, mahocsinh=["2", "1", "1"]
        )
        province = tx.tokens.issue(TokenKind.PROVINCE, label="Sở", at=NOW, masogd="15")
        operator = tx.tokens.issue(TokenKind.OPERATOR, label="vận hành", at=NOW)
    with index.reading() as tx:
        assert tx.tokens.authenticate(guardian.text, NOW) == guardian.token
        assert tx.tokens.authenticate(province.text, NOW) == province.token
        assert tx.tokens.authenticate(operator.text, NOW) == operator.token
        assert len(tx.tokens.all()) == 3
    assert guardian.token.mahocsinh == ("1", "2")
    assert province.token.masogd == "15"


@pytest.mark.parametrize("text", ["", "hocba_", "hocba_wrong", "\udcff"])
def test_an_unknown_token_opens_nothing(index: Index, text: str) -> None:
    with index.transaction() as tx:
        tx.tokens.issue(TokenKind.OPERATOR, label="x", at=NOW)
    with index.reading() as tx:
        assert tx.tokens.authenticate(text, NOW) is None


def test_the_text_of_a_token_is_not_kept(index: Index, index_url: str) -> None:
    with index.transaction() as tx:
        issued = tx.tokens.issue(TokenKind.OPERATOR, label="x", at=NOW)
    assert issued.text not in repr(issued)
    engine = open_engine(index_url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM tokens")).all()
    engine.dispose()
    assert issued.text.removeprefix("hocba_") not in str(rows)


def test_a_token_ends_when_it_expires(index: Index) -> None:
    end = NOW + timedelta(hours=1)
    with index.transaction() as tx:
        issued = tx.tokens.issue(TokenKind.OPERATOR, label="x", at=NOW, expires_at=end)
    with index.reading() as tx:
        assert tx.tokens.authenticate(issued.text, end - timedelta(seconds=1))
        assert tx.tokens.authenticate(issued.text, end) is None


def test_a_revoked_token_opens_nothing_and_stays_listed(index: Index) -> None:
    later = NOW + timedelta(hours=1)
    with index.transaction() as tx:
        issued = tx.tokens.issue(TokenKind.OPERATOR, label="x", at=NOW)
        other = tx.tokens.issue(TokenKind.OPERATOR, label="y", at=NOW)
        revoked = tx.tokens.revoke(issued.token.id, later)
        again = tx.tokens.revoke(issued.token.id, later + timedelta(hours=1))
    assert revoked is not None
    assert revoked == again
    assert revoked.revoked_at == later
    with index.reading() as tx:
        assert tx.tokens.authenticate(issued.text, NOW) is None
        assert tx.tokens.authenticate(other.text, NOW) == other.token
        assert len(tx.tokens.all()) == 2


@pytest.mark.parametrize("identity", ["", "%", "abc", "%" * 16, "f" * 16])
def test_only_the_whole_name_of_a_token_revokes_it(index: Index, identity: str) -> None:
    with index.transaction() as tx:
        issued = tx.tokens.issue(TokenKind.OPERATOR, label="x", at=NOW, random=lambda: "fixed")
        assert tx.tokens.revoke(identity, NOW) is None
    with index.reading() as tx:
        assert tx.tokens.authenticate(issued.text, NOW)


@pytest.mark.parametrize(
    ("kind", "masogd", "pupils"),
    [
        (TokenKind.PROVINCE, None, []),
        (TokenKind.PROVINCE, "", []),
        (TokenKind.GUARDIAN, None, []),
        (TokenKind.GUARDIAN, "15", ["1"]),
        (TokenKind.OPERATOR, "15", []),
        (TokenKind.OPERATOR, None, ["1"]),
    ],
)
def test_a_token_without_its_bounds_is_not_issued(
    index: Index, kind: TokenKind, masogd: str | None, pupils: list[str]
) -> None:
    with index.transaction() as tx:
        with pytest.raises(ValueError, match="is for a token of kind"):
            tx.tokens.issue(kind, label="x", at=NOW, masogd=masogd, mahocsinh=pupils)
        assert tx.tokens.all() == ()


def test_the_audit_trail_keeps_its_order_and_its_details(index: Index) -> None:
    with index.transaction() as tx:
        for n in range(5):
            tx.audit.append(
                NewAuditEvent(
                    at=NOW + timedelta(seconds=n),
                    actor="Sở",
                    action="record.read",
                    madinhdanhhocba="hb-1" if n % 2 else "hb-2",
                    phienban=n,
                    masogd="15",
                    detail=(("đường", "portal"),),
                )
            )
        tx.audit.append()
    with index.reading() as tx:
        everything = tx.audit.events()
        first = tx.audit.events(madinhdanhhocba="hb-2", limit=2)
        second = tx.audit.events(madinhdanhhocba="hb-2", after=first.next, limit=2)
        with pytest.raises(BadCursor):
            tx.audit.events(after="x")
    assert [each.phienban for each in everything.rows] == [0, 1, 2, 3, 4]
    assert [each.phienban for each in first.rows + second.rows] == [0, 2, 4]
    assert everything.rows[0].detail == (("đường", "portal"),)
    assert everything.rows[0].at == NOW
    assert everything.rows[0].batch is None


def test_a_naive_time_is_refused(index: Index) -> None:
    naive = datetime(2026, 6, 1)  # noqa: DTZ001 -- what is refused
    with index.transaction() as tx, pytest.raises(Exception, match="naive time"):
        tx.batches.create(batch(created_at=naive))


def test_no_enum_takes_a_value_of_another() -> None:
    with pytest.raises(ValueError, match="nothing"):
        StringEnum(TokenKind).process_bind_param("nothing", None)  # type: ignore[arg-type]
