"""A finding taken apart for tables: which field, what was found, what is allowed, what to do."""

from dataclasses import dataclass

from schemas.findings import Finding, FindingText, Language, catalogue, message_parts, term

_FOUND = ("found", "subject")
_ALLOWED = ("expected", "allowed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One finding in the words of one language, in parts.

    `label` is the field as people call it and `name` as the file does; either is empty where the
    finding is about no one field. `problem` says what is wrong, without the line and without what
    the other parts say.
    """

    label: str
    name: str
    found: str
    allowed: str
    mend: str
    problem: str


def explained(finding: Finding, language: Language) -> Explanation:
    """*finding* in parts; every part that its texts or parameters give, `mend` always."""
    texts = catalogue()[finding.code]
    return Explanation(
        label=_label(finding, texts, language),
        name=_parameter(finding, ("name",), language),
        found=_part(finding, texts, "found", language) or _parameter(finding, _FOUND, language),
        allowed=_part(finding, texts, "allowed", language)
        or _parameter(finding, _ALLOWED, language),
        mend=_part(finding, texts, "mend", language) or _by_family(finding.code, language),
        problem=finding.worded(_without_line(texts.problem[language], language), language),
    )


def _label(finding: Finding, texts: FindingText, language: Language) -> str:
    worded = _part(finding, texts, "field", language)
    if worded:
        return worded
    role = _parameter(finding, ("role",), language)
    return _parameter(finding, ("label",), language) or (
        term("role", role, language) if role else ""
    )


def _part(finding: Finding, texts: FindingText, part: str, language: Language) -> str:
    template = texts.parts.get(part)
    return finding.worded(template[language], language) if template else ""


def _parameter(finding: Finding, names: tuple[str, ...], language: Language) -> str:
    """The first of *names* that the finding has, in *language* where it comes in several."""
    parameters = dict(finding.parameters)
    for name in names:
        if name in parameters:
            return parameters.get(f"{name}_{language.value}", parameters[name])
    return ""


def _without_line(template: str, language: Language) -> str:
    return template.removeprefix(message_parts()["message"]["line"][language.value])


def _by_family(code: str, language: Language) -> str:
    family = code.removeprefix("HB-")[:1]
    worded = message_parts()["mend"].get(family)
    return worded[language.value] if worded else ""
