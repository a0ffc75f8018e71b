"""Takes a batch of stand-in documents in, in a process of its own that a test may kill.

    python -m tests.support.ingest_process INDEX_URL STORE_URL PATH

Says how many documents have their outcome, a line for every chunk.
"""

import sys
from pathlib import Path

from hocba.index.index import Index
from hocba.ingest.chunks import ChunkLimits
from hocba.ingest.pipeline import Ingest, IngestOptions
from hocba.ingest.workers import WorkerOptions
from storage.configuration import open_store
from tests.support.stand_in import StandInFactory


def main() -> None:
    """Work the batch to its end."""
    index_url, store_url, path = sys.argv[1:]
    with Index.open(index_url) as index:
        ingest = Ingest(
            index=index,
            store=open_store(store_url),
            examiner=StandInFactory(delay=0.002),
            options=IngestOptions(ChunkLimits(documents=20), WorkerOptions(2)),
        )
        batch = ingest.take_in(
            Path(path),
            sender="cli",
            masogd="15",
            progress=lambda now: print(now.counts.total, flush=True),
        )
    print(batch.state.value, flush=True)


if __name__ == "__main__":
    main()
