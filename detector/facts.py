"""The facts of a payment: the numbers known about it when it happened, the input of features and rules."""

from math import isnan, nan
from typing import Any, NamedTuple

from detector.geography import distance_km
from detector.habits import DAY_MS, log_ratio
from detector.history import NO_EARLIER, category_mean, first_seen, habits_at
from detector.known_frauds import KNOWN
from detector.names import NO_NAME
from detector.records import NUMBER, Bytes, flag, record
from detector.state import CARD, CATEGORY, COUNTRY, DEVICE, IP, MERCHANT, header_of
from detector.user_events import device_is_confirmed, failed_challenges, trip_covers
from detector.windows import HOUR_MS, look_at_windows
from weir.compiled import compiled

# With fewer earlier payments a user's habits are too uncertain to compare with. A round number; not measured.
COLD_BELOW = 5

# Otherwise two quick payments would give any speed. A round number; not measured.
SHORTEST_JOURNEY_H = 1 / 60

# A stranger's burst lasts minutes; a day stopped fewer good customers than counting a device at once (ADR 16).
OWN_AFTER_MS = DAY_MS

DAYS_OF_WEEK = 7.0

# A customer is not trusted while the last challenge in this window failed. A round number; not measured.
CHALLENGES_REMEMBERED_MS = 60 * DAY_MS


class Facts(NamedTuple):
    """A payment as of its event time. Everything about the user comes from earlier payments.

    Times are event times in milliseconds; `local_ms` is the event time on the customer's own clock. Amounts are in base
    currency, counts are of payments unless they say otherwise, and what is missing is NaN. `..._10m` and the like are
    windows (`detector.windows`).

    `tiny_10m` counts amounts of at most a tenth of the OTP threshold, `under_1h` those below it and `just_under_1h`
    those from half of it up to it. `ratio_24h` and `ratio_7d` are the highest amount ratios. `payments_a_day` is the
    user's rate over the whole history and one day more, this payment included; missing on the first payment.
    `recent_payments_a_day` is that over 30 days or since the first payment, but at least a day. `week_days` are the
    days of a week, or of a younger history: compared with a whole week, it would show its age, and each of its ages
    would be new to the model. `category_amount` is the usual amount in the merchant's category. The six `..._first_ms`
    are explained at `first_seen`. `cold` is 1 if the history is too short to compare with, `new_device` if the user has
    used other devices but never this one and has not confirmed it, `own_device` if the user has used the device for a
    day or confirmed it, and `window_truncated` if the last day's payments are not all kept one by one. The merchant's
    numbers are its reputation among payments of the same kind.
    """

    time_ms: float
    local_ms: float
    amount: float
    otp_threshold: float
    located: float
    merchant_named: float
    device_named: float
    category_code: float
    country_code: float
    channel_code: float
    type_code: float
    attribute_number_1: float
    attribute_number_2: float
    attribute_number_3: float
    attribute_number_4: float
    attribute_code_1: float
    attribute_code_2: float
    attribute_code_3: float
    attribute_code_4: float

    payments: float
    cold: float
    first_ms: float
    last_ms: float
    usual_amount: float
    log_mean: float
    log_variance: float
    hour_sin: float
    hour_cos: float

    count_20s: float
    amount_20s: float
    count_30s: float
    amount_30s: float
    count_10m: float
    tiny_10m: float
    amount_10m: float
    count_1h: float
    under_1h: float
    just_under_1h: float
    amount_1h: float
    count_24h: float
    amount_24h: float
    ratio_24h: float
    count_7d: float
    amount_7d: float
    ratio_7d: float
    count_30d: float
    amount_30d: float
    session_count: float
    session_amount: float
    session_start_ms: float
    count_today: float
    amount_today: float

    amount_ratio: float
    category_amount: float
    payments_a_day: float
    week_days: float
    recent_payments_a_day: float
    merchant_first_ms: float
    category_first_ms: float
    device_first_ms: float
    country_first_ms: float
    ip_first_ms: float
    card_first_ms: float
    new_device: float
    own_device: float
    trip_confirmed: float
    challenges_failed_24h: float
    challenges_failed_60d: float
    window_truncated: float

    distance_km: float
    speed_kmh: float
    home_km: float

    merchant_known: float
    merchant_frauds: float
    merchant_victims: float
    merchant_legitimate: float
    merchant_fraud_rate: float
    merchant_fraud_run: float


FACTS = record(*((name, NUMBER) for name in Facts._fields))


@compiled
def look(state: Bytes, earlier: int, paid: Any, facts: Any) -> None:
    """Fill in the facts of a payment after the first `earlier` of those that are kept one by one."""
    habits = habits_at(state, earlier)
    _look_at_payment(facts, paid)
    _look_at_habits(facts, habits)
    look_at_windows(state, earlier, facts)
    truncated_ms = header_of(state).truncated_ms
    facts.window_truncated = flag(truncated_ms > max(0.0, facts.time_ms - DAY_MS))
    facts.recent_payments_a_day = facts.count_30d / max(1.0, min(30.0, (facts.time_ms - facts.first_ms) / DAY_MS))
    facts.category_amount = category_mean(state, earlier, paid.event.names[CATEGORY])
    _look_at_names(state, earlier, facts, paid.event)
    _look_at_user_events(state, facts, paid.event)
    _look_at_place(facts, habits, paid.event)
    _look_at_merchant(facts, merchant_of(facts, paid))


