"""Small changes of Python source, one at a time: what a slip of the author would look like."""

import ast
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Final

_COMPARISONS: Final[Mapping[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_NAMES: Final[Mapping[str, str]] = {
    "any": "all",
    "all": "any",
    "failed": "indeterminate",
    "indeterminate": "failed",
    "min": "max",
    "max": "min",
    "TOTAL_PASSED": "INDETERMINATE",
    "INDETERMINATE": "TOTAL_PASSED",
    "TOTAL_FAILED": "TOTAL_PASSED",
}
_ARITHMETIC: Final[Mapping[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
}
_MANY = 100


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed source of a module: where, and what was written for what.

    `reached_by` are the lines of the statement that is changed, () where it runs at import.
    """

    path: str
    line: int
    reached_by: range
    before: str
    after: str
    source: str

    @property
    def module(self) -> str:
        """The module's name."""
        return self.path.removesuffix(".py").replace("/", ".")

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.before} → {self.after}"


def mutants_of(path: str, original: str) -> Iterator[Mutant]:
    """Every mutant of the file *path* (from the root of the repository) with its text."""
    tree = ast.parse(original)
    options = _options_of_classes(tree)
    nodes = list(ast.walk(tree))
    statements = dict(_statements(tree, None, within=False))
    for number, node in enumerate(nodes):
        if node in options:
            continue
        for choice in range(_choices(node)):
            changed = deepcopy(tree)
            copy = list(ast.walk(changed))[number]
            before = _text(copy)
            _apply(copy, choice)
            after = _text(copy)
            line = getattr(node, "lineno", 0)
            lines = _lines(statements.get(node))
            yield Mutant(path, line, lines, before, after, ast.unparse(changed))


def _statements(
    node: ast.AST, statement: ast.stmt | None, *, within: bool
) -> Iterator[tuple[ast.AST, ast.stmt]]:
    """Each node of a function's body with the statement that it belongs to."""
    for name, value in ast.iter_fields(node):
        inside = within or (isinstance(node, ast.FunctionDef) and name == "body")
        for each in value if isinstance(value, list) else [value]:
            if not isinstance(each, ast.AST):
                continue
            own = each if isinstance(each, ast.stmt) else statement
            if inside and own is not None:
                yield each, own
            yield from _statements(each, own if inside else None, within=inside)


def _lines(statement: ast.stmt | None) -> range:
    """The lines of *statement* without the statements that it holds."""
    if statement is None:
        return range(0)
    end = statement.end_lineno or statement.lineno
    body = getattr(statement, "body", None)
    return range(statement.lineno, body[0].lineno if body else end + 1)


def _options_of_classes(tree: ast.Module) -> set[ast.AST]:
    """`frozen=True` and the like: turned off, they forbid less and do the same."""
    classes = [each for each in ast.walk(tree) if isinstance(each, ast.ClassDef)]
    return {
        node
        for each in classes
        for decorator in each.decorator_list
        for node in ast.walk(decorator)
    }


def _choices(node: ast.AST) -> int:  # noqa: PLR0911 -- a table of kinds
    match node:
        case ast.Compare(ops=ops):
            return len(ops) if all(type(each) in _COMPARISONS for each in ops) else 0
        case ast.BoolOp() | ast.If() | ast.IfExp() | ast.Raise():
            return 1
        case ast.comprehension(ifs=ifs):
            return len(ifs)
        case ast.UnaryOp(op=ast.Not()):
            return 0  # negated where it stands: as an `if`, or in a comparison
        case ast.BinOp(op=op):
            return int(type(op) in _ARITHMETIC)
        case ast.Constant(value=value):
            # One more of what is counted in hundreds is no slip.
            return int(isinstance(value, int) and value < _MANY)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return int(name in _NAMES)
        case ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom()) | ast.Continue():
            return 1
        case ast.Return(value=value):
            return int(value is not None and not isinstance(value, ast.Constant))
    return 0


def _apply(node: ast.AST, choice: int) -> None:  # noqa: C901 -- a table of kinds
    match node:
        case ast.Compare(ops=ops):
            ops[choice] = _COMPARISONS[type(ops[choice])]()
        case ast.BoolOp(op=op):
            node.op = ast.Or() if isinstance(op, ast.And) else ast.And()
        case ast.If(test=test) | ast.IfExp(test=test):
            node.test = ast.UnaryOp(ast.Not(), test)
        case ast.comprehension(ifs=ifs):
            del ifs[choice]
        case ast.BinOp(op=op):
            node.op = _ARITHMETIC[type(op)]()
        case ast.Constant(value=bool() as value):
            node.value = not value
        case ast.Constant(value=int() as value):
            node.value = value + 1
        case ast.Name(id=name):
            node.id = _NAMES[name]
        case ast.Attribute(attr=name):
            node.attr = _NAMES[name]
        case ast.Expr():
            node.value = ast.Constant(None)
        case ast.Return():
            node.value = ast.Constant(None)
        case _:
            _leave_out(node)


def _leave_out(node: ast.AST) -> None:
    """A `raise` or `continue` that does nothing: `pass` in its place."""
    node.__class__ = ast.Pass
    node._fields = ()


def _text(node: ast.AST) -> str:
    match node:
        case ast.If(test=test) | ast.IfExp(test=test):
            return f"if {ast.unparse(test)}"
        case ast.comprehension():
            return "for … in …" + "".join(f" if {ast.unparse(each)}" for each in node.ifs)
        case ast.Return(value=value):
            return "return" if value is None else f"return {ast.unparse(value)}"
    text = " ".join(ast.unparse(node).split())
    return text if len(text) < 100 else f"{text[:97]}…"
