"""The features' schema: every feature's name and kind, in their fixed order.

The detector computes a feature, the learner bins it by its kind, and neither knows the other. A name never changes its
meaning, because the learning log keeps old values: a changed feature gets a new name.
"""

from typing import Literal

from msgspec import Struct

from weir.former_schemas import FORMER_NAMES

Kind = Literal[
    "log_amount",
    "log_ratio",
    "log_count",
    "log_seconds",
    "log_days",
    "log_km",
    "log_kmh",
    "odds",
    "unexplained",
    "share",
    "deviations",
    "hour",
    "flag",
    "code",
    "attribute_code",
    "number",
]
"""What a number measures, which decides how it is binned (`weir.bins`); of a `number` nothing is known."""


class FeatureRow(Struct, frozen=True):
    """A feature as all components know it; `group` is the family that it is explained with."""

    name: str
    group: str
    kind: Kind


def _rows(group: str, **kinds: Kind) -> list[FeatureRow]:
    return [FeatureRow(name, group, kind) for name, kind in kinds.items()]


def _known_frauds(entity: str) -> list[FeatureRow]:
    """The known frauds of a merchant, device, IP address or card, in the order of `detector.known_frauds`."""
    kinds: dict[str, Kind] = {
        "fraud_run": "log_count",
        "unexplained_frauds": "unexplained",
        "run_days": "log_days",
        "legitimate_days": "log_days",
        "fraud_age_days": "log_days",
        "fraud_odds_3d": "odds",
        "fraud_odds_10d": "odds",
        "fraud_odds_30d": "odds",
    }
    return [FeatureRow(f"{entity}_{name}", entity, kind) for name, kind in kinds.items()]


WINDOWS = {
    "20s": 20_000,
    "30s": 30_000,
    "10m": 600_000,
    "1h": 3_600_000,
    "24h": 86_400_000,
    "7d": 7 * 86_400_000,
    "30d": 30 * 86_400_000,
}
"""The sliding windows of counts, sums and distinct names, in milliseconds (`detector.windows`)."""

DISTINCT = {"merchants": "merchant", "devices": "device", "ips": "ip", "cards": "card", "countries": "location"}
"""What is counted without repetition in each window, and the group that explains it."""

NUMBER_SLOTS = tuple(f"attribute_number_{slot}" for slot in (1, 2, 3, 4))
CODE_SLOTS = tuple(f"attribute_code_{slot}" for slot in (1, 2, 3, 4))
"""Features whose meaning the deployment declares (`detector.numeric_attributes`, `detector.categorical_attributes`)."""

FEATURES: tuple[FeatureRow, ...] = (
    *_rows(
        "amount",
        log_amount="log_amount",
        amount_ratio="log_ratio",
        max_amount_ratio_24h="log_ratio",
        max_amount_ratio_7d="log_ratio",
        category_amount_ratio="log_ratio",
        amount_z="deviations",
    ),
    *_rows(
        "velocity",
        count_20s="log_count",
        count_30s="log_count",
        count_10m="log_count",
        count_1h="log_count",
        count_24h="log_count",
        count_7d="log_count",
        count_30d="log_count",
        amount_20s="log_amount",
        amount_30s="log_amount",
        amount_10m="log_amount",
        amount_1h="log_amount",
        amount_24h="log_amount",
        amount_7d="log_amount",
        amount_30d="log_amount",
        small_count_1h="log_count",
        pace_ratio_1h="log_ratio",
        pace_ratio="log_ratio",
        week_pace_ratio="log_ratio",
        spend_ratio_1h="log_ratio",
        spend_ratio_24h="log_ratio",
        week_spend_ratio="log_ratio",
        seconds_since_last="log_seconds",
        session_count="log_count",
        session_amount="log_amount",
        session_duration="log_seconds",
        count_today="log_count",
        amount_today="log_amount",
    ),
    *(FeatureRow(f"{names}_{window}", group, "log_count") for names, group in DISTINCT.items() for window in WINDOWS),
    *_rows(
        "location",
        distance_km="log_km",
        speed_kmh="log_kmh",
        home_distance_km="log_km",
        country_new="flag",
        country_code="code",
        location_missing="flag",
    ),
    *_rows(
        "device",
        device_new="flag",
        device_own="flag",
        device_age_days="log_days",
        device_missing="flag",
    ),
    *_known_frauds("device"),
    *_rows("ip", ip_new="flag"),
    *_known_frauds("ip"),
    *_rows("card", card_new="flag"),
    *_known_frauds("card"),
    *_rows(
        "merchant",
        merchant_new="flag",
        category_new="flag",
        category_code="code",
        merchant_missing="flag",
        merchant_fraud_rate="odds",
        merchant_fraud_share="share",
        merchant_known_frauds="log_count",
    ),
    *_known_frauds("merchant"),
    *_rows("payment", channel_code="code", type_code="code"),
    *(FeatureRow(name, "attributes", "number") for name in NUMBER_SLOTS),
    *(FeatureRow(name, "attributes", "attribute_code") for name in CODE_SLOTS),
    *_rows("time", hour="hour", night="flag", hour_unusual="share"),
    *_rows("history", payments_known="log_count", history_cold="flag", challenge_failed="log_count"),
)
NAMES = tuple(row.name for row in FEATURES)
LOG_AMOUNT = NAMES.index("log_amount")
"""The place of the only feature that every payment has and that the rules read as the models do."""

ROW_OF = {row.name: row for row in FEATURES}
KIND_OF = {row.name: row.kind for row in FEATURES}

SCHEMA = 3
"""The number of this list of names. Messages carry it beside their values; in schema 1 each value had its name.

To add, remove or move a feature, raise it and put the names as they were into `weir.former_schemas`.
"""

NAMES_OF = FORMER_NAMES | {SCHEMA: NAMES}
