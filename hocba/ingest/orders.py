"""What people order about a batch: pause, resume, cancel. Kept in the index, noted in the trail.

An order holds at once and survives a restart: from then on the index refuses what is taken in.
"""

from collections.abc import Mapping
from datetime import datetime

from hocba.errors import BatchRefused, BatchUnknown
from hocba.index.batch_states import OBEYED_ALREADY, Order
from hocba.index.index import Index, Transaction
from hocba.index.rows import Batch, NewAuditEvent
from schemas.findings import finding

_ACTIONS: Mapping[Order, str] = {
    Order.PAUSE: "batch.held",
    Order.RESUME: "batch.resumed",
    Order.CANCEL: "batch.cancelled",
}


def give_order(index: Index, identity: str, order: Order, *, actor: str, at: datetime) -> Batch:
    """The batch as *order* leaves it; an order that is obeyed already changes nothing.

    Nothing that was taken in is undone. Raises `BatchUnknown`, and `BatchRefused` where the order
    means nothing in the batch's state.
    """
    with index.transaction() as tx:
        obeyed = tx.batches.order(identity, order)
        batch = tx.batches.find(identity)
        if batch is None:
            raise BatchUnknown(finding("HB-I214", batch=identity))
        if obeyed:
            return _noted(tx, batch, order, actor, at)
        if batch.state not in OBEYED_ALREADY[order]:
            raise BatchRefused(finding("HB-I212", order=order.value, state=batch.state.value))
        return batch


def _noted(tx: Transaction, batch: Batch, order: Order, actor: str, at: datetime) -> Batch:
    if order is Order.PAUSE:
        tx.batches.explain(batch.id, finding("HB-I210"))
    if order is Order.CANCEL:
        taken = finding("HB-I211", accepted=batch.counts.accepted)
        tx.batches.explain(batch.id, taken, finished_at=at)
    tx.audit.append(
        NewAuditEvent(
            at=at, actor=actor, action=_ACTIONS[order], batch=batch.id, masogd=batch.masogd
        )
    )
    return tx.batches.find(batch.id) or batch
