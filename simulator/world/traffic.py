"""The traffic: a world of users whose legitimate and fraudulent payments come in the order of event time, for ever.

The same settings give the same bytes. Everything is drawn from streams that are named by purpose, day and user, so that
switching the new kind on leaves every other payment as it was.
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
"""2020-01-06T00:00Z, a Monday."""

USER_PAYMENTS_A_DAY = 3.0


@dataclass(frozen=True)
class TrafficSettings:
    """What the traffic depends on.

    `rate_per_s` counts payments per second of wall time, in which `speed` seconds of event time pass. Frauds of the
    known kinds are `fraud_share` of all; `new_kind_per_day` ones of the new kind come on top from `new_kind_from_ms`
    on (None: never), per day of event time; None scales them with the traffic: a ninetieth of it.
    """

    seed: int = 7
    rate_per_s: float = 50.0
    speed: float = 1440.0
    start_ms: int = START_MS
    fraud_share: float = 0.015
    new_kind_from_ms: int | None = None
    new_kind_per_day: float | None = None

    @property
    def payments_a_day(self) -> float:
        """Payments in a day of event time."""
        return self.rate_per_s * DAY_MS / 1000 / self.speed

    @property
    def users(self) -> int:
        """How many users pay that much."""
        return max(1, round(self.payments_a_day / USER_PAYMENTS_A_DAY))

    @property
    def new_kind_a_day(self) -> float:
        """Payments of the new kind in a day of event time."""
        return self.payments_a_day / 90 if self.new_kind_per_day is None else self.new_kind_per_day


def traffic(settings: TrafficSettings) -> Iterator[Payment]:
    """All payments from `start_ms` on, by event time and then by id; it never ends."""
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
    """Users and merchants; the days have to be asked for in order."""

    def __init__(self, settings: TrafficSettings) -> None:
        self._settings, self._seed = settings, settings.seed
        self._market = Market(settings.seed)
        legitimate_a_day = settings.payments_a_day * (1 - settings.fraud_share)
        count = settings.users
        self._lives = [Life(user) for user in users_of(self._seed, self._market, count, legitimate_a_day / count)]
        self._ring = MuleRing(self._seed, count, settings.new_kind_a_day)

    def day(self, day: int) -> list[Payment]:
        """The payments that begin on a day, in no order; none is before the day."""
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
