"""Work in a thread that ends with it."""

import subprocess
import sys
from pathlib import Path
from threading import get_ident

import pytest

from schemas.fresh_thread import in_fresh_thread

_HOSTILE = """
import sys
from pathlib import Path
from schemas.document import parse
from schemas.fresh_thread import in_fresh_thread

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

def document(number):
    names = ((b"n%d-%d-" % (number, each)).ljust(4000, b"x") for each in range(1000))
    return b"<r>" + b"".join(b"<%b/>" % name for name in names) + b"</r>"

in_fresh_thread(lambda: parse(document(0)))
before = resident()
for number in range(1, 15):
    in_fresh_thread(lambda: parse(document(number)))
print(resident() - before)
"""


def test_gives_what_the_work_gives_from_another_thread():
    assert in_fresh_thread(lambda: 7) == 7
    assert in_fresh_thread(get_ident) != get_ident()


def test_raises_what_the_work_raises():
    def fail():
        raise KeyError("x")

    with pytest.raises(KeyError, match="x"):
        in_fresh_thread(fail)


def test_names_of_hostile_documents_are_forgotten():
    """Read in one thread, these 14 documents leave some 50 MB behind."""
    root = Path(__file__).parents[2]
    ran = subprocess.run(
        [sys.executable, "-c", _HOSTILE], cwd=root, capture_output=True, check=True, text=True
    )
    assert int(ran.stdout) < 20_000_000
