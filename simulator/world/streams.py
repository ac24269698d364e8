"""Randomness by name: every purpose has its own stream, so that adding one leaves all others as they were."""

import hashlib
from math import exp
from random import Random


def stream(seed: int, *names: object) -> Random:
    """A stream of random numbers that depends on the seed and the names only, not on `PYTHONHASHSEED`."""
    return Random(int(token(seed, *names), 16))


def token(*names: object, size: int = 8) -> str:
    """`2 * size` hexadecimal digits that depend on the names only: ids that tell nothing."""
    return hashlib.blake2b("|".join(map(str, names)).encode(), digest_size=size).hexdigest()


def share(*names: object) -> float:
    """A number in [0, 1) that depends on the names only, evenly spread."""
    return int(token(*names), 16) / 2**64


def poisson(rng: Random, mean: float) -> int:
    """A Poisson number by Knuth's product of uniforms; meant for small means."""
    count, product, floor = 0, rng.random(), exp(-mean)
    while product > floor:
        count += 1
        product *= rng.random()
    return count
