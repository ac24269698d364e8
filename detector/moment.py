"""A payment with everything that was known when it happened: the input of features and rules."""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter

from msgspec import Struct

from detector.geography import distance_km
from detector.habits import DAY_MS, log_ratio
from detector.history import habits_at
from detector.state import Event, Habits, UserState
from detector.user_events import device_is_confirmed
from detector.windows import HOUR_MS, Windows, windows_at
from weir.messages import Reputation, ReputationKey, Transaction

# With fewer earlier payments a user's habits are too uncertain to compare with. A round number; not measured.
COLD_BELOW = 5

# Otherwise two quick payments would give any speed. A round number; not measured.
SHORTEST_JOURNEY_H = 1 / 60

# A first-seen time that no event can have.
NO_EARLIER = -1

# A stranger's burst lasts minutes; a day stopped fewer good customers than counting a device at once (ADR 16).
OWN_AFTER_MS = DAY_MS

Part = Callable[[Event], str | None]


class Moment(Struct, kw_only=True):
    """A payment as of its event time. Everything about the user comes from earlier payments.

    `amount` and `otp_threshold` are in base currency. The four `..._first_ms` are first-seen times, explained in
    `first_seen`. `own_device` is true if the user has used the device for a day or confirmed it. `reputation` is the
    merchant's among payments of the same kind.
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
    amount_ratio: float | None
    device_first_ms: int | None
    merchant_first_ms: int | None
    category_first_ms: int | None
    country_first_ms: int | None
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
    habits, merchant_id = habits_at(state, time_ms), transaction.merchant_id
    device_first_ms = first_seen(state.devices, state.recent, _device, transaction.device_id, time_ms)
    own_device = _is_own(state, transaction.device_id, device_first_ms, time_ms)
    moment = Moment(
        state=state,
        transaction=transaction,
        time_ms=time_ms,
        amount=amount,
        currency=currency,
        otp_threshold=otp_threshold,
        habits=habits,
        own_device=own_device,
        windows=windows_at(state, time_ms, otp_threshold),
        reputation=reputation.get(ReputationKey(merchant_id, own_device)) if merchant_id is not None else None,
        amount_ratio=log_ratio(habits, amount),
        device_first_ms=device_first_ms,
        merchant_first_ms=first_seen(state.merchants, state.recent, _merchant, merchant_id, time_ms),
        category_first_ms=first_seen(state.categories, state.recent, _category, transaction.merchant_category, time_ms),
        country_first_ms=first_seen(state.countries, state.recent, _country, transaction.country, time_ms),
    )
    _locate(moment)
    return moment


_device, _merchant = attrgetter("device_id"), attrgetter("merchant_id")
_category, _country = attrgetter("category"), attrgetter("country")


def _is_own(state: UserState, device_id: str | None, first_ms: int | None, time_ms: int) -> bool:
    """A stranger's device stops being new after one payment, but strangers do not wait a day."""
    if device_id is None:
        return False
    used_for_a_day = first_ms is not None and first_ms != NO_EARLIER and time_ms - first_ms >= OWN_AFTER_MS
    return used_for_a_day or device_is_confirmed(state, device_id, time_ms)


def first_seen(
    known: Mapping[str, int], recent: Sequence[Event], part: Part, name: str | None, time_ms: int
) -> int | None:
    """Return when the user first used `name`, at or before `time_ms`.

    The result is `NO_EARLIER` if the user has used others but not this one, and None if there is nothing to compare:
    the payment names none, or no earlier one is known.
    """
    if name is None:
        return None
    first_ms = known.get(name)
    if first_ms is not None and first_ms <= time_ms:
        return first_ms
    any_earlier = bool(known)
    for event in recent:
        if event.time_ms > time_ms:
            break
        earlier = part(event)
        if earlier == name:
            return event.time_ms
        any_earlier = any_earlier or earlier is not None
    return NO_EARLIER if any_earlier else None


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
