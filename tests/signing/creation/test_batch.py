"""Records that are prepared first and get their values together."""

import pytest
from lxml import etree

from signing import names
from signing.creation.batch import prepare_record
from signing.creation.builder import sign_record
from signing.creation.styles import STYLES, VENDOR_CANONICAL_TWICE
from signing.errors import SigningRefused
from signing.keys.key import sign_all
from tests.support import peers
from tests.support import signing_kit as kit

COMMON = {"policy": kit.policy(), "signing_time": kit.SIGNED_AT}


def value_of(data: bytes) -> list[str | None]:
    return [each.text for each in etree.fromstring(data).iter(names.SIGNATURE_VALUE)]


@pytest.mark.parametrize("style", list(STYLES.values()), ids=list(STYLES))
def test_a_prepared_record_becomes_what_signing_at_once_gives(style) -> None:
    key = kit.signer_of("GVBM")
    prepared = prepare_record(kit.RECORD, "GVBM", key, **COMMON, style=style)
    assert value_of(prepared.data) == [None] * len(prepared.digests)
    completed = prepared.completed(sign_all(key, prepared.digests))
    assert completed == sign_record(kit.RECORD, "GVBM", key, **COMMON, style=style)
    assert peers.xmlsec_verdicts(completed) == [True] * len(prepared.digests)


def test_every_signature_is_augmented_with_its_value_in_place() -> None:
    key = kit.signer_of("GVBM")
    prepared = prepare_record(kit.RECORD, "GVBM", key, **COMMON, style=VENDOR_CANONICAL_TWICE)
    seen: list[str] = []
    prepared.completed(
        sign_all(key, prepared.digests),
        lambda each: seen.append(each.findtext(names.SIGNATURE_VALUE) or ""),
    )
    assert len(seen) == len(prepared.digests) == 2
    assert all(seen)


def test_too_few_values_complete_nothing() -> None:
    key = kit.signer_of("GVBM")
    prepared = prepare_record(kit.RECORD, "GVBM", key, **COMMON)
    with pytest.raises(ValueError, match="zip"):
        prepared.completed(())


def test_what_may_not_be_signed_is_not_prepared() -> None:
    with pytest.raises(SigningRefused):
        prepare_record(kit.RECORD, "CBQL", kit.signer_of("CBQL"), **COMMON)


def test_a_long_row_of_digests_goes_in_batches_of_the_key() -> None:
    class Counting:
        batch_limit = 3
        batches: list[int] = []  # noqa: RUF012 -- one instance

        def sign_digests(self, digests: list[bytes]) -> tuple[bytes, ...]:
            self.batches.append(len(digests))
            return tuple(each + b"!" for each in digests)

    key = Counting()
    digests = [bytes([number]) for number in range(7)]
    assert sign_all(key, digests) == tuple(each + b"!" for each in digests)  # type: ignore[arg-type]
    assert key.batches == [3, 3, 1]
