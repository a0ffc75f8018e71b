"""H. Time: proofs of existence that prove nothing.

Every record here was signed in 2023 with certificates that ran out on 2026-01-01 and is validated
in June 2026: only a good time-stamp makes it pass.
"""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta

from lxml import etree

from signing import names
from signing.report import SubIndication
from tests.support import signed_records, stamping
from tests.support.attacks import FAILED, INDETERMINATE, PASSED, Attempt, attack, covered
from tests.support.forged_tokens import Forger, forge_token
from tests.support.stamping import LATER, SIGNED_AT, Forging, InProcess, pki, sign

TEACHER = "GVCN"
UNPROVED = (INDETERMINATE, SubIndication.OUT_OF_BOUNDS_NO_POE, "HB-S058")
_TIMESTAMP = f"{{{names.XADES}}}SignatureTimeStamp"


def _later(data: bytes) -> Attempt:
    return Attempt(data=data, at=LATER, paths=stamping.paths(LATER))


def _stamped(*authorities: InProcess | Forging) -> Attempt:
    return _later(sign(stamping.stamping(*authorities)))


def _forged(by: str = "tsa", at: datetime = SIGNED_AT, **changes) -> Forging:
    return Forging(lambda stamped: forge_token(stamped, by=Forger.of(pki(), by), at=at, **changes))


def _edited(change: Callable[[etree._Element], None]) -> Attempt:
    """The well stamped record after somebody has worked on it."""
    root = signed_records.tree(stamping.stamped_record())
    change(root)
    return _later(signed_records.octets(root))


def _timestamps(root: etree._Element) -> list[etree._Element]:
    return list(root.iter(_TIMESTAMP))


# ------------------------------------------------------------------------------- the right one


@attack(
    "H1",
    "good-time-stamp",
    expects=(PASSED, None, None),
    harmless="the same record with good time-stamps: what the others here lack",
)
def good_time_stamp() -> Attempt:
    """Nothing is wrong with it."""
    return _later(stamping.stamped_record())


@attack("H1", "no-time-stamp", expects=(*UNPROVED[:2], "HB-S042"), about=TEACHER)
def no_time_stamp() -> Attempt:
    """The same record without any proof of when it was signed."""
    return _later(sign())


@attack("H1", "over-other-octets", expects=UNPROVED, about=TEACHER)
def over_other_octets() -> Attempt:
    """A genuine token of a trusted authority over octets that are not the SignatureValue."""
    return _stamped(Forging(lambda _: pki().timestamp(b"others", SIGNED_AT)))


