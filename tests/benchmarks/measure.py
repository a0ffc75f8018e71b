"""Interleaved timing: every contender in turn, round after round, so that drift hits all alike."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds per unit of work: the median over the rounds, and the extremes."""

    median: float
    lowest: float
    highest: float

    @property
    def rate(self) -> float:
        """Units of work per second."""
        return 1 / self.median


def interleaved(
    contenders: Mapping[str, Work],
    units: int,
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> Mapping[str, Timing]:
    """Seconds per unit of each contender; one call of a contender does *units* of work.

    A first round warms caches and is not counted. Where only this process works, its CPU time
    (`time.process_time`) as *clock* leaves out some of what else the machine does.
    """
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, work in contenders.items():
            begin = clock()
            work()
            if number:
                samples[name].append((clock() - begin) / units)
    return {
        name: Timing(statistics.median(each), min(each), max(each))
        for name, each in samples.items()
    }


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: what was measured, against what, and what design §10 asks for."""

    what: str
    measured: str
    reference: str
    ratio: float | None
    goal: str
    reached: bool | None

    def as_row(self) -> tuple[str, ...]:
        """The cells of a table."""
        verdict = {True: "reached", False: "NOT reached", None: "–"}[self.reached]
        ratio = "–" if self.ratio is None else f"{self.ratio:.2f}"
        return (self.what, self.measured, self.reference, ratio, self.goal, verdict)


HEADINGS = ("what", "measured", "reference in the same run", "ratio", "goal", "")


def as_table(figures: list[Figure]) -> str:
    """The figures as aligned text."""
    rows = [HEADINGS, *(each.as_row() for each in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])
