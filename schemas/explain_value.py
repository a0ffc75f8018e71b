"""What is wrong with one value, and what its XSD type allows."""

from collections.abc import Iterator
from decimal import Decimal

from xmlschema import XMLSchemaDecodeError, XMLSchemaValidationError
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
from schemas.rules.scope import Value, quote
from schemas.texts import Texts, Translated, as_parameters, same_in_every_language

Worded = tuple[str, dict[str, str]]

# Values whose whole form is one notation: finding and notation by primitive type.
_NOTATIONS = {
    "date": ("HB-E022", "YYYY-MM-DD"),
    "dateTime": ("HB-E023", "YYYY-MM-DDTHH:mm:ss"),
    "boolean": ("HB-E024", "true, false, 1, 0"),
}
_NUMBERS = frozenset({"decimal", "double", "float"})
_RANGES = (
    XsdMinInclusiveFacet,
    XsdMaxInclusiveFacet,
    XsdMinExclusiveFacet,
    XsdMaxExclusiveFacet,
)
_LENGTHS = (XsdMaxLengthFacet, XsdMinLengthFacet, XsdLengthFacet)
_DIGITS = (XsdTotalDigitsFacet, XsdFractionDigitsFacet)
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
    failed = {type(error.validator): error.validator for error in reversed(errors)}
    primitive = getattr(getattr(xsd_type, "primitive_type", None), "local_name", None)
    if primitive in _NOTATIONS:
        code, notation = _NOTATIONS[primitive]
        described = _described(xsd_type, texts) or same_in_every_language(notation)
        return code, as_parameters("allowed", described)
    if primitive in _NUMBERS:
        return _number(xsd_type, errors, failed, texts)
    if any(facet in failed for facet in _LENGTHS):
        return _length(len(xsd_type.normalize(text)), xsd_type)
    if XsdEnumerationFacets in failed:
        return "HB-E017", as_parameters("allowed", _choices(xsd_type, codes))
    if XsdPatternFacets in failed:
        described = _described(xsd_type, texts) or same_in_every_language(_patterns(xsd_type))
        return "HB-E018", as_parameters("allowed", described)
    return "HB-E029", {"reason": quote(errors[0].reason or "") if errors else ""}


def _number(
    xsd_type: XsdSimpleType,
    errors: list[XMLSchemaValidationError],
    failed: dict[type, object],
    texts: Texts,
) -> Worded:
    if any(facet in failed for facet in _DIGITS) and len(errors) == 1:
        facets = {type(each): each for each in _facets(xsd_type)}
        limits = [facets[each].value if each in facets else "–" for each in _DIGITS]
        return "HB-E021", {"total": str(limits[0]), "fraction": str(limits[1])}
    allowed = _range(xsd_type)
    no_number = any(isinstance(error, XMLSchemaDecodeError) for error in errors)
    if no_number or (XsdPatternFacets in failed and not any(each in failed for each in _RANGES)):
        described = _described(xsd_type, texts) or same_in_every_language(allowed)
        return "HB-E020", as_parameters("allowed", described)
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


def _described(xsd_type: XsdSimpleType, texts: Texts) -> Translated | None:
    for each in _ancestry(xsd_type):
        if each.local_name in texts.types:
            return texts.types[each.local_name]
    return None


def _patterns(xsd_type: XsdSimpleType) -> str:
    patterns = xsd_type.patterns
    return " | ".join(patterns.regexps) if patterns is not None else ""


def _range(xsd_type: XsdSimpleType) -> str:
    """`1 – 300`, `≥ 1`, `≤ 5`: the tightest bounds of the type and of what it is built on."""
    lowest = [xsd_type.min_value]
    highest = [xsd_type.max_value]
    for each in _ancestry(xsd_type):
        low, high = _INTEGER_BOUNDS.get(each.local_name, (None, None))
        lowest.append(low)
        highest.append(high)
    bounds = (
        max((Decimal(each) for each in lowest if each is not None), default=None),
        min((Decimal(each) for each in highest if each is not None), default=None),
    )
    match bounds:
        case (None, None):
            return "0, 1, 2.5 …"
        case (low, None):
            return f"≥ {low.normalize():f}"
        case (None, high):
            return f"≤ {high.normalize():f}"
        case (low, high):
            return f"{low.normalize():f} – {high.normalize():f}"


def _facets(xsd_type: XsdSimpleType) -> Iterator[object]:
    for each in _ancestry(xsd_type):
        yield from (each.facets or {}).values()


def _ancestry(xsd_type: XsdSimpleType) -> Iterator[XsdSimpleType]:
    each = xsd_type
    while isinstance(each, XsdSimpleType):
        yield each
        each = each.base_type
