"""Every error as one clear line: what is the case, and what to do."""

import errno
import os
import re
import sys
import tempfile
import traceback
from platform import python_version
from typing import TYPE_CHECKING

import typer

from cli.errors import Misuse
from cli.exit_code import ExitCode
from cli.session import Session, Tone, visible

if TYPE_CHECKING:
    from signing.errors import RosterError

_ERRNO_KEYS = {
    errno.ENOENT: "missing",
    errno.EACCES: "forbidden",
    errno.EPERM: "forbidden",
    errno.EROFS: "read_only",
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EISDIR: "is_folder",
    errno.ENOTDIR: "not_folder",
    errno.EEXIST: "exists",
    errno.ENOTEMPTY: "exists",
    errno.EADDRINUSE: "address_in_use",
    errno.EMFILE: "too_many_files",
    errno.EIO: "damaged_disk",
}


_EXTRA_ARGUMENTS = re.compile(r"Got unexpected extra argument(?:s|\(s\))? \((.*)\)\Z", re.DOTALL)


def report(error: Exception, session: Session, command: str) -> ExitCode:
    """Tell the caller about *error*; the exit code that goes with it."""
    line = words_for(error, session)
    if line is not None:
        tell(session, line)
        return ExitCode.UNUSABLE
    tell(session, session.text("failure.software", file=_details(error, command)))
    return ExitCode.SOFTWARE


def interrupted(session: Session) -> ExitCode:
    """Tell that the caller stopped the command."""
    if sys.stderr.isatty():
        print(file=sys.stderr)  # noqa: T201 -- ends the line that shows ^C
    session.note("failure.interrupted")
    return ExitCode.INTERRUPTED


def usage_line(error: typer.TyperException, session: Session) -> str:
    """What is wrong with the arguments, in the caller's language.

    Typer words these in English and keeps the classes to itself, so their names tell them apart.
    """
    param = getattr(error, "param", None)
    option = max(param.opts, key=len) if param is not None and param.opts else ""
    if param is not None and param.param_type_name == "argument":
        option = param.metavar or param.name
    match type(error).__name__:
        case "NoSuchOption":
            name = getattr(error, "option_name", "")
            near = ", ".join(getattr(error, "possibilities", None) or ())
            key = "misuse.no_such_option_near" if near else "misuse.no_such_option"
            return session.text(key, option=name, near=near)
        case "MissingParameter":
            return session.text("misuse.missing", option=option)
        case "BadParameter":
            return session.text("misuse.bad_value", option=option, reason=error.message)
        case "BadOptionUsage":
            return session.text("misuse.needs_value", option=getattr(error, "option_name", ""))
        case _:
            return _other_usage(error, session)


def _other_usage(error: typer.TyperException, session: Session) -> str:
    message = error.format_message()
    if extra := _EXTRA_ARGUMENTS.match(message):
        return session.text("misuse.unexpected", found=extra[1])
    if message.startswith("Missing command"):
        return session.text("misuse.no_command")
    return session.text("misuse.other", reason=message)


def words_for(error: Exception, session: Session) -> str | None:
    """The line for an error that says what to do; None for one that nobody foresaw."""
    from hocba.errors import HocbaError
    from schemas.errors import SchemasError, Unreadable
    from signing.errors import (
        RosterError,
        SigningError,
        SigningKeyError,
        SigningRefused,
        TimestampError,
    )
    from storage.errors import StorageError

    match error:
        case Misuse():
            return session.text(error.key, **error.values)
        case HocbaError() | Unreadable() | SigningRefused() | SigningKeyError() | TimestampError():
            return f"{error.finding.code}: {error.finding.message(session.language)}"
        case RosterError():
            return _roster_line(error, session)
        case SigningError() | SchemasError() | StorageError():
            return session.text(f"failure.{type(error).__name__}", reason=str(error))
        case OSError():
            return _system_line(error, session)
        case _:
            return None


def _roster_line(error: "RosterError", session: Session) -> str:
    told = error.finding
    if told is not None:
        problem = told.message(session.language)
        place = {"file": error.file, "line": told.line or 1}
        return session.text("failure.roster", code=told.code, problem=problem, **place)
    if isinstance(error.__cause__, OSError):
        return _system_line(error.__cause__, session)
    return session.text("failure.RosterError", reason=str(error))


def _system_line(error: OSError, session: Session) -> str:
    key = _ERRNO_KEYS.get(error.errno or 0)
    reason = session.text(f"system.{key}") if key else (error.strerror or type(error).__name__)
    if error.filename is None:
        return session.text("failure.system", reason=reason)
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else "?"
    return session.text("failure.file", file=name, reason=reason)


def tell(session: Session, line: str) -> None:
    mark = session.text("failure.mark")
    line = visible(line)
    if sys.stderr.isatty() and "NO_COLOR" not in os.environ:
        mark = typer.style(mark, fg=Tone.BAD.value, bold=True)
    print(f"{mark} {line}", file=sys.stderr)  # noqa: T201 -- beside the results


def _details(error: Exception, command: str) -> str:
    """Write what only a developer can use into a file of the caller's own; its path.

    Arguments and values are left out: they may name pupils. The error's own text is kept. Where
    no file can be written, there are no details.
    """
    try:
        number, path = tempfile.mkstemp(prefix="hocba-", suffix=".txt", text=True)
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(f"hocba {command}, Python {python_version()}, {sys.platform}\n\n")
            file.write("".join(traceback.format_exception(error)))
    except OSError:
        return "–"
    return path
