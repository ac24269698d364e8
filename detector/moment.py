"""A payment with everything that was known when it happened: the input of features and rules."""

from collections.abc import Mapping

from msgspec import Struct

from detector.geography import distance_km
from detector.habits import DAY_MS, log_ratio
from detector.history import Earlier, category_mean, earlier_than, habits_at
from detector.known_frauds import NOT_NAMED, KnownFrauds, known_frauds
from detector.state import Habits, UserState
from detector.user_events import device_is_confirmed
from detector.windows import HOUR_MS, Windows, windows_at
from weir.messages import Entity, Reputation, ReputationKey, Transaction

# With fewer earlier payments a user's habits are too uncertain to compare with. A round number; not measured.
COLD_BELOW = 5

# Otherwise two quick payments would give any speed. A round number; not measured.
SHORTEST_JOURNEY_H = 1 / 60

# A first-seen time that no event can have.
NO_EARLIER = -1

# A stranger's burst lasts minutes; a day stopped fewer good customers than counting a device at once (ADR 16).
OWN_AFTER_MS = DAY_MS


class Moment(Struct, kw_only=True):
    """A payment as of its event time. Everything about the user comes from earlier payments.

    `amount`, `otp_threshold` and `category_amount`, the user's usual amount in the merchant's category, are in base
    currency. `payments_a_day` is the user's rate over the whole history and one day more, this payment included; None
    on the first payment. The six `..._first_ms` are first-seen times, explained in `first_seen`. `own_device` is true
    if the user has used the device for a day or confirmed it. `reputation` is the merchant's among payments of the same
    kind, and `merchant_frauds` the features of its frauds.
    """

    state: UserState
    transaction: Transaction
    time_ms: int
    amount: float
    currency: str
    otp_threshold: float
    habits: Habits
    own_device: bool
    windows: Windows
    reputation: Reputation | None
    merchant_frauds: KnownFrauds
    device_frauds: KnownFrauds
    ip_frauds: KnownFrauds
    card_frauds: KnownFrauds
    amount_ratio: float | None
    category_amount: float | None
    payments_a_day: float | None
    device_first_ms: int | None
    merchant_first_ms: int | None
    category_first_ms: int | None
    country_first_ms: int | None
    ip_first_ms: int | None
    card_first_ms: int | None
    distance_km: float | None = None
    speed_kmh: float | None = None
    home_km: float | None = None

    @property
    def is_cold(self) -> bool:
        """Whether the user's history is too short to compare with."""
        return self.habits.count < COLD_BELOW


def moment_of(
    state: UserState,
    transaction: Transaction,
    *,
    time_ms: int,
    amount: float,
    currency: str,
    otp_threshold: float,
    reputation: Mapping[ReputationKey, Reputation],
) -> Moment:
    """Build the moment of a payment without changing the state."""
    habits, earlier = habits_at(state, time_ms), earlier_than(state, time_ms)
    merchant_id, category = transaction.merchant_id, transaction.merchant_category
    device_id, ip, card_id = transaction.device_id, transaction.ip or None, transaction.card_id
    device_first_ms = first_seen(state.devices, earlier, earlier.devices, device_id, time_ms)
    own_device = _is_own(state, device_id, device_first_ms, time_ms)
    merchant = reputation.get(ReputationKey("merchant", merchant_id, own_device)) if merchant_id is not None else None
    moment = Moment(
        state=state,
        transaction=transaction,
        time_ms=time_ms,
        amount=amount,
        currency=currency,
        otp_threshold=otp_threshold,
        habits=habits,
        own_device=own_device,
        windows=windows_at(earlier, state.panes, time_ms, otp_threshold),
        reputation=merchant,
        merchant_frauds=NOT_NAMED if merchant_id is None else known_frauds(merchant, time_ms),
        device_frauds=_frauds_of("device", device_id, reputation, time_ms),
        ip_frauds=_frauds_of("ip", ip, reputation, time_ms),
        card_frauds=_frauds_of("card", card_id, reputation, time_ms),
        amount_ratio=log_ratio(habits, amount),
        category_amount=None if category is None else category_mean(state, earlier, category),
        payments_a_day=_rate(habits, time_ms),
        device_first_ms=device_first_ms,
        merchant_first_ms=first_seen(state.merchants, earlier, earlier.merchants, merchant_id, time_ms),
        category_first_ms=first_seen(state.categories, earlier, earlier.categories, category, time_ms),
        country_first_ms=first_seen(state.countries, earlier, earlier.countries, transaction.country, time_ms),
        ip_first_ms=first_seen(state.ips, earlier, earlier.ips, ip, time_ms),
        card_first_ms=first_seen(state.cards, earlier, earlier.cards, card_id, time_ms),
    )
    _locate(moment)
    return moment


def _rate(habits: Habits, time_ms: int) -> float | None:
    return (habits.count + 1) / (max(0, time_ms - habits.first_ms) / DAY_MS + 1) if habits.count else None


def _frauds_of(
    entity: Entity, entity_id: str | None, reputation: Mapping[ReputationKey, Reputation], time_ms: int
) -> KnownFrauds:
    if entity_id is None:
        return NOT_NAMED
    return known_frauds(reputation.get(ReputationKey(entity, entity_id)), time_ms)


def _is_own(state: UserState, device_id: str | None, first_ms: int | None, time_ms: int) -> bool:
    """A stranger's device stops being new after one payment, but strangers do not wait a day."""
    if device_id is None:
        return False
    used_for_a_day = first_ms is not None and first_ms != NO_EARLIER and time_ms - first_ms >= OWN_AFTER_MS
    return used_for_a_day or device_is_confirmed(state, device_id, time_ms)


def first_seen(
    known: Mapping[str, int], earlier: Earlier, column: list[str | None], name: str | None, time_ms: int
) -> int | None:
    """Return when the user first used `name`, at or before `time_ms`; `known` is from compacted payments.

    The result is `NO_EARLIER` if the user has used others but not this one, and None if there is nothing to compare:
    the payment names none, or no earlier one is known.
    """
    if name is None:
        return None
    first_ms = known.get(name)
    if first_ms is not None and first_ms <= time_ms:
        return first_ms
    if name in column:
        return earlier.events[column.index(name)].time_ms
    return NO_EARLIER if known or column.count(None) < len(column) else None


def _locate(moment: Moment) -> None:
    """Set distances and speed if both this payment and an earlier one have a position."""
    habits, transaction = moment.habits, moment.transaction
    latitude, longitude = transaction.latitude, transaction.longitude
    if latitude is None or longitude is None or not habits.located:
        return
    moment.distance_km = distance_km(habits.last_latitude, habits.last_longitude, latitude, longitude)
    moment.home_km = distance_km(habits.home_latitude, habits.home_longitude, latitude, longitude)
    hours = (moment.time_ms - habits.last_located_ms) / HOUR_MS
    moment.speed_kmh = moment.distance_km / max(hours, SHORTEST_JOURNEY_H)
