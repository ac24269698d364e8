"""Named streams of random numbers. Each purpose has its own, so adding a purpose leaves all others unchanged."""

import hashlib
from math import exp
from random import Random


def stream(seed: int, *names: object) -> Random:
    """Return a random stream that depends only on the seed and the names, not on `PYTHONHASHSEED`."""
    return Random(int(token(seed, *names), 16))


def token(*names: object, size: int = 8) -> str:
    """Return `2 * size` hexadecimal digits of a hash of the names, for ids that reveal nothing."""
    return hashlib.blake2b("|".join(map(str, names)).encode(), digest_size=size).hexdigest()


def share(*names: object) -> float:
    """Return a uniform number in [0, 1) that depends only on the names."""
    return int(token(*names), 16) / 2**64


def poisson(rng: Random, mean: float) -> int:
    """Draw from a Poisson distribution by Knuth's product of uniforms, which takes time in proportion to the mean."""
    count, product, floor = 0, rng.random(), exp(-mean)
    while product > floor:
        count += 1
        product *= rng.random()
    return count