@compiled
def _look_at_payment(facts: Any, paid: Any) -> None:
    facts.time_ms, facts.amount, facts.otp_threshold = float(paid.event.time_ms), paid.amount, paid.otp_threshold
    facts.local_ms = facts.time_ms + paid.utc_offset_ms
    facts.located = flag(not (isnan(paid.event.latitude) or isnan(paid.event.longitude)))
    facts.merchant_named = flag(paid.event.names[MERCHANT] != NO_NAME)
    facts.device_named = flag(paid.event.names[DEVICE] != NO_NAME)
    facts.category_code, facts.country_code = paid.category_code, paid.country_code
    facts.channel_code, facts.type_code = paid.channel_code, paid.type_code
    facts.attribute_number_1, facts.attribute_number_2 = paid.numbers[0], paid.numbers[1]
    facts.attribute_number_3, facts.attribute_number_4 = paid.numbers[2], paid.numbers[3]
    facts.attribute_code_1, facts.attribute_code_2 = paid.codes[0], paid.codes[1]
    facts.attribute_code_3, facts.attribute_code_4 = paid.codes[2], paid.codes[3]


@compiled
def _look_at_habits(facts: Any, habits: Any) -> None:
    facts.payments, facts.usual_amount = float(habits.count), habits.amount
    facts.first_ms, facts.last_ms = float(habits.first_ms), float(habits.last_ms)
    facts.log_mean, facts.log_variance = habits.log_mean, habits.log_variance
    facts.hour_sin, facts.hour_cos = habits.hour_sin, habits.hour_cos
    facts.amount_ratio = log_ratio(habits, facts.amount)
    days = max(0.0, facts.time_ms - habits.first_ms) / DAY_MS + 1
    facts.payments_a_day = (habits.count + 1) / days if habits.count else nan
    facts.week_days = min(DAYS_OF_WEEK, days)
    facts.cold = flag(habits.count < COLD_BELOW)


@compiled
def _look_at_names(state: Bytes, earlier: int, facts: Any, event: Any) -> None:
    facts.merchant_first_ms = first_seen(state, earlier, event, MERCHANT)
    facts.category_first_ms = first_seen(state, earlier, event, CATEGORY)
    facts.device_first_ms = first_seen(state, earlier, event, DEVICE)
    facts.country_first_ms = first_seen(state, earlier, event, COUNTRY)
    facts.ip_first_ms = first_seen(state, earlier, event, IP)
    facts.card_first_ms = first_seen(state, earlier, event, CARD)


@compiled
def _look_at_user_events(state: Bytes, facts: Any, event: Any) -> None:
    """A stranger's device stops being new after one payment, but strangers do not wait a day."""
    device, time_ms, first_ms = event.names[DEVICE], event.time_ms, facts.device_first_ms
    confirmed = device != NO_NAME and device_is_confirmed(state, device, time_ms)
    used_for_a_day = first_ms != NO_EARLIER and time_ms - first_ms >= OWN_AFTER_MS  # false if missing
    facts.own_device = flag(used_for_a_day or confirmed)
    facts.new_device = flag(first_ms == NO_EARLIER and not confirmed)
    facts.trip_confirmed = flag(trip_covers(state, event.names[COUNTRY], time_ms))
    facts.challenges_failed_24h = float(failed_challenges(state, time_ms, DAY_MS))
    facts.challenges_failed_60d = float(failed_challenges(state, time_ms, CHALLENGES_REMEMBERED_MS))


@compiled
def _look_at_place(facts: Any, habits: Any, event: Any) -> None:
    """Measure distances and speed if both this payment and an earlier one have a position."""
    facts.distance_km = facts.speed_kmh = facts.home_km = nan
    if facts.located and habits.located:
        latitude, longitude = event.latitude, event.longitude
        facts.distance_km = distance_km(habits.last_latitude, habits.last_longitude, latitude, longitude)
        facts.home_km = distance_km(habits.home_latitude, habits.home_longitude, latitude, longitude)
        hours = (event.time_ms - habits.last_located_ms) / HOUR_MS
        facts.speed_kmh = facts.distance_km / max(hours, SHORTEST_JOURNEY_H)


@compiled
def merchant_of(facts: Any, paid: Any) -> Any:
    """Return the merchant's reputation among payments of the same kind."""
    return paid.subjects.merchant_own if facts.own_device else paid.subjects.merchant_others


@compiled
def _look_at_merchant(facts: Any, merchant: Any) -> None:
    facts.merchant_known = flag(merchant.known == KNOWN)
    facts.merchant_frauds, facts.merchant_legitimate = merchant.known_frauds, merchant.known_legitimate
    facts.merchant_victims, facts.merchant_fraud_run = merchant.known_victims, merchant.fraud_run
    facts.merchant_fraud_rate = merchant.fraud_rate
