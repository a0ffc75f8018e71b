"""The figures of design §10 that exist by now, as ratios in one run.

    python -m tests.benchmarks            everything, some minutes
    python -m tests.benchmarks --quick    small sizes: shows that the benchmarks run

Absolute times are of this machine and this moment; trust the ratios.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.benchmarks import growth, ingest, quality, rules, startup, timeline, validation
from tests.benchmarks.measure import Figure, as_table


def run(folder: Path, *, quick: bool) -> list[Figure]:
    """Every figure, in the order of design §10."""
    records = 60 if quick else 4_000
    province = ingest.make_province(folder / "province", records)
    return [
        *validation.figures(rounds=3 if quick else 9, documents=5 if quick else 60),
        *rules.figures(rounds=3 if quick else 500, documents=4),
        *ingest.embedded(folder, province, records),
        *ingest.servers(folder, province, records),
        *(growth.figures(folder, 400, 1_600) if quick else growth.figures(folder, 2_000, 20_000)),
        *timeline.figures(folder, 1_200 if quick else 300_000, 50 if quick else 2_000),
        *quality.figures(folder, 2_000 if quick else 300_000),
        *startup.figures(rounds=2 if quick else 7),
    ]


def main(arguments: list[str]) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args(arguments).quick
    with tempfile.TemporaryDirectory(prefix="hocba-bench-") as folder:
        print(as_table(run(Path(folder), quick=quick)), validation.LIMITS, sep="\n\n")


if __name__ == "__main__":
    main(sys.argv[1:])
