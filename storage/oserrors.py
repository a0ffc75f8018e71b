"""Errors of the operating system, told as errors of a store."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import StoreMisconfigured, StoreUnavailable

# What passes, or what somebody is already being called for; all else is how the store is set up.
_PASSING = {
    errno.EAGAIN,
    errno.EBUSY,
    errno.EDQUOT,
    errno.EIO,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.ENOSPC,
    errno.ESTALE,
    errno.ETIMEDOUT,
}


@contextmanager
def told_as_storage_errors(root: Path) -> Iterator[None]:
    """Raise any OSError of the block as `StoreUnavailable` or `StoreMisconfigured`."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        if error.errno in _PASSING:
            raise StoreUnavailable(f"store {root}: {reason}") from error
        if error.errno == errno.ENOENT:
            raise StoreMisconfigured(
                f"no store in {root}: {error.filename} is missing (is the disk mounted?)"
            ) from error
        raise StoreMisconfigured(f"store {root}: {reason}") from error
