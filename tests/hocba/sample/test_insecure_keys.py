"""Seeded keys are real keys, and always the same."""

from concurrent.futures import Future

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

from hocba.sample import insecure_keys
from hocba.sample.insecure_keys import (
    insecure_ec_key,
    insecure_prime,
    insecure_rsa_keys,
    prime_count,
)
from hocba.sample.processes import Alone, executor


def test_rsa_keys_are_sound_and_differ() -> None:
    told: list[tuple[int, int]] = []
    keys = insecure_rsa_keys("s", 3, Alone(), lambda *each: told.append(each))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert len({key.public_key().public_numbers().n for key in keys}) == 3
    for key in keys:
        assert key.key_size == 2048
        key.private_numbers().private_key()  # OpenSSL checks primes and exponents
        value = key.sign(b"x", padding.PKCS1v15(), hashes.SHA256())
        key.public_key().verify(value, b"x", padding.PKCS1v15(), hashes.SHA256())


def test_the_seed_decides() -> None:
    assert insecure_prime("a") == insecure_prime("a") != insecure_prime("b")
    first, again, other = (insecure_ec_key(seed, ec.SECP256R1()) for seed in "aab")
    assert first.private_numbers() == again.private_numbers() != other.private_numbers()


@pytest.mark.parametrize(("keys", "primes"), [(0, 0), (1, 2), (3, 3), (4, 4), (45, 10), (46, 11)])
def test_every_pair_of_primes_is_a_key(keys: int, primes: int) -> None:
    assert prime_count(keys) == primes


def test_equal_primes_are_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    prime = insecure_prime("a")
    monkeypatch.setattr(insecure_keys, "insecure_prime", lambda label: prime)
    with pytest.raises(ArithmeticError, match="give only 0 keys"):
        insecure_rsa_keys("s", 1, Alone())


def test_a_fermat_pseudoprime_is_no_prime() -> None:
    assert insecure_keys._is_prime(2**127 - 1)
    assert not insecure_keys._is_prime(341)  # passes Fermat to the base 2
    assert not insecure_keys._is_prime(65537 * 4 + 1)  # its exponent would have no inverse
    assert not insecure_keys._is_prime(3**50)


def _fail() -> None:
    raise LookupError("in the call")


def test_working_alone_hands_on_what_a_call_raises() -> None:
    future: Future[None] = Alone().submit(_fail)
    with pytest.raises(LookupError, match="in the call"):
        future.result()


def test_little_work_starts_no_processes() -> None:
    with executor(3, None) as pool:
        assert isinstance(pool, Alone)
    with executor(1000, 1) as pool:
        assert isinstance(pool, Alone)
    with executor(3, 2) as pool:
        assert not isinstance(pool, Alone)
