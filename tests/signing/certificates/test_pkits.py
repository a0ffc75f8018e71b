"""The 246 cases of NIST's PKITS: our verdict is theirs, with the sub-indication that says why."""

import json
import warnings
import zipfile
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from pyhanko_certvalidator.policy_decl import DisallowWeakAlgorithmsPolicy, PKIXValidationParams

from signing.certificates.certificate import CertificateUnreadableError, read_certificate
from signing.certificates.path import PathValidator, ValidationMaterial
from signing.certificates.trust import Purpose, TrustAnchor, TrustStore
from signing.report import Indication

FOLDER = Path(__file__).parents[2] / "vectors" / "pkits"
CASES = json.loads((FOLDER / "cases.json").read_text("utf-8"))
AT = datetime(2022, 5, 1, tzinfo=UTC)

# DSA keys that inherit their parameters cannot be read; with ours, DSA is refused at any rate.
UNREADABLE = {"4.1.5"}
# Certificates with unique identifiers are not believed as hints: RFC 5280 4.1.2.8 forbids them.
NOT_AS_HINTS = {"4.3.6"}
# PKITS uses DSA of 1,024 bits; everything else of it is strong enough by our table too.
ALGORITHMS = DisallowWeakAlgorithmsPolicy(
    weak_hash_algos=frozenset({"md2", "md5"}), dsa_key_size_threshold=1024
)


@cache
def files():
    with zipfile.ZipFile(FOLDER / "pkits.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def anchor():
    der = files()["certs/TrustAnchorRootCertificate.crt"]
    return TrustAnchor(
        certificate=x509.load_der_x509_certificate(der),
        der=der,
        sha256=sha256(der).hexdigest(),
        purposes=frozenset(Purpose),
        valid_from=None,
        valid_until=None,
        source="NIST PKITS",
    )


def validate(case, *, as_hints):
    others = tuple(files()[f"certs/{each}"] for each in case["others"])
    names = ("TrustAnchorRootCRL.crl", *case["crls"])
    crls = tuple(files()[f"crls/{each}"] for each in names)
    parameters = dict(case.get("parameters", {}))
    if "user_initial_policy_set" in parameters:
        parameters["user_initial_policy_set"] = frozenset(parameters["user_initial_policy_set"])
    validator = PathValidator(
        TrustStore((anchor(),), () if as_hints else others, "pkits", () if as_hints else crls),
        algorithms=ALGORITHMS,
        parameters=PKIXValidationParams(**parameters),
    )
    material = ValidationMaterial(certificates=others, crls=crls) if as_hints else None
    leaf = read_certificate(files()[f"certs/{case['certificate']}"])
    return validator.validate(leaf, material or ValidationMaterial(), None, AT).verdict


def name(case):
    return f"{case['id']}-{case['name']}"


@pytest.mark.parametrize("case", CASES, ids=name)
def test_agrees_with_pkits(case):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PKITS has serial numbers below zero
        if case["id"] in UNREADABLE:
            with pytest.raises(CertificateUnreadableError):
                validate(case, as_hints=False)
            return
        verdict = validate(case, as_hints=False)
        if case["id"] not in NOT_AS_HINTS:
            # The same where everything came with the signature, not from the trust store.
            hinted = validate(case, as_hints=True)
            passed = Indication.TOTAL_PASSED
            assert (hinted.indication is passed) == (verdict.indication is passed)
    if case["expected"] == "TOTAL-PASSED":
        assert verdict.indication is Indication.TOTAL_PASSED, verdict
    else:
        assert (verdict.sub_indication, verdict.findings[0].code) == (
            case["expected"],
            case["finding"],
        )


def test_every_case_is_here():
    assert len(CASES) == 246
    assert len({each["id"] for each in CASES}) == 217
    assert sum(each["expected"] == "TOTAL-PASSED" for each in CASES) == 110
