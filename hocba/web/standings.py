"""How batches stand, read for those who ask and for those who follow."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from hocba.errors import TryAgain
from hocba.index.index import Transaction
from hocba.index.rows import Batch, BatchState
from hocba.ingest.standing import Standing, expected_documents, standing
from hocba.web.repository import Repository, Service

# As many as there are machines that work; for one that died, a batch stays `running` until it is
# taken up.
_MOST_RUNNING = 100


def read_standing(repository: Repository, batch: Batch) -> Standing:
    """How one batch stands."""
    with repository.index.reading() as tx:
        return _standing(repository, tx, batch)


def read_standings(repository: Repository, wanted: Sequence[str]) -> Mapping[str, Standing]:
    """How batches stand; those that are not there are left out."""
    with repository.index.reading() as tx:
        found = [batch for each in wanted if (batch := tx.batches.find(each)) is not None]
        return {each.id: _standing(repository, tx, each) for each in found}


def note_standings(service: Service) -> None:
    """Let the metrics have what the index says of batches now; nothing where it cannot be asked."""
    repository, metrics = service.repository, service.metrics
    metrics.followers(service.followers.count)
    try:
        with repository.index.reading() as tx:
            running = tx.batches.page(states=(BatchState.RUNNING,), limit=_MOST_RUNNING).rows
            found = [_standing(repository, tx, each) for each in running]
            metrics.standing(tx.batches.by_state(), found)
    except TryAgain:
        metrics.no_standing()


def _standing(repository: Repository, tx: Transaction, batch: Batch) -> Standing:
    path = repository.spool.find(batch.id) or (Path(batch.location) if batch.location else None)
    expected = expected_documents(path)
    return standing(tx, batch, repository.clock(), expected=expected)
