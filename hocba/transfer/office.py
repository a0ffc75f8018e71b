"""What a repository sends and takes in pupils with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hocba.examine import Judgement
from hocba.index.index import Index
from hocba.model.lifecycle import Approval
from hocba.receipts import ReceiptKey
from hocba.transfer.package import Partners
from storage.contract import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The parts of a repository that transfers are made of.

    `masogd` is the only province of the repository, None where it keeps several. `partners` are
    the keys of other repositories, as configured under `[transfer.senders]`. `approval` and
    `extracts` are what is demanded of changes of records that are this repository's own.
    """

    index: Index
    store: Store
    key: ReceiptKey
    judgement: Callable[[], Judgement]
    partners: Partners
    masogd: str | None
    trust_folder: Path | None
    validity: timedelta
    clock: Callable[[], datetime]
    approval: Approval = Approval.REQUIRED
    extracts: Approval | None = None
