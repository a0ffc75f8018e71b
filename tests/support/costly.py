"""Documents within every limit of the parser that ask for as much canonicalisation as they can.

`python -m tests.support.costly` prints how long each takes (docs/attacks.md).
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from statistics import median
from unittest.mock import patch

from lxml import etree

from schemas.document import parse
from signing.record import validate_record
from signing.xmldsig.budget import BUDGET
from signing.xmldsig.references import ReferenceValidator
from tests.support import forge as f
from tests.support import signed_records
from tests.support.forge import Forgery, Ref, forge
from tests.support.signed_records import octets, signer
from tests.support.spoiled import PRINCIPAL, TEACHER, content_of, slot, started

_METHODS = (f.C14N, f.C14N_11, f.EXC_C14N, f"{f.C14N}#WithComments")
_CHAINS = tuple(product(_METHODS, repeat=3))
_MOST_REFERENCES = 64
_MOST_SIGNATURES = 120


@dataclass(frozen=True, slots=True)
class Spent:
    """What one document cost: counted work, wall clock, and whether the budget stopped it."""

    work: int
    seconds: float
    stopped: bool


def _with(
    fill: Callable[[etree._Element], object], *, signatures: int = 1, prefixes: bool = False
) -> bytes:
    """A record whose content *fill* fills, referenced as often as a signature may."""
    root = started(TEACHER)
    fill(content_of(root))
    for number in range(signatures):
        forge(slot(root, PRINCIPAL), Forgery(_references(number, prefixes), signer(PRINCIPAL)))
    return octets(root)


def _references(number: int, prefixes: bool) -> list[Ref]:
    """No two ask for the same octets by the same transforms, so that none is computed once."""
    if prefixes:
        lists = (
            " ".join(f"p{number}x{one}x{each}" for each in range(64))
            for one in range(_MOST_REFERENCES)
        )
        return [
            Ref(
                "#data",
                octets=b"",
                transform_content=f'<i:InclusiveNamespaces xmlns:i="{f.EXC_C14N}" '
                f'PrefixList="{each}"/>',
            )
            for each in lists
        ]
    return [Ref("#data", transforms=list(each), octets=b"") for each in _CHAINS]


def _wide(content: etree._Element) -> None:
    holder = etree.SubElement(content, "x", nsmap={f"p{n}": f"urn:{n}" for n in range(60)})
    for _ in range(30_000):
        etree.SubElement(holder, "y")


def _attributed(content: etree._Element) -> None:
    for _ in range(2_500):
        etree.SubElement(content, "y", {f"a{n}": "" for n in range(128)})


def _namespaced_attributes(content: etree._Element) -> None:
    wide = {f"p{n}": f"urn:{n}" for n in range(60)}
    holder = etree.SubElement(content, "x", nsmap=wide)
    for _ in range(1_500):
        etree.SubElement(holder, "y", {f"{{urn:{n}}}a{m}": "" for n in range(60) for m in (0, 1)})


def _deep(content: etree._Element) -> None:
    for _ in range(150):
        node = content
        for _ in range(230):
            node = etree.SubElement(node, "x")


def _text(content: etree._Element) -> None:
    content.find("THONG_TIN_HOC_BA/hovaten").text = "a<" * 1_000_000


def _comments(content: etree._Element) -> None:
    for _ in range(200_000):
        content.append(etree.Comment("x"))


def _many(content: etree._Element) -> None:
    for _ in range(45_000):
        etree.SubElement(content, "y")


def _nothing(_: etree._Element) -> None:
    pass


def _signed_infos() -> bytes:
    """References that lead nowhere: only SignedInfo is canonicalised, once a signature."""
    root = started(TEACHER)
    _many(content_of(root))
    for _ in range(_MOST_SIGNATURES):
        forge(slot(root, PRINCIPAL), Forgery([Ref("urn:x", octets=b"")], signer(PRINCIPAL)))
    return octets(root)


SHAPES: Mapping[str, Callable[[], bytes]] = {
    "60 namespaces over 30,000 elements": lambda: _with(_wide),
    "128 attributes on 2,500 elements": lambda: _with(_attributed),
    "120 attributes of 60 namespaces on 1,500 elements": lambda: _with(_namespaced_attributes),
    "elements nested 230 deep, 150 times": lambda: _with(_deep),
    "4 MB of text to be escaped": lambda: _with(_text),
    "200,000 comments": lambda: _with(_comments),
    "45,000 elements": lambda: _with(_many),
    "prefix lists of 64, 20 signatures of 64 References": lambda: _with(
        _nothing, signatures=20, prefixes=True
    ),
    "prefix lists of 64 over 30,000 elements": lambda: _with(_wide, prefixes=True),
    "120 signatures over 5,000 elements": lambda: _with(
        lambda content: [etree.SubElement(content, "y") for _ in range(5_000)],
        signatures=_MOST_SIGNATURES // 4,
    ),
    "120 signatures beside 45,000 elements": _signed_infos,
}


def spent_on(data: bytes) -> Spent:
    """The cost of judging *data*."""
    made: list[ReferenceValidator] = []
    original = ReferenceValidator.__init__

    def remember(self: ReferenceValidator, *args: object, **kwargs: object) -> None:
        original(self, *args, **kwargs)  # type: ignore[arg-type]
        made.append(self)

    document = parse(data)
    with patch.object(ReferenceValidator, "__init__", remember):
        started_at = time.perf_counter()
        report = validate_record(
            document,
            signed_records.policy("tieu-hoc"),
            paths=signed_records.paths(),
            roster=signed_records.roster(),
            at=signed_records.NOW,
        )
        seconds = time.perf_counter() - started_at
    stopped = "HB-S019" in signed_records.codes(report)
    return Spent(sum(each.budget.spent for each in made), seconds, stopped)


def main() -> None:
    """Print what each shape costs; the middle of three runs."""
    print(f"budget {BUDGET:,}")
    for name, make in SHAPES.items():
        data = make()
        runs = [spent_on(data) for _ in range(3)]
        seconds = median(each.seconds for each in runs)
        stopped = "stopped" if runs[0].stopped else "to its end"
        size = len(data) / 1_000_000
        print(f"| {name} | {size:.1f} | {runs[0].work:,} | {stopped} | {seconds:.2f} |")


if __name__ == "__main__":
    main()
