"""Helpers for texts that analysts read."""

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 24 * 3600


def plural(count: float, noun: str, nouns: str | None = None) -> str:
    """Return a count, rounded to a whole number, with its noun.

    >>> plural(1, "payment"), plural(3, "payment"), plural(2, "country", "countries")
    ('1 payment', '3 payments', '2 countries')
    """
    number = str(round(count))
    return f"{number} {noun}" if number == "1" else f"{number} {nouns or noun + 's'}"


def duration(seconds: float) -> str:
    """Return a length of time in the largest unit of which it has at least two.

    >>> duration(20), duration(90 * 60), duration(30 * 3600), duration(5 * 24 * 3600)
    ('less than a minute', '90 minutes', '30 hours', '5 days')
    """
    seconds = round(seconds)  # a 32-bit logarithm of an exact minute is a little more or less than it
    if seconds < MINUTE_S:
        return "less than a minute"
    if seconds < 2 * HOUR_S:
        return plural(seconds / MINUTE_S, "minute")
    return plural(seconds / HOUR_S, "hour") if seconds < 2 * DAY_S else plural(seconds / DAY_S, "day")
