"""Our verdict beside python-xmlsec's and the JDK's on every vector of the attacks and on mutants.

A signature that a peer rejects and we accept is a wrong accept. Where a peer accepts what we do
not, the reason is one of a closed list: a rule that stands above the core which the peers know.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Final

import pytest
from lxml import etree

from schemas.document import parse
from schemas.errors import Unreadable
from signing.record import validate_record
from signing.report import Indication, SignatureReport
from tests.fuzz.mutators import mutated
from tests.support import peers, signed_records
from tests.support.attacks import Attempt, all_attacks, attack_of
from tests.support.needs import lacking
from tests.support.signed_records import signed_primary, signed_secondary

MUTANTS = 70
_MOST_BYTES = 100_000

# Why we do not accept a signature whose core a peer finds right: finding code and the reason.
STRICTER: Final[Mapping[str, str]] = {
    "HB-S001": "a structure that the schema of XML-DSig does not allow, which the peer overlooks",
    "HB-S002": "base64 that is not strict, or split by a comment or a child (CVE-2025-29775)",
    "HB-S003": "more References, Transforms or prefixes than any record needs",
    "HB-S012": "an Id that stands twice under another spelling, of which the peer knows one only",
    "HB-S013": "the Reference names a place that its Type does not allow (wrapping)",
    "HB-S014": "the signature covers parts of itself only",
    "HB-S015": "a Reference by xpointer, which the peer evaluates",
    "HB-S016": "a transform or a parameter that is not on our list, or has no meaning there",
    "HB-S018": "a Manifest: the peers do not read its members",
    "HB-S019": "more canonicalisation than any record needs",
    "HB-S021": "an algorithm or a parameter that is not in our table",
    "HB-S022": "an algorithm whose time is over, judged without proof of an earlier time",
    "HB-S023": "a key that is too short, or of a curve that is not in our table",
    "HB-S031": "SigningCertificate names another certificate: XAdES, which the peers do not know",
    "HB-S032": "a certificate that cannot be read, or whose key proves nothing (exponent 1)",
    "HB-S033": "SignedProperties that the signature does not cover: XAdES",
    "HB-S034": "a certificate that was not issued for signing: the peers weigh no certificate",
    "HB-S035": "SignedProperties out of their place: XAdES",
    "HB-S041": "a certificate by nobody whom we trust: the peers weigh no trust",
    "HB-S044": "a certification path that is not valid: the peers weigh no trust",
    "HB-S053": "a claimed signing time after the proved one: the peers read neither",
    "HB-S057": "a proved time before the certificate existed: the peers read no time-stamps",
    "HB-S060": "nothing is known of revocation: the peers weigh none",
    "HB-S061": "what is known of revocation is out of date",
    "HB-S062": "a revoked certificate",
    "HB-S063": "a revoked authority",
    "HB-S064": "a certificate on hold",
    "HB-S065": "an expired certificate: the peers weigh no validity",
    "HB-S066": "revocation data that cannot be believed",
    "HB-S067": "revocation data from the future",
    "HB-S072": "a revoked certificate, and a time-stamp from after the revocation",
    "HB-S240": "a broken digest (MD5, RIPEMD-160)",
    "HB-S243": "EdDSA, which TS 119 312 does not list",
}

# The same for values that we fail: by the vector's name, so that no other is excused.
STRICTER_ON: Final[Mapping[str, str]] = {
    "ecdsa-too-long": "r and s are longer than the curve's order: XML-DSig 1.1, clause 6.4.3",
}

# The harness of the peers takes the key of the first certificate: no verdict on these.
OTHER_KEY: Final = frozenset({"chain-reversed", "chain-shuffled"})

# A relative namespace anywhere stops libxml2's canonicalisation of a node-set, also where it
# stands outside what is signed: python-xmlsec rejects every signature of such a document. The JDK
# does not, and agrees with us on all of them.
RELATIVE_NAMESPACE: Final = b'"tuong-doi"'


@cache
def documents() -> Mapping[str, Attempt]:
    """Every readable vector, and mutants of genuine records by fixed seeds."""
    found = {}
    for one in all_attacks():
        attempt = attack_of(one)
        if one.name not in OTHER_KEY and _readable(attempt.data):
            found[one.name] = attempt
    genuine = (signed_primary(), signed_secondary())
    for definition, data in zip(("tieu-hoc", "trung-hoc"), genuine, strict=True):
        for seed in range(MUTANTS):
            changed = mutated([data], Random(seed))  # noqa: S311 -- what to change, not a secret
            if _readable(changed):
                found[f"{definition}-{seed}"] = Attempt(data=changed, definition=definition)
    return found


def _readable(data: bytes) -> bool:
    if len(data) > _MOST_BYTES:
        return False  # an attack on time: the peers would take too long
    try:
        document = parse(data)
    except Unreadable:
        return False
    return len(list(document.root.iter("{*}Signature"))) < 40


@cache
def ours(name: str) -> SignatureReport:
    attempt = documents()[name]
    return validate_record(
        parse(attempt.data),
        signed_records.policy(attempt.definition),
        paths=attempt.paths or signed_records.paths(),
        roster=signed_records.roster(),
        at=attempt.at,
    )


def test_there_is_something_to_compare() -> None:
    assert len(documents()) > 250
    good = Counter(
        each.verdict.indication for name in documents() for each in ours(name).signatures
    )
    assert all(good[each] > 50 for each in Indication)


def disagreements(theirs: Mapping[str, list[bool]]) -> Iterator[tuple[str, bool, frozenset[str]]]:
    """Signatures on which a peer and we differ: document, whether we accept, our findings."""
    for name, verdicts in theirs.items():
        signatures = ours(name).signatures
        if len(signatures) != len(verdicts):
            continue  # refused as a whole before any signature is looked at
        for each, they in zip(signatures, verdicts, strict=True):
            we = each.verdict.indication is Indication.TOTAL_PASSED
            if we != they:
                yield name, we, frozenset(one.code for one in each.verdict.findings)


def reasons(theirs: Mapping[str, list[bool]]) -> set[str]:
    """The reasons of every disagreement; fails for a wrong accept, or one without a reason."""
    found = list(disagreements(theirs))
    assert [name for name, we, _ in found if we] == []
    unexplained = {
        name: codes
        for name, _, codes in found
        if not codes & STRICTER.keys() and name not in STRICTER_ON
    }
    assert unexplained == {}
    assert len(found) > 30  # the list is about something
    return {code for _, _, codes in found for code in codes & STRICTER.keys()}


def test_python_xmlsec_rejects_nothing_that_we_accept_and_differs_for_a_known_reason() -> None:
    theirs = {}
    for name, attempt in documents().items():
        if RELATIVE_NAMESPACE in attempt.data:
            continue
        try:
            theirs[name] = peers.xmlsec_verdicts(attempt.data)
        except (AttributeError, ValueError, TypeError, etree.LxmlError):
            continue  # no certificate to take a key from: the peer has nothing to say
    assert len(theirs) > 200
    assert reasons(theirs) <= STRICTER.keys()


@pytest.mark.jdk
def test_the_jdk_rejects_nothing_that_we_accept_and_differs_for_a_known_reason(
    tmp_path: Path,
) -> None:
    if not peers.jdk_is_present():
        lacking("a JDK (java, javac)", install="install openjdk-17-jdk-headless")
    classes = peers.compiled_jdk_peer(tmp_path)
    files = {}
    for name, attempt in documents().items():
        path = tmp_path / f"{name}.xml"
        path.write_bytes(attempt.data)
        files[str(path)] = name
    theirs: dict[str, list[bool]] = {}
    refused = set()
    for line in peers.jdk_verdicts(classes, [Path(each) for each in files]):
        name = files[line["file"]]
        if "index" in line:
            theirs.setdefault(name, []).append(bool(line["valid"]))
        else:
            refused.add(name)
    for name in refused:  # its parser refuses the whole document
        assert ours(name).record.indication is not Indication.TOTAL_PASSED, name
    assert len(theirs) > 200
    assert reasons(theirs) <= STRICTER.keys()
