"""Seeded traffic for benchmarks: users with homes, habits, merchants and devices, without fraud."""

import random
from collections.abc import Iterator
from typing import NamedTuple

from weir.messages import Transaction, encode

START_MS = 1_750_000_000_000
MERCHANTS = 2_000


def payments(count: int, users: int, prefix: str = "t", seed: int = 7) -> Iterator[tuple[bytes, bytes]]:
    """Yield `count` payments as (key, payload), one per second of event time. Their ids are `prefix` and a number."""
    rng = random.Random(seed)
    homes = [_home(rng, user) for user in range(users)]
    for number in range(count):
        payment = _payment(rng, rng.choice(homes), f"{prefix}{number}", START_MS + number * 1000 + rng.randrange(1000))
        yield payment.user_id.encode(), encode(payment)


class _Home(NamedTuple):
    user: int
    latitude: float
    longitude: float
    usual: float


def _home(rng: random.Random, user: int) -> _Home:
    return _Home(user, rng.uniform(40, 55), rng.uniform(-5, 20), rng.lognormvariate(3, 0.6))


def _payment(rng: random.Random, home: _Home, transaction_id: str, event_time_ms: int) -> Transaction:
    return Transaction(
        transaction_id=transaction_id,
        user_id=f"u{home.user}",
        event_time=event_time_ms,
        amount=round(home.usual * rng.lognormvariate(0, 0.7), 2),
        currency="EUR",
        card_id=f"c{home.user}",
        merchant_id=f"m{rng.randrange(MERCHANTS)}",
        merchant_category=rng.choice(["grocery", "fuel", "travel", "electronics", "restaurant"]),
        latitude=home.latitude + rng.gauss(0, 0.05),
        longitude=home.longitude + rng.gauss(0, 0.05),
        country="DE",
        device_id=f"d{home.user}-{rng.randrange(2)}",
    )
