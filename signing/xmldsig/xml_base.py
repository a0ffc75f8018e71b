"""`xml:base` of an element whose ancestors are left out (Canonical XML 1.1, clause 2.4).

The values are joined as RFC 3986 clause 5.2 joins references, changed as C14N 1.1 demands: the
base need not be absolute, and what is relative stays so. Where nothing of a path remains, or there
is a fragment or a host without a path, engines differ, and no result is guessed.
"""

import re
from collections.abc import Sequence
from functools import reduce

# RFC 3986, appendix B.
_REFERENCE = re.compile(
    r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.DOTALL
)
_SLASHES = re.compile(r"/{2,}")


def joined_base(values: Sequence[str]) -> str | None:
    """The one value that stands for *values*, from the outermost element's to the innermost's.

    None where engines differ about it.
    """
    joined = reduce(_join, values)
    parts = [_split(each) for each in (*values, joined)]
    unclear = any(authority is not None and not path for _, authority, path, _ in parts)
    if unclear or not parts[-1][2] or any("#" in each for each in values):
        return None
    return joined


def _join(base: str, reference: str) -> str:
    """*reference* as seen from *base* (RFC 3986, clause 5.2.2; join-URI-References)."""
    if base.endswith(".."):  # a folder (C14N 1.1 §2.4)
        base += "/"
    scheme, authority, path, query = _split(reference)
    base_scheme, base_authority, base_path, base_query = _split(base)
    if scheme is None:
        scheme = base_scheme
        if authority is None:
            authority = base_authority
            if not path:
                query = base_query if query is None else query
                return _recompose(scheme, authority, base_path, query)
            if not path.startswith("/"):
                path = _merge(base_authority, base_path, path)
    return _recompose(scheme, authority, _without_dots(path), query)


def _split(reference: str) -> tuple[str | None, str | None, str, str | None]:
    # Every string matches: nothing in the expression is mandatory.
    scheme, authority, path, query = next(_REFERENCE.finditer(reference)).groups()
    return scheme, authority, path, query


def _merge(authority: str | None, base_path: str, path: str) -> str:
    """RFC 3986, clause 5.2.3."""
    if authority is not None and not base_path:
        return f"/{path}"
    return base_path[: base_path.rfind("/") + 1] + path


def _without_dots(path: str) -> str:
    """RFC 3986, clause 5.2.4; what climbs above a relative path is kept (C14N 1.1, appendix A)."""
    kept: list[str] = []
    is_absolute = path.startswith("/")
    steps = _SLASHES.sub("/", path).split("/")
    for step in steps:
        if step == ".." and kept and kept[-1] != "..":
            kept.pop()
        elif step not in {"", "."} and not (step == ".." and is_absolute):
            kept.append(step)
    is_folder = bool(kept) and steps[-1] in {"", ".", ".."}
    return ("/" if is_absolute else "") + "/".join(kept) + ("/" if is_folder else "")


def _recompose(scheme: str | None, authority: str | None, path: str, query: str | None) -> str:
    return "".join(
        (
            "" if scheme is None else f"{scheme}:",
            "" if authority is None else f"//{authority}",
            path,
            "" if query is None else f"?{query}",
        )
    )
