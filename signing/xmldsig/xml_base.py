"""`xml:base` of an element whose ancestors are left out (Canonical XML 1.1, clause 2.4).

The values are joined as RFC 3986 clause 5.2 joins references, changed as C14N 1.1 demands: the
base need not be absolute, what is relative stays so, and no fragment remains.
"""

import re
from collections.abc import Iterable
from functools import reduce

# RFC 3986, appendix B.
_REFERENCE = re.compile(
    r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.DOTALL
)
_SLASHES = re.compile(r"/{2,}")


def joined_base(values: Iterable[str]) -> str:
    """The one value that stands for *values*, from the outermost element's to the innermost's."""
    return reduce(_join, values)


def _join(base: str, reference: str) -> str:
    """*reference* as seen from *base* (RFC 3986, clause 5.2.2; join-URI-References)."""
    scheme, authority, path, query = _split(reference)
    base_scheme, base_authority, base_path, base_query = _split(base)
    if scheme is None:
        scheme = base_scheme
        if authority is None:
            authority = base_authority
            if not path:
                path = base_path
                query = base_query if query is None else query
            elif not path.startswith("/"):
                path = _merge(base_authority, base_path, path)
    return _recompose(scheme, authority, _without_dots(path), query)


def _split(reference: str) -> tuple[str | None, str | None, str, str | None]:
    found = _REFERENCE.match(reference)
    if found is None:  # every string matches: nothing in the expression is mandatory
        raise ValueError(reference)
    return found[1], found[2], found[3], found[4]


def _merge(authority: str | None, base_path: str, path: str) -> str:
    """RFC 3986, clause 5.2.3; a trailing `..` of the base is a folder (C14N 1.1)."""
    if authority is not None and not base_path:
        return f"/{path}"
    if base_path == ".." or base_path.endswith("/.."):
        base_path += "/"
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
