"""`make mutants`: which small changes of the verdict logic nothing notices.

Each mutant is loaded in a process of its own and judges every vector of the attacks. One that
gets all verdicts right, to the last finding, then runs the unit tests of its module. What
survives both is printed; docs/mutation-testing.md explains each.
"""

import importlib.abc
import importlib.machinery
import multiprocessing
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from tests.mutation.cases import Case, Judge, Plain, cases
from tests.mutation.mutants import Mutant, mutants_of

ROOT: Final = Path(__file__).parents[2]
_MOST_SECONDS = 60
_CHANGED: Final = ("signing", "tests.support", "hocba", "cli")

# The verdict logic, and the tests beside it (the attacks are tried first).
TESTS: Final = {
    "signing/report.py": ("tests/signing/test_report.py", "tests/hocba/test_examine.py"),
    "signing/record.py": ("tests/signing/test_record.py", "tests/signing/test_attacks.py"),
    "signing/validation/acceptance.py": ("tests/signing/validation",),
    "signing/validation/basic.py": ("tests/signing/validation",),
    "signing/validation/proof.py": ("tests/signing/validation",),
    "signing/validation/signature.py": ("tests/signing/validation",),
    "signing/validation/with_time.py": ("tests/signing/validation",),
    "signing/xmldsig/references.py": ("tests/signing/validation", "tests/signing/foreign"),
    "signing/certificates/path.py": ("tests/signing/certificates/test_path.py",),
    "signing/certificates/judgement.py": ("tests/signing/certificates/test_path.py",),
    "signing/xades/signed_properties.py": ("tests/signing/validation",),
}


class _Loader(importlib.abc.Loader, importlib.abc.MetaPathFinder):
    """Loads one module from changed source, every other one as usual."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != self._mutant.module:
            return None
        return importlib.machinery.ModuleSpec(name, self)

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._mutant.source, self._mutant.module, "exec"), module.__dict__)  # noqa: S102


def _install(mutant: Mutant) -> None:
    for name in [each for each in sys.modules if each.startswith(_CHANGED)]:
        del sys.modules[name]
    sys.meta_path.insert(0, _Loader(mutant))


def _judge_all(mutant: Mutant, expected: Sequence[tuple[Case, Plain]]) -> None:
    """In a process of its own: end with 0 when every verdict is as it was."""
    sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 -- to the end
    _install(mutant)
    judge = Judge()
    for case, verdict in expected:
        if judge(case) != verdict:
            os._exit(1)
    os._exit(0)


def _survives_vectors(mutant: Mutant, expected: Sequence[tuple[Case, Plain]]) -> bool:
    process = multiprocessing.get_context("fork").Process(
        target=_judge_all, args=(mutant, expected)
    )
    process.start()
    process.join(_MOST_SECONDS)
    if process.exitcode is None:
        process.kill()
        process.join()
    return process.exitcode == 0


def _survives_tests(mutant: Mutant) -> bool:
    path = mutant.module.replace(".", "/") + ".py"
    tests = [each for each in TESTS[path] if (ROOT / each).exists()]
    program = (
        "import sys, pytest; from tests.mutation.__main__ import _install;"
        "from tests.mutation.mutants import Mutant;"
        "_install(Mutant(sys.argv[1], 0, '', '', sys.stdin.read()));"
        "sys.exit(pytest.main(['-x', '-q', '-p', 'no:cacheprovider', *sys.argv[2:]]))"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", program, mutant.module, *tests],
            input=mutant.source,
            encoding="utf-8",
            cwd=ROOT,
            capture_output=True,
            check=False,
            timeout=5 * _MOST_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def main(chosen: Sequence[str]) -> int:
    """Try every mutant of the *chosen* files (all without any); prints the survivors.

    Those of one file against the vectors first, which is quick, then what is left to the tests.
    """
    started = time.monotonic()
    judge = Judge()
    expected = [(case, judge(case)) for case in cases()]
    print(f"{len(expected)} documents, {time.monotonic() - started:.0f} s", flush=True)
    for path in chosen or TESTS:
        counted: Counter[str] = Counter()
        left = []
        for mutant in mutants_of(ROOT, ROOT / path):
            counted["tried"] += 1
            if _survives_vectors(mutant, expected):
                left.append(mutant)
        counted["noticed by a vector"] = counted["tried"] - len(left)
        for mutant in left:
            if _survives_tests(mutant):
                counted["survived"] += 1
                print(f"survived: {mutant}", flush=True)
            else:
                counted["noticed by a test"] += 1
        seconds = time.monotonic() - started
        print(f"# {path}: {dict(counted)}, {seconds:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
