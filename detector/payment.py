"""A payment as compiled code reads it: one record, with names as hashes and codes."""

from functools import lru_cache
from math import isnan, nan
from struct import Struct

from detector.attributes import Attributes
from detector.known_frauds import SUBJECTS
from detector.names import code_of, country_of, identity_of, name_of
from detector.records import INTEGER, NUMBER, record
from detector.state import EVENT
from weir.feature_schema import CODE_SLOTS, NUMBER_SLOTS
from weir.messages import Transaction
from weir.settings import DetectorSettings

PAYMENT = record(
    ("event", EVENT),
    ("spending", INTEGER),
    ("utc_offset_ms", NUMBER),
    ("amount", NUMBER),
    ("otp_threshold", NUMBER),
    ("category_code", NUMBER),
    ("country_code", NUMBER),
    ("channel_code", NUMBER),
    ("type_code", NUMBER),
    ("numbers", NUMBER, (len(NUMBER_SLOTS),)),
    ("codes", NUMBER, (len(CODE_SLOTS),)),
    ("subjects", SUBJECTS),
)
"""The event that the user's state keeps, and what only this payment's features need; what is missing is NaN.

`spending` is 0 for money back, which the user's history does not keep."""

_EVENT_TO_THRESHOLD = Struct("<2q2d6q2dq3d")
_CODES = Struct("<4d")
_ATTRIBUTES = Struct(f"<{len(NUMBER_SLOTS) + len(CODE_SLOTS)}d")
"""A record in three parts, before its subjects: the last two are alike in most payments."""


class Payments:
    """Makes the records of payments under a deployment's settings."""

    def __init__(self, settings: DetectorSettings) -> None:
        self._otp_threshold = settings.otp_threshold
        self.attributes = Attributes(settings.numeric_attributes, settings.categorical_attributes)
        self._no_attributes = _ATTRIBUTES.pack(*self.attributes.values({}))

    def record_of(
        self, transaction: Transaction, time_ms: int, amount: float, subjects: bytes, *, spending: bool = True
    ) -> bytes:
        """Return a payment's `PAYMENT`.

        `amount` is in base currency, and NaN if it is unknown or the payment spends nothing. `subjects` are its `SUBJECTS`.
        """
        category, country, codes = _coded(
            transaction.merchant_category, transaction.country, transaction.channel, transaction.type
        )
        device, ip, card = _customers(transaction.device_id, transaction.ip, transaction.card_id)
        latitude, longitude, told = transaction.latitude, transaction.longitude, transaction.attributes
        told_attributes = _ATTRIBUTES.pack(*self.attributes.values(told)) if told else self._no_attributes
        before = _EVENT_TO_THRESHOLD.pack(
            time_ms,
            identity_of(transaction.transaction_id),
            nan if isnan(amount) else round(amount * 100),
            nan,
            name_of(transaction.merchant_id),
            category,
            device,
            country,
            ip,
            card,
            nan if latitude is None else latitude,
            nan if longitude is None else longitude,
            spending,
            transaction.utc_offset_ms,
            amount,
            self._otp_threshold,
        )
        return before + codes + told_attributes + subjects


@lru_cache(maxsize=1 << 12)
def _coded(category: str | None, country: str | None, channel: str | None, kind: str | None) -> tuple[int, int, bytes]:
    """Return the names of category and country, and the codes of all four: payments share few combinations."""
    usual = country_of(country)
    codes = _CODES.pack(code_of(category), code_of(usual), code_of(channel), code_of(kind))
    return name_of(category), name_of(usual), codes


@lru_cache(maxsize=1 << 16)
def _customers(device: str | None, ip: str | None, card: str | None) -> tuple[int, int, int]:
    """Return the names of what a customer pays with: most use the same again."""
    return name_of(device), name_of(ip or None), name_of(card)
