"""`make mutants`: which small changes of the verdict logic no test notices.

The tests that concern a module are collected and run once as they are, and noted is which lines
each of them reaches. Each mutant is then put into a copy of that process (a fork), which runs the
tests that reach it until one fails, those first that noticed most so far. What survives is
printed; docs/mutation-testing.md explains each.
"""

import gc
import importlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest
from _pytest.runner import runtestprotocol

from tests.mutation.changing import NotInPlaceError, change, forget
from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.reach import Reach

ROOT: Final = Path(__file__).parents[2]
_MOST_SECONDS = 4.0
_LEAST_SECONDS = 10.0

_ATTACKS = "tests/signing/attacks"
_CERTIFICATES = (
    "tests/signing/certificates/test_judgement.py",
    "tests/signing/certificates/test_revocation.py",
    "tests/signing/certificates/test_proved_time.py",
    "tests/signing/certificates/test_path.py",
    "tests/signing/certificates/test_delta_lists.py",
    "tests/signing/certificates/test_engine.py",
    "tests/signing/certificates/test_algorithm_usage.py",
    "tests/signing/certificates/test_certificate.py",
    "tests/signing/certificates/test_trust.py",
    "tests/signing/certificates/test_fetching.py",
)
_SIGNATURES = "tests/signing/validation"
_TIMESTAMPS = "tests/signing/timestamps"
_STAMPED = "tests/signing/timestamps/test_stamped_records.py"

# The verdict logic, and the tests that concern it, the nearest first.
TESTS: Final = {
    "signing/validation/with_time.py": (_SIGNATURES, _STAMPED),
    "signing/validation/acceptance.py": (_SIGNATURES, "tests/signing/test_constraints.py"),
    "signing/report.py": (
        "tests/signing/test_report.py",
        "tests/signing/test_rules.py",
        _SIGNATURES,
    ),
    "signing/xmldsig/references.py": (_SIGNATURES, "tests/signing/xmldsig", _ATTACKS),
    "signing/xades/signed_properties.py": (_SIGNATURES, _ATTACKS),
    "signing/timestamps/validation.py": (_TIMESTAMPS,),
    "signing/validation/proof.py": (_SIGNATURES, _STAMPED, "tests/signing/xades", _ATTACKS),
    "signing/validation/signature.py": (
        _SIGNATURES,
        _STAMPED,
        "tests/signing/test_record.py",
        "tests/signing/etsi_report",
    ),
    "signing/certificates/past.py": _CERTIFICATES,
    "signing/certificates/path.py": _CERTIFICATES,
    "signing/certificates/judgement.py": _CERTIFICATES,
    "signing/certificates/engine.py": _CERTIFICATES,
    "signing/certificates/revocation.py": _CERTIFICATES,
    "signing/certificates/status.py": _CERTIFICATES,
    "signing/certificates/issuers.py": _CERTIFICATES,
    "signing/certificates/keeping.py": _CERTIFICATES,
    "signing/certificates/algorithm_usage.py": _CERTIFICATES,
    "signing/certificates/certificate.py": _CERTIFICATES,
    "signing/certificates/trust.py": _CERTIFICATES,
    "signing/timestamps/authority_certificate.py": (_TIMESTAMPS,),
    "signing/timestamps/token.py": (_TIMESTAMPS,),
    "signing/constraints.py": ("tests/signing/test_constraints.py", _SIGNATURES),
    "signing/policy.py": ("tests/signing/test_policy.py", "tests/signing/test_record.py"),
    "signing/roster.py": ("tests/signing/test_roster.py", "tests/signing/test_record.py"),
    "signing/validation/basic.py": (_SIGNATURES, _ATTACKS),
    "signing/entitlement.py": ("tests/signing/test_entitlement.py", "tests/signing/test_record.py"),
    "signing/record.py": ("tests/signing/test_record.py", _ATTACKS),
}


