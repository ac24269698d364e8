"""Which times can be meant, and how a customer's time of day reads.

Times that seconds or dates give when they are read as milliseconds cannot be meant.
"""

from weir.errors import InvalidRecord

EARLIEST_MS = 100_000_000_000
"""March 1973. An earlier time is what seconds since 1970 are as milliseconds, up to the year 5138."""

SKEW_MS = 5 * 60 * 1000
"""How far a labeler's clock may be fast. A round number; not measured."""

_DATES = range(19_000_101, 21_010_101)
"""Year, month and day as one number."""


def require_time(field: str, time_ms: int, latest_ms: int) -> int:
    """Return a time that can be meant.

    Raises:
        InvalidRecord: it is before March 1973, with a hint at what was sent instead, or after `latest_ms`.
    """
    if time_ms > latest_ms:
        raise InvalidRecord(field, f"is {time_ms - latest_ms} ms too far in the future")
    if time_ms >= EARLIEST_MS:
        return time_ms
    if time_ms in _DATES:
        hint = f"; {time_ms} looks like a date"
    else:
        hint = f"; {time_ms} looks like seconds" if time_ms >= EARLIEST_MS // 1000 else ""
    raise InvalidRecord(field, f"is before March 1973: it must be milliseconds since 1970, or ISO 8601{hint}")


def time_of_day(time_ms: int, offset_ms: int) -> str:
    """Return hours and minutes on a clock that is `offset_ms` ahead of UTC, and which clock that is.

    >>> time_of_day(79_200_000, 0), time_of_day(79_200_000, 19_800_000), time_of_day(79_200_000, -12_600_000)
    ('22:00 UTC', '03:30 UTC+05:30', '18:30 UTC-03:30')
    """
    minutes, ahead = (time_ms + offset_ms) // 60_000 % 1440, abs(offset_ms) // 60_000
    zone = f"{'-' if offset_ms < 0 else '+'}{ahead // 60:02d}:{ahead % 60:02d}" if ahead else ""
    return f"{minutes // 60:02d}:{minutes % 60:02d} UTC{zone}"
