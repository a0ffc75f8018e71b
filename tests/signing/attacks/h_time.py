"""H. Time: proof of a time that proves nothing.

The teacher's certificate was revoked on 1 March 2026. Whoever believes a time-stamp of February
lets the signature pass; whoever does not, says REVOKED_NO_POE.
"""

from signing.report import SubIndication
from tests.support.attacks import FAILED, INDETERMINATE, PASSED, Attempt, attack, covered
from tests.support.spoiled import TEACHER
from tests.support.stamped import Stamp, judged, signed_by

NO_POE = SubIndication.REVOKED_NO_POE
REVOKED = "homeroom-new-revoked"
CLAIMED = "2026-02-01"


def _stamped(*stamps: Stamp) -> Attempt:
    return judged(signed_by(REVOKED, CLAIMED, stamps))


@attack(
    "H1",
    "time-stamp-as-it-should-be",
    expects=(PASSED, None, None),
    about=TEACHER,
    harmless="the control of all that follow: proved to be older than the revocation",
)
def genuine() -> Attempt:
    """A genuine time-stamp from before the revocation."""
    return _stamped(Stamp(CLAIMED))


@attack(
    "H1", "time-stamp-over-other-octets", expects=(INDETERMINATE, NO_POE, "HB-S058"), about=TEACHER
)
def other_octets() -> Attempt:
    """A genuine token over something else."""
    return _stamped(Stamp(CLAIMED, over=b"something else"))


@attack("H1", "time-stamp-over-nothing", expects=(INDETERMINATE, NO_POE, "HB-S058"), about=TEACHER)
def over_nothing() -> Attempt:
    """A genuine token over the empty string, which a failed canonicalisation would give."""
    return _stamped(Stamp(CLAIMED, over=b""))


for _name, _tsa, _what in (
    ("untrusted", "tsa-untrusted", "by an authority that nobody trusts"),
    ("revoked", "tsa-revoked", "by an authority whose certificate was revoked in 2024"),
):

    def _by(tsa=_tsa) -> Attempt:
        return _stamped(Stamp(CLAIMED, tsa))

    _by.__doc__ = f"A token {_what}."
    attack(
        "H2", f"time-stamp-by-{_name}", expects=(INDETERMINATE, NO_POE, "HB-S058"), about=TEACHER
    )(_by)

for _name, _tsa, _what in (
    ("not-critical", "tsa-not-critical", "whose purpose timeStamping is not critical"),
    ("without-purpose", "tsa-without-purpose", "that was given no purpose"),
    ("two-purposes", "tsa-two-purposes", "that was given another purpose beside timeStamping"),
):

    def _purpose(tsa=_tsa) -> Attempt:
        return _stamped(Stamp(CLAIMED, tsa))

    _purpose.__doc__ = f"A token by a certificate {_what}."
    attack("H3", f"authority-{_name}", expects=(INDETERMINATE, NO_POE, "HB-S058"), about=TEACHER)(
        _purpose
    )


@attack(
    "H4",
    "good-time-stamp-beside-a-bad-one",
    expects=(PASSED, None, "HB-S058"),
    about=TEACHER,
    harmless="the good one proves the time by itself; the bad one is told and proves nothing",
)
def good_beside_bad() -> Attempt:
    """Two time-stamps from before the revocation, the second over other octets."""
    return _stamped(Stamp(CLAIMED), Stamp(CLAIMED, over=b"x"))


@attack(
    "H4",
    "bad-early-time-stamp-beside-a-good-late-one",
    expects=(INDETERMINATE, NO_POE, "HB-S072"),
    about=TEACHER,
)
def bad_early() -> Attempt:
    """A bad time-stamp from before the revocation, a good one from after it."""
    return _stamped(Stamp(CLAIMED, over=b"x"), Stamp("2026-04-01"))


@attack("H4", "two-bad-time-stamps", expects=(INDETERMINATE, NO_POE, "HB-S058"), about=TEACHER)
def two_bad() -> Attempt:
    """Two time-stamps from before the revocation, both bad, each for another reason."""
    return _stamped(Stamp(CLAIMED, over=b"x"), Stamp(CLAIMED, "tsa-untrusted"))


@attack(
    "H5",
    "time-stamp-from-before-the-certificate",
    expects=(FAILED, SubIndication.NOT_YET_VALID, "HB-S057"),
    about=TEACHER,
)
def before_the_certificate() -> Attempt:
    """A genuine token of a time at which the teacher's certificate did not exist yet."""
    return _stamped(Stamp("2025-02-01"))


@attack(
    "H5",
    "time-stamp-from-before-its-authority",
    expects=(INDETERMINATE, NO_POE, "HB-S058"),
    about=TEACHER,
)
def before_its_authority() -> Attempt:
    """A token of a time at which the authority's own certificate was not valid yet."""
    return _stamped(Stamp("2024-06-01", "tsa-from-2025"))


@attack(
    "H6",
    "claimed-after-the-time-stamp",
    expects=(INDETERMINATE, SubIndication.SIG_CONSTRAINTS_FAILURE, "HB-S053"),
    about=TEACHER,
)
def claimed_later() -> Attempt:
    """The signer claims a time weeks after the one that is proved."""
    return judged(signed_by("homeroom-new", "2026-03-20", [Stamp("2026-02-01")]))


@attack(
    "H6",
    "claimed-long-before-the-time-stamp",
    expects=(INDETERMINATE, NO_POE, "HB-S072"),
    about=TEACHER,
)
def claimed_long_before() -> Attempt:
    """The claim lies before the revocation, the time-stamp after it: the claim counts nothing."""
    return _stamped(Stamp("2026-05-01"))


covered(
    "H7",
    "tests/signing/timestamps/test_validation.py::test_a_certificate_that_poses_as_the_signers_is_not_looked_at",
    "A certificate beside the token that only looks like its signer's.",
)
covered(
    "H1",
    "tests/signing/timestamps/test_validation.py::test_no_changed_octet_of_a_token_passes_unless_it_says_the_same",
    "One octet of a token changed.",
)
