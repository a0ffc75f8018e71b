"""Compiled XPath expressions with the type that the caller expects of them."""

import re
from collections.abc import Mapping
from functools import lru_cache

from lxml import etree

from schemas.document import text_of

_PREFIX = re.compile(r"([^\W\d][\w.-]*):(?!:)")


def compiled(expression: str, namespaces: Mapping[str, str]) -> etree.XPath:
    """*expression* as an object that is one for all who write the same expression.

    `ParsedDocument.select` then finds what another has looked up. Raises lxml's errors.
    """
    used = {
        prefix: namespaces[prefix] for prefix in _PREFIX.findall(expression) if prefix in namespaces
    }
    return _compiled(expression, tuple(sorted(used.items())))


@lru_cache(maxsize=4_096)
def _compiled(expression: str, namespaces: tuple[tuple[str, str], ...]) -> etree.XPath:
    return etree.XPath(expression, namespaces=dict(namespaces), regexp=False)


def select(expression: etree.XPath, context: etree._Element) -> tuple[etree._Element, ...]:
    """The elements that *expression* selects, in document order; anything else is left out."""
    result = expression(context)
    if not isinstance(result, list):
        return ()
    return tuple(each for each in result if etree.iselement(each))


def select_text(expression: etree.XPath, context: etree._Element) -> str | None:
    """The whole text of the one element (or the string) that *expression* selects, else None.

    More than one is None too: what is ambiguous is not read.
    """
    result = expression(context)
    if isinstance(result, str):
        return result
    if not isinstance(result, list) or len(result) != 1:
        return None
    (node,) = result
    if etree.iselement(node):
        return text_of(node)
    return str(node) if isinstance(node, str) else None
