"""Format numbers and times for people."""

from datetime import UTC, datetime

from weir.messages import LAST_MS

SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}
SECOND_MS, MINUTE_MS, HOUR_MS, DAY_MS = 1000, 60_000, 3_600_000, 86_400_000
_UNITS = ((DAY_MS, "day"), (HOUR_MS, "hour"), (MINUTE_MS, "minute"), (SECOND_MS, "second"))
_WHOLE_FROM, _NEARLY = 10, 0.95


def money(amount: float, currency: str, decimals: int = 2) -> str:
    """Format an amount with its currency.

    >>> money(18240.4, "EUR", 0)
    '18,240 €'
    """
    return f"{amount:,.{decimals}f} {SIGNS.get(currency, currency)}"


def span(ms: float) -> str:
    """Format a duration in its largest unit.

    >>> span(90_000), span(86_000_000), span(2_500_000_000)
    ('1.5 minutes', '1 day', '29 days')
    """
    size, unit = next((pair for pair in _UNITS if ms >= _NEARLY * pair[0]), _UNITS[-1])
    count = ms / size
    whole = size == SECOND_MS or count >= _WHOLE_FROM or abs(count - round(count)) <= 1 - _NEARLY
    number = f"{count:.0f}" if whole else f"{count:.1f}"
    return f"{number} {unit}" if number == "1" else f"{number} {unit}s"


def ago(ms: float) -> str:
    """Format an age in its short form.

    >>> ago(400), ago(42_000), ago(7_200_000)
    ('now', '42 s', '2 h')
    """
    if ms < 2 * SECOND_MS:
        return "now"
    if ms < 2 * MINUTE_MS:
        return f"{ms / SECOND_MS:.0f} s"
    return f"{ms / MINUTE_MS:.0f} min" if ms < 2 * HOUR_MS else f"{ms / HOUR_MS:.0f} h"


def clock(wall_ms: float) -> str:
    """Format a wall time as a time of day in UTC, without the date."""
    return f"{_utc(wall_ms):%H:%M:%S} UTC"


def moment(event_ms: float) -> str:
    """Format a date and a time in UTC.

    >>> moment(1_750_000_000_000)
    'Sun 15 Jun 2025, 15:06'
    """
    return f"{_utc(event_ms):%a %-d %b %Y, %H:%M}"


def _utc(ms: float) -> datetime:
    """Return the nearest time from 1970 to 9999, because a foreign record may hold any number."""
    return datetime.fromtimestamp(min(max(ms, 0), LAST_MS) / 1000, UTC)


def plural(count: int, one: str, many: str | None = None) -> str:
    """Format a count with its noun.

    >>> plural(1, "alert"), plural(1204, "alert")
    ('1 alert', '1,204 alerts')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"
