"""Keys that follow from a seed. INSECURE: whoever knows the seed has the private keys.

For samples only: the same seed has to give the same bytes, and no cryptographic library makes a
key from a seed. Nothing outside `hocba.sample` may use this.
"""

import hashlib
import random
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from itertools import islice
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

RSA_BITS: Final = 2048
_EXPONENT: Final = 65537
_WINDOW: Final = 4096  # odd candidates sieved at once; a 1024-bit prime is 355 of them away
_ROUNDS: Final = 4  # a random 1024-bit number that passes even one is prime but for 2^-100


def insecure_ec_key(seed: str, curve: ec.EllipticCurve) -> ec.EllipticCurvePrivateKey:
    """The EC key that *seed* gives."""
    scalar = int.from_bytes(hashlib.sha512(seed.encode()).digest(), "big")
    order_bits = curve.key_size - 1  # a scalar below any order of that many bits, and not zero
    return ec.derive_private_key((scalar % (1 << order_bits)) or 1, curve)


def insecure_rsa_key(seed: str) -> rsa.RSAPrivateKey:
    """The RSA key of 2,048 bits that *seed* gives; about half a second."""
    return rsa_from_primes(insecure_prime(f"{seed}/p"), insecure_prime(f"{seed}/q"))


def insecure_rsa_keys(
    seed: str, count: int, pool: Executor, progress: Callable[[int, int], None] | None = None
) -> tuple[rsa.RSAPrivateKey, ...]:
    """*count* RSA keys with moduli of their own that *seed* gives, searched for in parallel.

    They share primes: every pair of a few primes is a key, since finding primes is what takes the
    time. Anybody can factor such moduli; anybody who knows the seed has the keys anyway.
    """
    wanted = prime_count(count)
    labels = [f"{seed}/prime/{number}" for number in range(wanted)]
    primes: list[int] = []
    for prime in pool.map(insecure_prime, labels):
        primes.append(prime)
        if progress:
            progress(len(primes), wanted)
    pairs = ((p, q) for i, q in enumerate(primes) for p in primes[:i] if p != q)
    keys = tuple(rsa_from_primes(p, q) for p, q in islice(pairs, count))
    if len(keys) < count:
        raise ArithmeticError(f"{wanted} primes of seed {seed} give only {len(keys)} keys")
    return keys


def prime_count(keys: int) -> int:
    """How many primes it takes for so many pairs."""
    count = 0
    while count * (count - 1) // 2 < keys:
        count += 1
    return count


def insecure_prime(seed: str) -> int:
    """A prime of 1,024 bits that *seed* gives; about a quarter of a second."""
    return _prime(random.Random(seed), RSA_BITS // 2)  # noqa: S311 -- meant to be foreseeable


def rsa_from_primes(p: int, q: int) -> rsa.RSAPrivateKey:
    """The RSA key of these primes with the exponent 65537."""
    if p < q:
        p, q = q, p
    d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=d % (p - 1),
        dmq1=d % (q - 1),
        iqmp=pow(q, -1, p),
        public_numbers=rsa.RSAPublicNumbers(_EXPONENT, p * q),
    )
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


def _prime(source: random.Random, bits: int) -> int:
    """The next prime after a random number whose two highest bits are set."""
    while True:
        start = source.getrandbits(bits) | (0b11 << (bits - 2)) | 1
        for candidate in _sieved(start):
            if candidate.bit_length() == bits and _is_prime(candidate):
                return candidate


def _sieved(start: int) -> Iterable[int]:
    """The odd numbers from *start* on that no small prime divides, within the window."""
    composite = bytearray(_WINDOW)
    for prime in _SMALL_PRIMES:
        # start + 2 i ≡ 0 (mod prime)
        first = (-start * ((prime + 1) // 2)) % prime
        composite[first::prime] = b"\x01" * len(range(first, _WINDOW, prime))
    return (start + 2 * i for i in range(_WINDOW) if not composite[i])


def _is_prime(number: int) -> bool:
    """Fermat to the base 2 for the many that are not, Miller-Rabin for the one that is."""
    if pow(2, number - 1, number) != 1 or (number - 1) % _EXPONENT == 0:
        return False
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    return all(_passes(number, base, odd, twos) for base in _SMALL_PRIMES[:_ROUNDS])


def _passes(number: int, base: int, odd: int, twos: int) -> bool:
    x = pow(base, odd, number)
    if x in (1, number - 1):
        return True
    for _ in range(twos - 1):
        x = x * x % number
        if x == number - 1:
            return True
    return False


def _primes_below(limit: int) -> tuple[int, ...]:
    sieve = bytearray(b"\x01" * limit)
    for n in range(2, int(limit**0.5) + 1):
        if sieve[n]:
            sieve[n * n :: n] = bytes(len(range(n * n, limit, n)))
    return tuple(n for n in range(3, limit) if sieve[n])


_SMALL_PRIMES: Final = _primes_below(30_000)
