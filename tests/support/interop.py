"""The interoperability vectors of XML-DSig: what others expect, what hocba says, and why.

Each vector is validated twice at one fixed time: without trust, and with the anchors that come
with the vectors, where no revocation data is asked for. Nothing is fetched.
"""

import csv
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from schemas.document import parse
from schemas.errors import Unreadable
from schemas.findings import Finding, Language, catalogue
from signing.certificates.path import PathValidator
from signing.certificates.trust import read_trust_store
from signing.constraints import RevocationDemand, ValidationConstraints, default_constraints
from signing.foreign.report import ForeignReport
from signing.foreign.validation import validate_foreign
from signing.report import Indication, Verdict

VECTORS = Path(__file__).parents[1] / "vectors" / "xmldsig-interop"
AT = datetime(2026, 11, 22, tzinfo=UTC)

_ANCHORS = (
    "keys/cacert.pem",
    "keys/same-subj-cert1.pem",
    "keys/enveloped-ecdsa-java-bug-cert.pem",
    "merlin-xmldsig-twenty-three/certs/ca.pem",
    "merlin-xmldsig-twenty-three/certs/merlin.pem",
    "phaos-xmldsig-three/certs/dsa-ca-cert.der",
    "phaos-xmldsig-three/certs/rsa-ca-cert.der",
)
_INTERMEDIATES = ("keys/ca2cert.pem",)

# A right vector that is not accepted, for a reason that no finding says.
NOTES = {
    "aleksey-xmldsig-01/enveloped-ecdsa-java-bug.xml": (
        "an old JDK wrote r and s of unequal length; RFC 9231 fixes both to the order's length"
    ),
    "aleksey-xmldsig-01/enveloping-sha256-ecdsa-sha256_padded.xml": (
        "r and s are padded beyond the order's length (RFC 9231 clause 2.3.6)"
    ),
    "aleksey-xmldsig-01/enveloping-sha512-ecdsa-sha512-with-asn1.xml": (
        "the value is DER, not r‖s; xmlsec accepts it only with a switch named hack"
    ),
}


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the manifest says: xmlsec's answers under any options, and the JDK's on the core."""

    xmlsec: frozenset[str]
    jdk: str

    @property
    def is_valid_somewhere(self) -> bool:
        """Whether another engine accepts the vector under some option."""
        return "VALID" in self.xmlsec or self.jdk == "VALID"

    def __str__(self) -> str:
        """As one cell of the table."""
        xmlsec = "/".join(sorted(self.xmlsec, reverse=True)) or "–"
        return f"{xmlsec}; JDK {self.jdk}"


@dataclass(frozen=True, slots=True)
class Row:
    """One vector. `core` has one member per signature."""

    file: str
    expected: Expectation
    untrusted: Verdict
    trusted: Verdict
    core: tuple[bool | None, ...]
    findings: tuple[Finding, ...]


def vectors() -> Iterator[tuple[str, Expectation]]:
    """Every vector of the manifest that is an XML file, with what is expected of it."""
    with (VECTORS / "MANIFEST.tsv").open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield line["file"], _expectation(line["expected"])


@cache
def rows() -> tuple[Row, ...]:
    """Every vector, validated."""
    with tempfile.TemporaryDirectory() as folder:
        store = read_trust_store(_trust_folder(Path(folder)))
    paths = PathValidator(store, constraints=_constraints().revocation)
    return tuple(_row(file, expected, paths) for file, expected in vectors())


def table() -> str:
    """The page of the documentation."""
    lines = [_HEAD]
    lines.extend(_line(row) for row in rows())
    codes = sorted({each.code for row in rows() for each in row.findings})
    lines.append("\n## What the codes say\n\n| code | meaning |\n|---|---|")
    lines.extend(f"| `{code}` | {catalogue()[code].texts[Language.EN]} |" for code in codes)
    return "\n".join(lines) + "\n"


_HEAD = f"""# Interoperability vectors of XML-DSig

<!-- This page is written by `make docs`. -->

What hocba says about each signature that other implementations made
(`tests/vectors/xmldsig-interop`, with source and licence there), validated as by
`hocba verify --any-xml` on {AT:%Y-%m-%d}.

