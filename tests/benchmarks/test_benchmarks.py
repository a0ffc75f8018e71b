"""The benchmarks run, and measure each figure of design §10 that exists by now."""

from tests.benchmarks.__main__ import run
from tests.benchmarks.measure import Figure, as_table, interleaved


def test_every_figure_is_measured_beside_its_reference(tmp_path):
    figures = run(tmp_path, quick=True)
    table = as_table(figures)
    for what in (
        "full validation, 3 signatures",
        "full validation, 16 signatures",
        "rules of the circulars, THPT",
        "batch to receipt, embedded",
        "national pilot",
        "memory while taking in (parent and two workers)",
        "memory while taking in 1600 records",
        "parent's CPU a record",
        "PostgreSQL + SeaweedFS",
        "12-year timeline over HTTP",
        "data quality of a province and year",
        "hocba --help",
    ):
        assert what in table
    assert all(each.ratio is None or each.ratio > 0 for each in figures)


def test_contenders_take_turns():
    turns = []
    timings = interleaved(
        {"a": lambda: turns.append("a"), "b": lambda: turns.append("b")}, units=1, rounds=2
    )
    assert turns == ["a", "b"] * 3  # one round to warm up
    assert timings["a"].lowest <= timings["a"].median <= timings["a"].highest


def test_a_figure_that_is_not_reached_says_so():
    figure = Figure("x", "1", "2", 0.4, ">= 0.5", reached=False)
    assert "NOT reached" in as_table([figure])
