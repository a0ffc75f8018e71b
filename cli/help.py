"""Help pages, in either language, from `help.toml`."""

import shutil
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Protocol

from typer import Context
from typer.core import TyperCommand, TyperGroup

from cli.errors import Misuse
from cli.parameters import session_of
from cli.texts import catalogue, lookup
from schemas.findings import Language

_FILE = "help.toml"
_MOST_COLUMNS = 100
_WIDEST_NAME = 30


class _Formatter(Protocol):
    def write(self, string: str) -> None:
        """Add to the page."""


class Command(TyperCommand):
    """A command whose help page comes from `help.toml`."""

    def format_help(self, ctx: Any, formatter: _Formatter) -> None:
        """Write the page."""
        formatter.write(page(self, ctx))

    def get_short_help_str(self, limit: int = 45) -> str:
        """Not used: the list of commands is written from `help.toml`."""
        return (self.name or "")[:limit]


class Group(TyperGroup):
    """A command with commands of its own, with a help page from `help.toml`."""

    def format_help(self, ctx: Any, formatter: _Formatter) -> None:
        """Write the page."""
        formatter.write(page(self, ctx))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that *args* name; raises `Misuse` for one that is not there."""
        name = args[0]
        if name not in self.commands and not name.startswith("-"):
            near = ", ".join(get_close_matches(name, self.commands))
            key = "misuse.no_such_command_near" if near else "misuse.no_such_command"
            raise Misuse(key, found=name, near=near)
        return super().resolve_command(ctx, args)


def key_of(ctx: Context) -> str:
    """The name of a command in `help.toml`: `hocba` for the program, else `token.create`."""
    return ".".join(ctx.command_path.split()[1:]) or "hocba"


def page(command: TyperCommand | TyperGroup, ctx: Context) -> str:
    """The whole help page of a command."""
    language = session_of(ctx).language
    words = lookup(_FILE, "words")
    texts = lookup(_FILE, f"commands.{key_of(ctx)}")
    sections = [
        f"{words['usage'][language.value]}: {_usage(command, ctx)}",
        *_paragraphs(texts, language),
    ]
    rows: dict[str, list[tuple[str, str]]] = {"argument": [], "option": []}
    for param in command.get_params(ctx):
        if param.name != "help":
            rows[param.param_type_name].append(_row(key_of(ctx), param, language))
    if isinstance(command, TyperGroup):
        names = command.list_commands(ctx)
        commands = [(name, _summary(key_of(ctx), name, language)) for name in names]
        sections.append(_section(words["commands"][language.value], commands))
    sections.extend(
        _section(words[f"{kind}s"][language.value], found) for kind, found in rows.items() if found
    )
    sections.append(_section(words["common"][language.value], _common(language)))
    if "examples" in texts:
        lines = [f"  {each}" for each in texts["examples"]]
        sections.append("\n".join([f"{words['examples'][language.value]}:", *lines]))
    return "\n\n".join(sections)


def option_text(key: str, parameter: str) -> Mapping[str, Any]:
    """The texts of one parameter: the command's own, or those it shares with others."""
    texts = lookup(_FILE, f"commands.{key}")
    own: Mapping[str, Any] = texts.get("parameters", {})
    shared: Mapping[str, Any] = catalogue(_FILE)["shared"]
    found: Mapping[str, Any] = own[parameter] if parameter in own else shared[parameter]
    return found


def _usage(command: TyperCommand | TyperGroup, ctx: Context) -> str:
    pieces = [ctx.command_path]
    params = [each for each in command.get_params(ctx) if each.name != "help"]
    options = [each for each in params if each.param_type_name == "option"]
    pieces.extend(_name(each) for each in options if each.required)
    if not all(each.required for each in options):
        pieces.append("[…]")
    arguments = [each for each in params if each.param_type_name == "argument"]
    pieces.extend(_name(each) if each.required else f"[{_name(each)}]" for each in arguments)
    if isinstance(command, TyperGroup):
        pieces.append("COMMAND")
    return " ".join(pieces)


def _name(param: Any) -> str:
    metavar = param.metavar or ""
    if param.param_type_name == "argument":
        return metavar or str(param.name).upper()
    long = max(param.opts, key=len)
    return long if param.is_flag else f"{long} {metavar}".rstrip()


def _row(key: str, param: Any, language: Language) -> tuple[str, str]:
    short = [each for each in param.opts if not each.startswith("--")]
    name = _name(param)
    if param.param_type_name == "option" and short:
        name = f"{short[0]}, {name}"
    return name, str(option_text(key, param.name)[language.value])


def _summary(group: str, name: str, language: Language) -> str:
    key = name if group == "hocba" else f"{group}.{name}"
    return str(lookup(_FILE, f"commands.{key}")["summary"][language.value])


def _common(language: Language) -> Iterable[tuple[str, str]]:
    rows = catalogue(_FILE)["common"]
    return [(name, str(texts[language.value])) for name, texts in rows.items()]


def _paragraphs(texts: Mapping[str, Any], language: Language) -> Iterator[str]:
    yield _wrapped(str(texts["summary"][language.value]), "")
    if "details" in texts:
        for paragraph in str(texts["details"][language.value]).strip().split("\n\n"):
            yield _wrapped(" ".join(paragraph.split()), "")


def _section(heading: str, rows: Iterable[tuple[str, str]]) -> str:
    rows = tuple(rows)
    width = min(max(len(name) for name, _ in rows), _WIDEST_NAME) + 4
    lines = [f"{heading}:"]
    for name, words in rows:
        start = f"  {name}"
        if len(start) > width - 2:
            lines.append(start)
            start = ""
        lines.append(_wrapped(words, start.ljust(width), " " * width))
    return "\n".join(lines)


def _wrapped(words: str, start: str, indent: str = "") -> str:
    columns = min(shutil.get_terminal_size().columns, _MOST_COLUMNS)
    return textwrap.fill(
        words,
        width=max(columns, 50),
        initial_indent=start,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )
