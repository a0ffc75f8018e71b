"""Puts a mutant in the place of the code that is loaded, wherever it was imported to.

A function keeps being the object that it is and gets other code; a constant is replaced in every
module that has it by its name. So whatever was imported and built before stays, and a mutant
costs the tests that it takes to notice it.
"""

import ast
import gc
import sys
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

from signing.certificates.path import PathValidator
from tests.mutation.mutants import Mutant


class NotInPlaceError(Exception):
    """A change that cannot be made while the module is loaded."""


def change(mutant: Mutant, original: str) -> None:
    """Make the one change of *mutant* in its module, which was loaded from *original*."""
    module = sys.modules[mutant.module]
    fresh = ModuleType(mutant.module)
    exec(compile(mutant.source, mutant.module, "exec"), fresh.__dict__)  # noqa: S102
    statement = _changed(original, mutant.source)
    match statement:
        case ast.FunctionDef(name=name):
            _take_over(module.__dict__[name], fresh.__dict__[name])
        case ast.ClassDef(name=name):
            _take_over(module.__dict__[name], fresh.__dict__[name])
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            _replace(name, module.__dict__[name], fresh.__dict__[name])
        case _:
            raise NotInPlaceError(type(statement).__name__)


def _changed(original: str, source: str) -> ast.stmt:
    before, after = ast.parse(original).body, ast.parse(source).body
    for old, new in zip(before, after, strict=True):
        if ast.dump(old) != ast.dump(new):
            return new
    raise NotInPlaceError("nothing")


def _take_over(old: Any, new: Any) -> None:
    if isinstance(old, type):
        for name in old.__dict__.keys() & new.__dict__.keys():
            _take_over_each(old.__dict__[name], new.__dict__[name])
    else:
        _take_over_each(old, new)


def _take_over_each(old: Any, new: Any) -> None:
    for mine, other in zip(_functions(old), _functions(new), strict=True):
        if len(mine.__code__.co_freevars) != len(other.__code__.co_freevars):
            raise NotInPlaceError(mine.__qualname__)
        mine.__code__ = other.__code__
        mine.__defaults__ = _plain(mine.__defaults__, other.__defaults__)


def _plain(old: tuple[Any, ...] | None, new: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    """Of the default values only what can have been changed: numbers."""
    if old is None or new is None:
        return old
    pairs = zip(old, new, strict=True)
    return tuple(theirs if isinstance(theirs, int) else mine for mine, theirs in pairs)


def _functions(value: Any) -> Iterator[FunctionType]:
    """The functions below decorators and descriptors."""
    if isinstance(value, FunctionType):
        yield value
    elif isinstance(value, property):
        yield from (each for each in (value.fget, value.fset) if isinstance(each, FunctionType))
    for name in ("__func__", "__wrapped__", "func"):
        inner = None if isinstance(value, (type, FunctionType)) else getattr(value, name, None)
        if isinstance(inner, FunctionType):
            yield inner
            return


def _replace(name: str, old: Any, new: Any) -> None:
    for module in list(sys.modules.values()):
        names = getattr(module, "__dict__", {})
        if name in names and names[name] is old:
            names[name] = new


def forget() -> None:
    """Empty what the engine remembers of the time before a change."""
    for name, module in list(sys.modules.items()):
        if name.startswith("signing"):
            for value in list(vars(module).values()):
                if callable(clear := getattr(value, "cache_clear", None)):
                    clear()
    for each in gc.get_objects():
        if isinstance(each, PathValidator):
            each._kept.clear()
