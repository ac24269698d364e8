"""The features' schema: every feature's name and kind, in their fixed order.

The detector computes a feature, the learner bins it by its kind, and neither knows the other. A name never changes its
meaning, because the learning log keeps old values: a changed feature gets a new name.
"""

from collections.abc import Mapping, Sequence
from itertools import repeat
from math import nan
from typing import Literal

import numpy as np
from msgspec import Struct

from weir.compiled import Floats, Integers, compiled, warm_up

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
]
"""What a number measures, which decides how it is binned (`weir.bins`)."""


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
        count_30s="log_count",
        count_10m="log_count",
        count_1h="log_count",
        count_24h="log_count",
        count_7d="log_count",
        count_30d="log_count",
        amount_1h="log_amount",
        amount_24h="log_amount",
        amount_7d="log_amount",
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
    ),
    *_rows(
        "location",
        distance_km="log_km",
        speed_kmh="log_kmh",
        home_distance_km="log_km",
        country_new="flag",
        countries_24h="log_count",
        country_code="code",
        location_missing="flag",
    ),
    *_rows(
        "device",
        device_new="flag",
        device_own="flag",
        device_age_days="log_days",
        devices_24h="log_count",
        device_missing="flag",
    ),
    *_known_frauds("device"),
    *_rows("ip", ip_new="flag", ips_24h="log_count"),
    *_known_frauds("ip"),
    *_rows("card", card_new="flag", cards_24h="log_count"),
    *_known_frauds("card"),
    *_rows(
        "merchant",
        merchant_new="flag",
        category_new="flag",
        category_code="code",
        merchants_24h="log_count",
        merchant_missing="flag",
        merchant_fraud_rate="odds",
        merchant_fraud_share="share",
        merchant_known_frauds="log_count",
    ),
    *_known_frauds("merchant"),
    *_rows("payment", channel_code="code", type_code="code"),
    *_rows("time", hour="hour", night="flag", hour_unusual="share"),
    *_rows("history", payments_known="log_count", history_cold="flag", challenge_failed="log_count"),
)
NAMES = tuple(row.name for row in FEATURES)
ROW_OF = {row.name: row for row in FEATURES}
KIND_OF = {row.name: row.kind for row in FEATURES}


def vector_of(features: Mapping[str, float]) -> Floats:
    """Return a payment's features in the schema's order; a missing one is NaN."""
    return np.fromiter(map(features.get, NAMES, repeat(nan)), np.float64, len(NAMES))


def places_of(names: Sequence[str]) -> Integers:
    """Return where a model's features are in the schema's order; -1 if the schema no longer has one.

    >>> places_of(["log_amount", "weather"]).tolist()
    [0, -1]
    """
    return np.array([NAMES.index(name) if name in ROW_OF else -1 for name in names], np.int64)


@compiled
def arranged(vector: Floats, places: Integers) -> Floats:
    """Return the features at these places; NaN for the place -1."""
    chosen = np.empty(len(places))
    for nth in range(len(places)):
        chosen[nth] = vector[places[nth]] if places[nth] >= 0 else nan
    return chosen


@warm_up
def _arrange() -> None:
    arranged(vector_of({}), places_of(NAMES[:1]))
