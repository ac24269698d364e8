"""The traffic: an endless sequence of legitimate and fraudulent payments of one population, ordered by event time.

The same settings give the same bytes. All random draws come from streams named by purpose, day and user, so switching
the new kind on changes no other payment.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from simulator.world.everyday import payments_of
from simulator.world.frauds import frauds_of
from simulator.world.life import Life
from simulator.world.merchants import Market
from simulator.world.mule_shops import MuleRing
from simulator.world.payment import Payment
from simulator.world.scene import Scene
from simulator.world.streams import stream
from simulator.world.users import DAY_MS, users_of

START_MS = 1_578_268_800_000
"""2020-01-06T00:00Z, a Monday: a fixed past date, so no event is ever in the future (ADR 15)."""

# Gives the demo 1,000 users with about 20 payments each in the week of history; the detector calls fewer than 5 a cold
# history. Chosen for the demo's story, not taken from data.
USER_PAYMENTS_A_DAY = 3.0

# A payment of the new kind comes with every 90 others. Tuned on development seeds 1 to 6 for the demo's story: the 32
# hours of its attack have about 42 such payments.
NEW_KIND_ONE_IN = 90


@dataclass(frozen=True)
class TrafficSettings:
    """Everything that determines the traffic.

    `rate_per_s` is payments per second of wall time, in which `speed` seconds of event time pass. `fraud_share` is the
    share of the known kinds of fraud among them. From `new_kind_from_ms` on (None: never), `new_kind_per_day` payments
    of the new kind come on top per day of event time (None: one for every `NEW_KIND_ONE_IN` payments).
    """

    seed: int = 7
    rate_per_s: float = 50.0
    speed: float = 1440.0
    start_ms: int = START_MS
    # Chosen for the demo's story: 45 frauds a day, from which a week of history trains a first model.
    fraud_share: float = 0.015
    new_kind_from_ms: int | None = None
    new_kind_per_day: float | None = None

    @property
    def payments_a_day(self) -> float:
        """Mean number of payments in a day of event time, without the new kind."""
        return self.rate_per_s * DAY_MS / 1000 / self.speed

    @property
    def users(self) -> int:
        return max(1, round(self.payments_a_day / USER_PAYMENTS_A_DAY))

    @property
    def new_kind_a_day(self) -> float:
        return self.payments_a_day / NEW_KIND_ONE_IN if self.new_kind_per_day is None else self.new_kind_per_day


def traffic(settings: TrafficSettings) -> Iterator[Payment]:
    """Yield payments from `start_ms` on without end, ordered by event time and then by transaction id."""
    world, day, pending = World(settings), 0, list[Payment]()
    while True:
        pending += world.day(day)
        pending.sort(key=_order)
        end_ms = settings.start_ms + (day + 1) * DAY_MS
        yield from (payment for payment in pending if payment.event_time_ms < end_ms)
        pending = [payment for payment in pending if payment.event_time_ms >= end_ms]
        day += 1


def _order(payment: Payment) -> tuple[int, str]:
    return payment.event_time_ms, payment.transaction.transaction_id


class World:
    """Users and merchants. Ask for every day in order: users' lives go on from day to day."""

    def __init__(self, settings: TrafficSettings) -> None:
        self._settings, self._seed = settings, settings.seed
        self._market = Market(settings.seed)
        legitimate_a_day = settings.payments_a_day * (1 - settings.fraud_share)
        count = settings.users
        self._lives = [Life(user) for user in users_of(self._seed, self._market, count, legitimate_a_day / count)]
        self._ring = MuleRing(self._seed, count, settings.new_kind_a_day)

    def day(self, day: int) -> list[Payment]:
        """Return a day's payments, unordered. None is before the day, but a burst may run into the next one."""
        start_ms = self._settings.start_ms + day * DAY_MS
        paid = [self._everyday(life, day, start_ms) for life in self._lives]
        scene = Scene(self._seed, day, start_ms, self._market, self._lives, paid)
        payments = [payment for payments in paid for payment in payments]
        payments += frauds_of(scene, self._settings.payments_a_day * self._settings.fraud_share)
        if self._settings.new_kind_from_ms is not None:
            payments += self._ring.payments_of(scene, self._settings.new_kind_from_ms)
        return payments

    def _everyday(self, life: Life, day: int, start_ms: int) -> list[Payment]:
        rng = stream(self._seed, "day", day, life.user.number)
        life.begin_day(start_ms, rng)
        return list(payments_of(life, self._market, day, start_ms, rng))
