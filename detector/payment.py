"""A payment as compiled code reads it: one record, with names as hashes and codes."""

from functools import lru_cache
from math import isnan, nan
from struct import Struct

import numpy as np

from detector.attributes import Attributes
from detector.known_frauds import SUBJECTS
from detector.names import code_of, identity_of, name_of
from detector.records import INTEGER, NUMBER, Bytes, record
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

_PACKED = Struct(f"<2qdd6q2dq7d{len(NUMBER_SLOTS) + len(CODE_SLOTS)}d")


class Payments:
    """Makes the records of payments under a deployment's settings."""

    def __init__(self, settings: DetectorSettings) -> None:
        self._otp_threshold = settings.otp_threshold
        self.attributes = Attributes(settings.numeric_attributes, settings.categorical_attributes)

    def record_of(
        self, transaction: Transaction, time_ms: int, amount: float, subjects: bytes, *, spending: bool = True
    ) -> Bytes:
        """Return a payment's record.

        `amount` is in base currency, and NaN if it is unknown or the payment spends nothing. `subjects` are its `SUBJECTS`.
        """
        category, country, *codes = _coded(
            transaction.merchant_category, transaction.country, transaction.channel, transaction.type
        )
        packed = _PACKED.pack(
            time_ms,
            identity_of(transaction.transaction_id),
            nan if isnan(amount) else float(round(amount * 100)),
            nan,
            name_of(transaction.merchant_id),
            category,
            name_of(transaction.device_id),
            country,
            name_of(transaction.ip or None),
            name_of(transaction.card_id),
            nan if transaction.latitude is None else transaction.latitude,
            nan if transaction.longitude is None else transaction.longitude,
            spending,
            transaction.utc_offset_ms,
            amount,
            self._otp_threshold,
            *codes,
            *self.attributes.values(transaction.attributes),
        )
        return np.frombuffer(packed + subjects, np.uint8)


@lru_cache(maxsize=1 << 12)
def _coded(category: str | None, country: str | None, channel: str | None, kind: str | None) -> tuple[float, ...]:
    """Return the names of category and country and the codes of all four: payments share few combinations."""
    names = name_of(category), name_of(country)
    return *names, code_of(category), code_of(country), code_of(channel), code_of(kind)
