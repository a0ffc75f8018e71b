"""Files that are either written whole or not at all."""

import errno
import os
import tempfile
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Put *data* into the file at *path*, new or in place of what is there; durable on return.

    A reader sees the old content or the new one. A file that is replaced keeps its mode.
    """
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    number, name = beside(path)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def beside(path: Path) -> tuple[int, str]:
    """A new file in the folder of *path*, open, and its name; errors name *path* itself."""
    try:
        return tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:60]}-")
    except OSError as error:
        error.filename = str(path)  # what the user named, not what we make beside it
        raise


def refuse_unwritable(path: Path) -> None:
    """Raise `OSError` where no file can be put at *path*: before anything rests on it."""
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name[:60]}-"):
            pass
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def _umask() -> int:
    """What the system takes off the mode of new files; it can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