class _Mutants:
    """Runs the collected tests for every mutant of some files, instead of running them once."""

    def __init__(self, chosen: Mapping[str, frozenset[int]], reach: Reach) -> None:
        self._chosen, self._reach = chosen, reach
        self._noticed: Counter[int] = Counter()
        self._seconds: list[float] = []

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """All mutants, instead of the tests once."""
        if session.testsfailed:
            pytest.exit("not every test can be collected", 1)
        started = time.monotonic()
        originals = {path: (ROOT / path).read_text("utf-8") for path in self._chosen}
        gc.freeze()  # what was imported need not be looked through for each test
        with self._reach.noting():
            self._run_once(session.items)
        gc.unfreeze()
        forget()
        gc.freeze()
        print(f"{len(session.items)} tests, {time.monotonic() - started:.0f} s", flush=True)
        for path, lines in self._chosen.items():
            self._try_file(path, lines, originals[path], session.items)
        return True

    def _try_file(
        self, path: str, lines: frozenset[int], original: str, items: Sequence[pytest.Item]
    ) -> None:
        started = time.monotonic()
        counted: Counter[str] = Counter()
        importlib.import_module(path.removesuffix(".py").replace("/", "."))
        for mutant in mutants_of(path, original):
            if lines and mutant.line not in lines:
                continue
            outcome = self._try(mutant, original, items)
            counted[outcome] += 1
            if outcome != "noticed":
                print(f"{outcome}: {mutant}", flush=True)
        seconds = time.monotonic() - started
        print(f"# {path}: {counted.total()} {dict(counted)}, {seconds:.0f} s", flush=True)

    def _run_once(self, items: list[pytest.Item]) -> None:
        """Unchanged; what the tests share is made here once for all mutants.

        What fails or takes long is left out: it would tell of the machine's load.
        """
        left = []
        for number, item in enumerate(items):
            forget()
            following = items[number + 1] if number + 1 < len(items) else None
            reports = runtestprotocol(item, log=False, nextitem=following)
            seconds = sum(each.duration for each in reports if each.when == "call")
            if seconds < _MOST_SECONDS and not any(each.failed for each in reports):
                left.append(item)
                self._seconds.append(seconds)
            else:
                print(f"left out: {item.nodeid}, {seconds:.0f} s", flush=True)
        items[:] = left

    def _order(self, mutant: Mutant, items: Sequence[pytest.Item]) -> list[int]:
        """The tests to run: those that reach it, what noticed most first, then the short ones."""
        path, lines = ROOT / mutant.path, mutant.reached_by
        return sorted(
            (
                at
                for at, each in enumerate(items)
                if not lines or self._reach.reaches(each, path, lines)
            ),
            key=lambda at: (-self._noticed[at], self._seconds[at]),
        )

    def _try(self, mutant: Mutant, original: str, items: Sequence[pytest.Item]) -> str:
        order = self._order(mutant, items)
        if not order:
            return "not reached"
        told, tell = os.pipe()
        child = os.fork()
        if not child:
            os.close(told)
            self._notice(mutant, original, [(each, items[each]) for each in order], tell)
        os.close(tell)
        with os.fdopen(told, "rb") as pipe:
            answer = pipe.read()
        os.waitpid(child, 0)
        if answer == b"survived" or answer.startswith(b"not"):
            return answer.decode()
        if answer.isdigit():
            self._noticed[int(answer)] += 1
        return "noticed"

    def _notice(
        self, mutant: Mutant, original: str, items: Sequence[tuple[int, pytest.Item]], tell: int
    ) -> None:
        """In a process of its own: tell the number of the test that noticed. Never returns."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        os.setpgid(0, 0)
        try:
            change(mutant, original)
        except NotInPlaceError as error:
            os.write(tell, f"not tried ({error})".encode())
            os._exit(0)
        except Exception:  # noqa: BLE001 -- a mutant may do anything
            os._exit(1)  # it cannot even be loaded
        for place, (number, item) in enumerate(items):
            following = items[place + 1][1] if place + 1 < len(items) else None
            # A mutant that never ends is ended by the signal: noticed.
            limit = max(_LEAST_SECONDS, 5 * self._seconds[number])
            signal.setitimer(signal.ITIMER_REAL, limit)
            reports = runtestprotocol(item, log=False, nextitem=following)
            if any(each.failed for each in reports):
                os.write(tell, str(number).encode())
                os._exit(1)
        os.write(tell, b"survived")
        os._exit(0)


def _run(chosen: Mapping[str, frozenset[int]]) -> int:
    """Files that the same tests concern: these run once for all of them."""
    tests = [each for each in TESTS[next(iter(chosen))] if (ROOT / each).exists()]
    options = ["-q", "-s", "-p", "no:cacheprovider", "-p", "no:warnings"]
    reach = Reach([ROOT / each for each in chosen])
    return int(pytest.main([*options, *tests], plugins=[reach, _Mutants(chosen, reach)]))


def main(arguments: Sequence[str]) -> int:
    """Try every mutant of the files (all without any); `file:10,20` only of those lines."""
    groups: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for each in arguments or TESTS:
        groups[TESTS[each.partition(":")[0]]].append(each)
    if len(groups) == 1:
        (files,) = groups.values()
        parted = [each.partition(":") for each in files]
        return _run(
            {path: frozenset(int(at) for at in at_.split(",") if at) for path, _, at_ in parted}
        )
    program = [sys.executable, "-m", "tests.mutation"]
    results = [
        subprocess.run([*program, *files], cwd=ROOT, check=False).returncode
        for files in groups.values()
    ]
    return max(results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
