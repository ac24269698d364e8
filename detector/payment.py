"""A payment as compiled code reads it: one record, with names as hashes and codes."""

from functools import lru_cache
from math import nan
from struct import Struct
from zlib import crc32

import numpy as np

from detector.names import name_of
from detector.records import NUMBER, Bytes, record
from detector.state import EVENT
from weir.bins import CODES
from weir.feature_schema import CODE_SLOTS, NUMBER_SLOTS
from weir.messages import Transaction

PAYMENT = record(
    ("event", EVENT),
    ("amount", NUMBER),
    ("otp_threshold", NUMBER),
    ("category_code", NUMBER),
    ("country_code", NUMBER),
    ("channel_code", NUMBER),
    ("type_code", NUMBER),
    ("numbers", NUMBER, (len(NUMBER_SLOTS),)),
    ("codes", NUMBER, (len(CODE_SLOTS),)),
)
"""The event that the user's state keeps, and what only this payment's features need; what is missing is NaN."""

_PACKED = Struct(f"<qdd6q2d6d{len(NUMBER_SLOTS) + len(CODE_SLOTS)}d")


def payment_of(
    transaction: Transaction, time_ms: int, amount: float, otp_threshold: float, attributes: tuple[float, ...]
) -> Bytes:
    """Return a payment's record; `amount` and `otp_threshold` are in base currency, `attributes` the declared ones."""
    category, country = transaction.merchant_category, transaction.country
    packed = _PACKED.pack(
        time_ms,
        float(round(amount * 100)),
        nan,
        name_of(transaction.merchant_id),
        name_of(category),
        name_of(transaction.device_id),
        name_of(country),
        name_of(transaction.ip or None),
        name_of(transaction.card_id),
        nan if transaction.latitude is None else transaction.latitude,
        nan if transaction.longitude is None else transaction.longitude,
        amount,
        otp_threshold,
        code_of(category),
        code_of(country),
        code_of(transaction.channel),
        code_of(transaction.type),
        *attributes,
    )
    return np.frombuffer(packed, np.uint8)


@lru_cache(maxsize=1 << 12)
def code_of(text: str | None) -> float:
    """Return the code of a text, the same on every machine; different texts may share one."""
    return nan if text is None else float(crc32(text.encode()) % CODES)
