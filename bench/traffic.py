"""Seeded traffic for measurements: users with homes, habits, merchants and devices; no planted fraud."""

import random
from collections.abc import Iterator

from weir.messages import Transaction, encode

START_MS = 1_750_000_000_000
MERCHANTS = 2_000


def payments(count: int, users: int, seed: int = 7) -> Iterator[tuple[bytes, bytes]]:
    """`count` payments as (key, payload), a second of event time apart on average over all users."""
    rng = random.Random(seed)
    homes = [(rng.uniform(40, 55), rng.uniform(-5, 20), rng.lognormvariate(3, 0.6)) for _ in range(users)]
    for number in range(count):
        user = rng.randrange(users)
        yield f"u{user}".encode(), encode(_payment(rng, number, user, *homes[user]))


def _payment(rng: random.Random, number: int, user: int, latitude: float, longitude: float, usual: float) -> Transaction:
    return Transaction(
        transaction_id=f"t{number}",
        user_id=f"u{user}",
        event_time=START_MS + number * 1000 + rng.randrange(1000),
        amount=round(usual * rng.lognormvariate(0, 0.7), 2),
        currency="EUR",
        card_id=f"c{user}",
        merchant_id=f"m{rng.randrange(MERCHANTS)}",
        merchant_category=rng.choice(["grocery", "fuel", "travel", "electronics", "restaurant"]),
        latitude=latitude + rng.gauss(0, 0.05),
        longitude=longitude + rng.gauss(0, 0.05),
        country="DE",
        device_id=f"d{user}-{rng.randrange(2)}",
    )
