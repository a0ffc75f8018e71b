"""`hocba`: reads the arguments, runs one command, and lets no traceback reach the caller.

Importing this module is all that `hocba --help` costs: commands import what they need when they
run.
"""

import io
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NoReturn, TypeVar

import typer

from cli import failures
from cli.app import build
from cli.errors import Misuse, OutputClosed
from cli.exit_code import ExitCode
from cli.session import Format, Session
from schemas.findings import Language

LANGUAGE_VARIABLE = "HOCBA_LANG"

_Choice = TypeVar("_Choice", bound=StrEnum)


def run() -> NoReturn:
    """The entry point of the console script."""
    # Commands say themselves what happened; `serve` sets up a log of its own.
    logging.captureWarnings(capture=True)
    logging.getLogger().addHandler(logging.NullHandler())
    sys.exit(main(sys.argv[1:], os.environ))


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run one command; its exit code."""
    _write_utf8()
    session, rest = Session(), list(arguments)
    try:
        written, rest = take_globals(arguments, environment)
        session = Session(_chosen("--lang", written, Language))
        session = Session(session.language, _chosen("--format", written, Format))
        return _invoke(rest, session)
    except OutputClosed:
        # What is still buffered has no reader either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OUTPUT_CLOSED
    except KeyboardInterrupt:
        return failures.interrupted(session)
    except Exception as error:  # noqa: BLE001 -- the outermost loop: nothing passes it
        return failures.report(error, session, _command_name(rest))


def take_globals(
    arguments: Sequence[str], environment: Mapping[str, str]
) -> tuple[Mapping[str, str], list[str]]:
    """What `--lang` and `--format` say, wherever they stand, and the other arguments."""
    written = {
        "--lang": environment.get(LANGUAGE_VARIABLE, "").strip() or Language.VI.value,
        "--format": Format.TEXT.value,
    }
    rest: list[str] = []
    pending = iter(arguments)
    for argument in pending:
        name, equals, value = argument.partition("=")
        if argument == "--":
            rest += [argument, *pending]
        elif name not in written:
            rest.append(argument)
        else:
            written[name] = value if equals else next(pending, "")
    return written, rest


def _chosen(option: str, written: Mapping[str, str], kind: type[_Choice]) -> _Choice:
    for each in kind:
        if each.value == written[option]:
            return each
    known = ", ".join(each.value for each in kind)
    raise Misuse("misuse.one_of", option=option, found=written[option], known=known)


def _invoke(arguments: list[str], session: Session) -> int:
    command = build()
    try:
        result = command.main(arguments, prog_name="hocba", standalone_mode=False, obj=session)
    except typer.TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            session.write(error.message.rstrip())
        else:
            _tell_usage(error, session)
        return ExitCode.UNUSABLE
    except typer.Abort:
        return failures.interrupted(session)
    if result == ExitCode.INTERRUPTED:  # what Typer makes of Ctrl-C
        return failures.interrupted(session)
    return int(result or ExitCode.PASSED)


def _tell_usage(error: typer.TyperException, session: Session) -> None:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "hocba"
    failures.tell(session, failures.usage_line(error, session))
    session.note("misuse.see_help", command=command)


def _command_name(arguments: Sequence[str]) -> str:
    return next((each for each in arguments if not each.startswith("-")), "")


def _write_utf8() -> None:
    """Vietnamese reaches every terminal and pipe, whatever the locale says."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


if __name__ == "__main__":
    run()
