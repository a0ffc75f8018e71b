"""Which of several verdicts on paths of one certificate is shown."""

from itertools import permutations

import pytest

from signing.certificates.judgement import tells_most
from signing.certificates.validation import CertificateValidation
from signing.report import PASSED, SubIndication, indeterminate

PASSING = CertificateValidation(verdict=PASSED)
# From certain to curable, then whatever else there may be.
IN_ORDER = [
    SubIndication.REVOKED_NO_POE,
    SubIndication.TRY_LATER,
    SubIndication.OUT_OF_BOUNDS_NOT_REVOKED,
    SubIndication.OUT_OF_BOUNDS_NO_POE,
    SubIndication.NOT_YET_VALID,
    SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
    SubIndication.REVOKED_CA_NO_POE,
    SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE,
]


def validation(reason):
    return CertificateValidation(verdict=indeterminate(reason))


@pytest.mark.parametrize("reason", SubIndication)
def test_a_path_that_holds_is_enough(reason):
    assert tells_most([validation(reason), PASSING]) is PASSING
    assert tells_most([PASSING, validation(reason)]) is PASSING


@pytest.mark.parametrize(("first", "second"), list(permutations(IN_ORDER, 2)))
def test_of_paths_that_fail_the_one_that_tells_most_is_shown(first, second):
    shown = tells_most([validation(first), validation(second)]).verdict.sub_indication
    assert shown is min(first, second, key=IN_ORDER.index)
