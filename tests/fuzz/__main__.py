"""`make fuzz SECONDS=600`: documents made from genuine ones, judged until the time is up.

A document that the engine handles wrongly is kept in tests/fuzz/crashes, where the suite tries
it again for ever; the command then ends with 1.
"""

import sys
import time
import traceback
from collections import Counter
from hashlib import sha256
from pathlib import Path
from random import Random

from tests.fuzz.mutators import mutated
from tests.fuzz.target import seeds, try_document

CRASHES = Path(__file__).with_name("crashes")


def main(seconds: float, seed: int) -> int:
    """Run for *seconds* from *seed* on; the number of wrong documents."""
    started, wrong = time.monotonic(), 0
    counted: Counter[str] = Counter()
    while time.monotonic() - started < seconds:
        data = mutated(seeds(), Random(seed))  # noqa: S311 -- what to change, not a secret
        try:
            counted[try_document(data).value] += 1
        except Exception:  # noqa: BLE001 -- whatever it was, it is kept and shown
            wrong += 1
            name = CRASHES / f"{sha256(data).hexdigest()[:16]}.xml"
            name.write_bytes(data)
            print(f"seed {seed}: {name}\n{traceback.format_exc()}", flush=True)
        seed += 1
    print(f"{sum(counted.values()) + wrong} documents in {seconds:.0f} s: {dict(counted)}")
    print(f"{wrong} wrong; next seed {seed}")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns()))
