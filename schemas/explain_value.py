"""What is wrong with one value, and what its XSD type allows."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from xmlschema import XMLSchemaDecodeError
from xmlschema.validators import (
    XsdEnumerationFacets,
    XsdFractionDigitsFacet,
    XsdLengthFacet,
    XsdMaxExclusiveFacet,
    XsdMaxInclusiveFacet,
    XsdMaxLengthFacet,
    XsdMinExclusiveFacet,
    XsdMinInclusiveFacet,
    XsdMinLengthFacet,
    XsdPatternFacets,
    XsdSimpleType,
    XsdTotalDigitsFacet,
    XsdUnion,
)

from schemas.codes import CodeList
from schemas.findings import Finding, Language, finding
from schemas.rules.scope import LONGEST_REASON, Value, quote
from schemas.texts import Texts, Translated, as_parameters, same_in_every_language

Worded = tuple[str, dict[str, str]]

# Values whose whole form is one notation: finding and notation by primitive type.
_NOTATIONS = {
    "date": ("HB-E022", "YYYY-MM-DD"),
    "dateTime": ("HB-E023", "YYYY-MM-DDTHH:mm:ss"),
    "boolean": ("HB-E024", "true, false, 1, 0"),
}
_NUMBERS = frozenset({"decimal", "double", "float"})
_RANGES = frozenset(
    {XsdMinInclusiveFacet, XsdMaxInclusiveFacet, XsdMinExclusiveFacet, XsdMaxExclusiveFacet}
)
_LENGTHS = frozenset({XsdMaxLengthFacet, XsdMinLengthFacet, XsdLengthFacet})
_DIGIT_FACETS = (XsdTotalDigitsFacet, XsdFractionDigitsFacet)
_DIGITS = frozenset(_DIGIT_FACETS)
_INTEGER_BOUNDS: dict[str | None, tuple[int | None, int | None]] = {
    "byte": (-(2**7), 2**7 - 1),
    "short": (-(2**15), 2**15 - 1),
    "int": (-(2**31), 2**31 - 1),
    "long": (-(2**63), 2**63 - 1),
    "nonNegativeInteger": (0, None),
    "positiveInteger": (1, None),
}


def value_finding(
    value: Value, declared: XsdSimpleType, texts: Texts, codes: CodeList | None
) -> Finding | None:
    """The one finding that says what is wrong with *value*; None where it is as declared.

    One finding a value, the most telling first: a text that is too long and of the wrong form is
    too long. `codes` explains the values of an enumeration.
    """
    if declared.is_valid(value.text):
        return None
    code, parameters = _worded(value.text, _meant(declared), texts, codes)
    return finding(
        code,
        path=value.path,
        line=value.element.sourceline,
        **texts.labels(value.label_key),
        name=value.name,
        found=quote(value.text),
        **parameters,
    )


def _meant(declared: XsdSimpleType) -> XsdSimpleType:
    """The member of a union that a value is for: not the one that lets an optional field be empty.

    Only asked for values that are wrong, so that an empty one is wrong for every member.
    """
    if not isinstance(declared, XsdUnion):
        return declared
    members = [member for member in declared.member_types if not member.is_valid("")]
    return _meant((members or declared.member_types)[0])


def _worded(text: str, xsd_type: XsdSimpleType, texts: Texts, codes: CodeList | None) -> Worded:
    if not text.strip():
        return "HB-E014", {}
    errors = list(xsd_type.iter_errors(text))
    failed = frozenset(type(error.validator) for error in errors)
    primitive = getattr(getattr(xsd_type, "primitive_type", None), "local_name", None)
    if primitive in _NOTATIONS:
        code, notation = _NOTATIONS[primitive]
        return code, _allowed(xsd_type, texts, notation)
    if primitive in _NUMBERS:
        decoded = not any(isinstance(error, XMLSchemaDecodeError) for error in errors)
        return _number(xsd_type, failed, texts, decoded=decoded)
    return _text(text, xsd_type, failed, texts, codes) or (
        "HB-E029",
        {"reason": quote("; ".join(e.reason or "" for e in errors), LONGEST_REASON)},
    )


def _text(
    text: str,
    xsd_type: XsdSimpleType,
    failed: frozenset[type],
    texts: Texts,
    codes: CodeList | None,
) -> Worded | None:
    if failed & _LENGTHS:
        return _length(len(str(xsd_type.normalize(text))), xsd_type)
    if XsdEnumerationFacets in failed:
        return "HB-E017", as_parameters("allowed", _choices(xsd_type, codes))
    patterns = xsd_type.patterns
    if XsdPatternFacets in failed and patterns is not None:
        return "HB-E018", _allowed(xsd_type, texts, " | ".join(patterns.regexps))
    return None


def _number(
    xsd_type: XsdSimpleType, failed: frozenset[type], texts: Texts, *, decoded: bool
) -> Worded:
    if failed and failed <= _DIGITS:
        limits = {
            type(facet): str(facet.value)
            for each in _ancestry(xsd_type)
            for facet in (each.facets or {}).values()
            if isinstance(facet, XsdTotalDigitsFacet | XsdFractionDigitsFacet)
        }
        total, fraction = (limits.get(each, "–") for each in _DIGIT_FACETS)
        return "HB-E021", {"total": total, "fraction": fraction}
    allowed = _range(xsd_type)
    if not decoded or (XsdPatternFacets in failed and not failed & _RANGES):
        return "HB-E020", _allowed(xsd_type, texts, allowed)
    return "HB-E019", {"allowed": allowed}


def _length(length: int, xsd_type: XsdSimpleType) -> Worded:
    longest = xsd_type.max_length
    if longest is not None and length > longest:
        return "HB-E015", {"length": str(length), "limit": str(longest)}
    return "HB-E016", {"length": str(length), "limit": str(xsd_type.min_length)}


def _choices(xsd_type: XsdSimpleType, codes: CodeList | None) -> Translated:
    values = [str(each) for each in xsd_type.enumeration or () if str(each)]
    return {
        language: ", ".join(_choice(each, codes, language) for each in values)
        for language in Language
    }


def _choice(value: str, codes: CodeList | None, language: Language) -> str:
    meaning = None if codes is None else codes.meaning(value, language)
    return value if meaning is None else f"{value} ({meaning})"


def _allowed(xsd_type: XsdSimpleType, texts: Texts, otherwise: str) -> dict[str, str]:
    """What the definition says that a type allows, or else *otherwise*."""
    described = same_in_every_language(otherwise)
    for each in _ancestry(xsd_type):
        if each.local_name is not None and each.local_name in texts.types:
            described = texts.types[each.local_name]
            break
    return as_parameters("allowed", described)


def _range(xsd_type: XsdSimpleType) -> str:
    """`1 – 300`, `≥ 1`, `≤ 5`: the tightest bounds of the type and of what it is built on."""
    built_on = [_INTEGER_BOUNDS.get(each.local_name, (None, None)) for each in _ancestry(xsd_type)]
    low = _bounds([xsd_type.min_value, *(each[0] for each in built_on)])
    high = _bounds([xsd_type.max_value, *(each[1] for each in built_on)])
    if low and high:
        return f"{_plain(max(low))} – {_plain(min(high))}"
    if low:
        return f"≥ {_plain(max(low))}"
    return f"≤ {_plain(min(high))}" if high else "0, 1, 2.5 …"


def _bounds(values: Iterable[object]) -> list[Decimal]:
    return [Decimal(str(each)) for each in values if each is not None]


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _ancestry(xsd_type: XsdSimpleType) -> Iterator[XsdSimpleType]:
    """The type itself and what it is derived from, as long as that is simple."""
    each: object = xsd_type
    while isinstance(each, XsdSimpleType):
        yield each
        each = each.base_type