* **Expected**: xmlsec's answers in its own tests, whatever options they take (often a key from
  elsewhere, or a shared secret), and the JDK's answer on the core.
* **Without trust**, **with trust**: the verdict on the document without a trust store, and with
  the authorities that come with the vectors (no revocation data asked for).
* **Core**: the arithmetic of XML-DSig alone, one answer per signature; “–” where it was not
  computed: there is no key in the document, the algorithm is none that is computed, or a
  reference cannot be had.
* **Reason**: why hocba does not pass what others accept. `HB-S040` (no trust store) is left out.

No vector that others reject is accepted; `tests/signing/foreign/test_interop.py` holds that
against the manifest, and this table against the engine.

| vector | expected | without trust | with trust | core | reason |
|---|---|---|---|---|---|"""


def _line(row: Row) -> str:
    codes = sorted({each.code for each in row.findings} - {"HB-S040"})
    reason = ", ".join(f"`{code}`" for code in codes)
    note = NOTES.get(row.file)
    core = ", ".join({True: "right", False: "wrong", None: "–"}[each] for each in row.core) or "–"
    cells = (
        f"`{row.file}`",
        str(row.expected),
        _words(row.untrusted),
        _words(row.trusted),
        core,
        f"{reason}: {note}" if note else reason,
    )
    return f"| {' | '.join(cells)} |"


def _words(verdict: Verdict) -> str:
    sub_indication = verdict.sub_indication
    return verdict.indication.value + (f" / {sub_indication.value}" if sub_indication else "")


def _row(file: str, expected: Expectation, paths: PathValidator) -> Row:
    try:
        document = parse((VECTORS / file).read_bytes())
    except Unreadable as error:
        unreadable = Verdict(Indication.INDETERMINATE, None, (error.finding,))
        return Row(file, expected, unreadable, unreadable, (), unreadable.findings)
    untrusted = validate_foreign(document, paths=None, at=AT)
    trusted = validate_foreign(document, paths=paths, at=AT, constraints=_constraints())
    return Row(
        file=file,
        expected=expected,
        untrusted=untrusted.document,
        trusted=trusted.document,
        core=tuple(each.core_validation for each in untrusted.signatures),
        findings=_findings(untrusted) + _findings(trusted),
    )


def _findings(report: ForeignReport) -> tuple[Finding, ...]:
    each = tuple(f for one in report.signatures for f in one.validation.verdict.findings)
    return each + report.document.findings


def _expectation(text: str) -> Expectation:
    script, _, core = text.partition(" || JDK core: ")
    answers = {part.split()[0] for part in script.split(" | ") if part.strip()}
    jdk = "no answer"
    if core.startswith(("VALID", "INVALID")):
        jdk = core.split()[0]
    elif core.startswith("EXC"):
        jdk = "refuses"
    elif core.startswith("NOKEY"):
        jdk = "has no key"
    return Expectation(frozenset(answers & {"VALID", "INVALID"}), jdk)


@cache
def _constraints() -> ValidationConstraints:
    """Those that ship, but for revocation: the vectors' authorities publish none."""
    shipped = default_constraints()
    at_hand = RevocationDemand.IF_AT_HAND
    revocation = replace(
        shipped.revocation, signer=at_hand, authority=at_hand, timestamp_authority=at_hand
    )
    return replace(shipped, revocation=revocation)


def _trust_folder(folder: Path) -> Path:
    index = []
    for kind, files in (("anchors", _ANCHORS), ("intermediates", _INTERMEDIATES)):
        (folder / kind).mkdir()
        for number, file in enumerate(files):
            certificate = _certificate(VECTORS / file)
            name = f"{kind}/{number}.pem"
            (folder / name).write_bytes(certificate.public_bytes(Encoding.PEM))
            digest = sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
            if kind == "anchors":
                index.append(
                    f'[[anchor]]\nfile = "{name}"\nsha256 = "{digest}"\n'
                    f'purpose = ["person", "organization"]\nsource = "{file}"\n'
                )
    (folder / "anchors.toml").write_text("\n".join(index), "utf-8")
    return folder


def _certificate(file: Path) -> x509.Certificate:
    data = file.read_bytes()
    if file.suffix == ".der":
        return x509.load_der_x509_certificate(data)
    return x509.load_pem_x509_certificate(data)