@attack("H1", "over-the-other-canonical-form", expects=UNPROVED, about=TEACHER)
def over_the_other_canonical_form() -> Attempt:
    """The token is over exclusive C14N; inclusive is named, and one namespace more is in scope."""
    data = stamping.stamped_record().replace(b"<HOC_BA_SO", b'<HOC_BA_SO xmlns:x="urn:x"', 1)
    root = signed_records.tree(data)
    for each in _timestamps(root):
        each[0].set("Algorithm", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315")
    return _later(signed_records.octets(root))


@attack("H1", "content-of-the-token-altered", expects=UNPROVED, about=TEACHER)
def content_of_the_token_altered() -> Attempt:
    """One octet of the token's TSTInfo is another."""

    def altered(content: bytes) -> bytes:
        return content.replace(b"20230601", b"20230501")

    return _stamped(_forged(change_content=altered))


@attack("H1", "sha1-imprint", expects=UNPROVED, about=TEACHER)
def sha1_imprint() -> Attempt:
    """A trusted authority stamped a SHA-1 digest: another signature may have the same."""
    return _stamped(_forged(imprint_hash="sha1"))


@attack("H1", "copied-to-another-signature", expects=UNPROVED, about=TEACHER)
def copied_to_another_signature() -> Attempt:
    """The principal's time-stamp stands in the teacher's signature (also C)."""

    def copy(root: etree._Element) -> None:
        teacher, principal, _ = _timestamps(root)
        teacher.getparent().replace(teacher, deepcopy(principal))

    return _edited(copy)


@attack(
    "H1", "in-properties-of-another-signature", expects=(*UNPROVED[:2], "HB-S082"), about=TEACHER
)
def in_properties_of_another_signature() -> Attempt:
    """The teacher's unsigned properties say that they are the principal's."""

    def retarget(root: etree._Element) -> None:
        teacher = _timestamps(root)[0].getparent().getparent()
        alone = etree.SubElement(
            teacher.getparent().getparent(),
            names.QUALIFYING_PROPERTIES,
            {"Target": "#S-CBQL-1"},
        )
        alone.append(teacher)

    return _edited(retarget)


@attack("H1", "no-base64", expects=(*UNPROVED[:2], "HB-S080"), about=TEACHER)
def no_base64() -> Attempt:
    """A comment in the middle of the token's base64: two readers would read two tokens."""

    def split(root: etree._Element) -> None:
        for each in _timestamps(root):
            text = each[1].text
            each[1].text = text[:100]
            comment = etree.Comment("x")
            comment.tail = text[100:]
            each[1].append(comment)

    return _edited(split)


# ------------------------------------------------------------------------------- the authority


@attack("H2", "untrusted-authority", expects=UNPROVED, about=TEACHER)
def untrusted_authority() -> Attempt:
    """A well made token of an authority that leads to no trust anchor."""
    return _stamped(InProcess(tsa="tsa-untrusted"))


@attack("H2", "revoked-authority", expects=UNPROVED, about=TEACHER)
def revoked_authority() -> Attempt:
    """The authority's key was compromised later: whoever has it can state any time before."""
    return _stamped(InProcess(tsa="tsa-revoked"))


@attack("H2", "superseded-authority", expects=UNPROVED, about=TEACHER)
def superseded_authority() -> Attempt:
    """The authority's certificate was revoked as superseded, and nothing proves the token older."""
    return _stamped(InProcess(tsa="tsa-superseded"))


@attack("H2", "expired-authority", expects=UNPROVED, about=TEACHER)
def expired_authority() -> Attempt:
    """The authority's certificate has run out as well, and nothing proves the token older."""
    return _stamped(InProcess(tsa="tsa-2023"))


@attack("H2", "self-made-authority", expects=UNPROVED, about=TEACHER)
def self_made_authority() -> Attempt:
    """The signer stamps himself, with the certificate that he signs with."""
    return _stamped(_forged(by="homeroom"))


@attack("H3", "purpose-not-critical", expects=UNPROVED, about=TEACHER)
def purpose_not_critical() -> Attempt:
    """The certificate's extendedKeyUsage timeStamping is not critical."""
    return _stamped(InProcess(tsa="tsa-not-critical"))


@attack("H3", "no-purpose", expects=UNPROVED, about=TEACHER)
def no_purpose() -> Attempt:
    """The certificate has no extendedKeyUsage."""
    return _stamped(InProcess(tsa="tsa-without-purpose"))


@attack("H3", "two-purposes", expects=UNPROVED, about=TEACHER)
def two_purposes() -> Attempt:
    """The certificate serves another purpose beside time-stamping."""
    return _stamped(InProcess(tsa="tsa-two-purposes"))


# ------------------------------------------------------------------------------- two of them


@attack(
    "H4",
    "good-and-bad",
    expects=(PASSED, None, "HB-S058"),
    harmless="the good one proves the time by itself; the bad one is told, and proves nothing",
)
def good_and_bad() -> Attempt:
    """A good time-stamp, and one over other octets that states an earlier time."""
    early = SIGNED_AT - timedelta(days=400)
    return _stamped(InProcess(), Forging(lambda _: pki().timestamp(b"others", early)))


@attack("H4", "two-bad", expects=UNPROVED, about=TEACHER)
def two_bad() -> Attempt:
    """Two that fail for different reasons do not make one that passes."""
    return _stamped(
        InProcess(tsa="tsa-untrusted"), Forging(lambda _: pki().timestamp(b"others", SIGNED_AT))
    )


# ------------------------------------------------------------------------------- the time stated


@attack("H5", "before-the-authoritys-certificate", expects=UNPROVED, about=TEACHER)
def before_the_authoritys_certificate() -> Attempt:
    """The token states a time at which its authority had no certificate yet."""
    return _stamped(InProcess(tsa="tsa-from-2025"))


@attack(
    "H5",
    "before-the-signers-certificate",
    expects=(FAILED, SubIndication.NOT_YET_VALID, "HB-S057"),
    about=TEACHER,
)
def before_the_signers_certificate() -> Attempt:
    """A good token from before the signer's certificate: he cannot have signed with it then."""
    return _stamped(InProcess(at=datetime(2022, 6, 1, tzinfo=UTC)))


@attack("H5", "in-the-future", expects=UNPROVED, about=TEACHER)
def in_the_future() -> Attempt:
    """The token states a time after the validation."""
    return _stamped(InProcess(at=LATER + timedelta(days=1)))


@attack(
    "H6",
    "stamped-after-the-end",
    expects=(INDETERMINATE, SubIndication.OUT_OF_BOUNDS_NO_POE, "HB-S069"),
    about=TEACHER,
)
def stamped_after_the_end() -> Attempt:
    """Back-dated: claimed in 2023, stamped when the certificate had run out."""
    return _stamped(InProcess(at=datetime(2026, 3, 1, tzinfo=UTC)))


@attack(
    "H6",
    "stamped-before-it-was-claimed",
    expects=(INDETERMINATE, SubIndication.SIG_CONSTRAINTS_FAILURE, "HB-S053"),
    about=TEACHER,
)
def stamped_before_it_was_claimed() -> Attempt:
    """The signer claims a time half a year after the one that is proved."""
    return _stamped(InProcess(at=SIGNED_AT - timedelta(days=120)))


# ------------------------------------------------------------------------------- another leaf


@attack("H7", "trusted-certificate-sent-along", expects=UNPROVED, about=TEACHER)
def trusted_certificate_sent_along() -> Attempt:
    """An untrusted authority's token carries a trusted one's certificate in the first place."""
    certificates = tuple(map(pki().der, ("tsa", "tsa-issuer", "tsa-untrusted")))
    return _stamped(_forged(by="tsa-untrusted", certificates=certificates))


@attack("H7", "trusted-certificate-named", expects=UNPROVED, about=TEACHER)
def trusted_certificate_named() -> Attempt:
    """An untrusted authority names a trusted one's certificate as its own."""
    impostor = Forger(pki().private_key("tsa-untrusted"), pki().der("tsa"))
    return _stamped(Forging(lambda stamped: forge_token(stamped, by=impostor, at=SIGNED_AT)))


covered(
    "C4",
    "tests/signing/timestamps/test_stamped_records.py::"
    "test_a_time_stamp_copied_to_another_signature_proves_nothing_there",
    "The principal's time-stamp in the teacher's signature, and the other way round.",
)
covered(
    "H7",
    "tests/signing/timestamps/test_validation.py::"
    "test_a_certificate_that_poses_as_the_signers_is_not_looked_at",
    "The token by itself, with the exact sub-indication of its own validation.",
)
