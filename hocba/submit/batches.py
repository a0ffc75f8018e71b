"""What the server makes of the batches that were sent: waited for, and read out item by item."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hocba.errors import SubmissionRefused
from hocba.model.outcome import Outcome
from hocba.submit.connection import Connection
from hocba.submit.manifest import told, unintelligible
from hocba.submit.state import Part, State
from hocba.submit.watching import Stage, Watcher
from schemas.findings import Finding, finding

PATH = "/v1/batches"
FINAL = frozenset({"done", "failed", "cancelled"})

_HALTED = frozenset({"paused", "held"})
"""Paused for a trouble that may pass by itself; held by somebody's order."""

_WAITS = "HB-I047"
"""The batch waits for revocation data, which comes within hours or days, not while one looks."""

_PAUSE, _LONGEST_PAUSE = 0.5, 10.0
_PAUSED_FOR = 10 * 60.0
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Told:
    """What the server tells of one document that was sent."""

    file: str
    sha256: str
    outcome: Outcome
    findings: tuple[Finding, ...]
    record: str | None = None
    phienban: int | None = None


def read_batch(connection: Connection, batch: str) -> Mapping[str, Any]:
    """A batch as it stands."""
    answer = connection.ask("GET", f"{PATH}/{batch}")
    try:
        body = answer.json()
        return {"state": str(body["state"]), "total": int(body["total"]), "told": body["failure"]}
    except (ValueError, KeyError, TypeError):
        raise unintelligible(connection) from None


def await_batches(
    connection: Connection, parts: Sequence[Part], watcher: Watcher
) -> tuple[bool, tuple[Finding, ...]]:
    """Wait until every batch is worked, as far as that can be waited for.

    Gives whether all of them are final, and what the server says of those that are not done.
    """
    expected = sum(each.documents for each in parts)
    finished: dict[int, Mapping[str, Any]] = {}
    totals: dict[int, int] = {}
    paused_since: dict[int, float] = {}
    pause = _PAUSE
    while True:
        for part in parts:
            if part.number in finished:
                continue
            body = read_batch(connection, part.batch or "")
            moved = totals.get(part.number) != body["total"]
            totals[part.number] = body["total"]
            if body["state"] not in _HALTED or moved:
                paused_since.pop(part.number, None)
            if body["state"] in FINAL or _stands(body, part.number, paused_since, connection):
                finished[part.number] = body
            pause = _PAUSE if moved else pause
        watcher(Stage.WORKING, sum(totals.values()), expected)
        if len(finished) == len(parts):
            break
        connection.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
    final = all(each["state"] in FINAL for each in finished.values())
    return final, tuple(told(each["told"]) for each in finished.values() if each["told"])


def _stands(
    body: Mapping[str, Any], number: int, since: dict[int, float], connection: Connection
) -> bool:
    """Whether a batch is paused for longer than anybody should wait for it."""
    if body["state"] not in _HALTED:
        return False
    if body["state"] == "held":
        return True
    if body["told"] and body["told"].get("code") == _WAITS:
        return True
    now = connection.clock()
    return now - since.setdefault(number, now) > _PAUSED_FOR


def collect(connection: Connection, part: Part, state: State) -> Iterator[Told]:
    """What became of every document of a part, noted in *state* page by page.

    Raises `SubmissionRefused` where the server speaks of other bytes than were sent.
    """
    items_of = f"{PATH}/{part.batch}/items?"
    address: str | None = f"{items_of}limit={_PAGE}"
    asked: set[str] = set()
    while address is not None:
        # The token goes to no other place of this or another server, and to none for ever.
        if not address.startswith(items_of) or address in asked or len(asked) > part.documents:
            raise unintelligible(connection)
        asked.add(address)
        answer = connection.ask("GET", address)
        try:
            body = answer.json()
            items = [_item(each) for each in body["items"]]
            address = None if body["next"] is None else str(body["next"])
        except (ValueError, KeyError, TypeError):
            raise unintelligible(connection) from None
        yield from _settled(items, part, state)


def _item(raw: dict[str, Any]) -> dict[str, Any]:
    return {
        "place": int(raw["position"]),
        "outcome": Outcome(raw["outcome"]),
        "record": raw["madinhdanhhocba"],
        "phienban": raw["phienban"],
        "sha256": raw["sha256"],
        "findings": tuple(told(each) for each in raw["findings"]),
    }


def _settled(items: Sequence[Mapping[str, Any]], part: Part, state: State) -> Iterator[Told]:
    if not items:
        return
    places = [each["place"] for each in items]
    lines = state.at_places(part.number, min(places), max(places))
    settled: list[tuple[int, str, str | None, int | None]] = []
    for each in items:
        line = lines.get(each["place"])
        if line is None or each["sha256"] not in {None, line.sha256}:
            raise SubmissionRefused(finding("HB-I260", batch=part.batch, place=each["place"]))
        outcome: Outcome = each["outcome"]
        settled.append((line.position, outcome.value, each["record"], each["phienban"]))
        yield Told(
            line.file, line.sha256, outcome, each["findings"], each["record"], each["phienban"]
        )
    state.settle(settled)
