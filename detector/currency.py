"""Conversion of amounts to the base currency, at the rate of the payment's day.

    detector.rates_file      a CSV file with a row for each date, as the European Central Bank publishes it
    PER_EURO                 currencies that the file lacks, or all of them if there is none

The rates below are rounded market rates of mid 2025 against the euro, accurate to a few per cent: enough to compare a payment
with a habit, but not for accounting. A change shifts habits, so give it a new `RATES_AS_OF` and a changelog entry.
"""

import csv
from bisect import bisect_right
from datetime import UTC, date, datetime
from math import nan
from pathlib import Path

from weir.errors import DeploymentError
from weir.settings import DetectorSettings

RATES_AS_OF = "2025-06-30"

PER_EURO: dict[str, float] = {
    "AED": 4.30,
    "AUD": 1.79,
    "BGN": 1.956,
    "BRL": 6.44,
    "CAD": 1.60,
    "CHF": 0.935,
    "CNY": 8.40,
    "CZK": 24.7,
    "DKK": 7.46,
    "EUR": 1.0,
    "GBP": 0.856,
    "HKD": 9.20,
    "HUF": 400.0,
    "IDR": 19000.0,
    "ILS": 3.95,
    "INR": 100.6,
    "ISK": 142.0,
    "JPY": 169.0,
    "KRW": 1588.0,
    "MXN": 22.1,
    "MYR": 4.94,
    "NOK": 11.8,
    "NZD": 1.93,
    "PHP": 66.0,
    "PLN": 4.24,
    "RON": 5.08,
    "SAR": 4.40,
    "SEK": 11.1,
    "SGD": 1.49,
    "THB": 38.1,
    "TRY": 46.6,
    "USD": 1.17,
    "ZAR": 20.8,
}


Dated = tuple[list[int], list[float]]
"""A currency's rates per euro from certain times on: the times in order, and the rates."""

FROM_EVER = -(2**63)
"""A currency's first rate is also that of earlier payments."""


class Rates:
    """The rates in force under a deployment's settings.

    Raises:
        DeploymentError: the file cannot be read, or there is no rate for the base currency.
    """

    def __init__(self, settings: DetectorSettings) -> None:
        self._per_euro: dict[str, Dated] = {name: ([FROM_EVER], [rate]) for name, rate in PER_EURO.items()}
        if settings.rates_file is not None:
            self._per_euro |= _read(settings.rates_file)
        self._base_currency, base = settings.base_currency, self._per_euro.get(settings.base_currency)
        if base is None:
            raise DeploymentError(
                f"There is no exchange rate for the base currency {settings.base_currency}.",
                "Set WEIR_DETECTOR__BASE_CURRENCY to another one, or WEIR_DETECTOR__RATES_FILE to a file that has it.",
            )
        self._base = base

    def converted(self, amount: float, currency: str | None, time_ms: int) -> float:
        """Convert an amount to the base currency at its time; without a currency it already is, without a rate it is NaN."""
        if currency is None or currency == self._base_currency:
            return amount
        rates = self._per_euro.get(currency)
        return nan if rates is None else amount * _at(self._base, time_ms) / _at(rates, time_ms)


def _at(rates: Dated, time_ms: int) -> float:
    times, per_euro = rates
    return per_euro[bisect_right(times, time_ms) - 1]


def _read(path: Path) -> dict[str, Dated]:
    """Read rates per euro: a column `Date`, then one for each currency; a day without a rate is empty or `N/A`."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = sorted(((_day_ms(row["Date"]), row) for row in csv.DictReader(file)), key=lambda row: row[0])
        found: dict[str, Dated] = {"EUR": ([FROM_EVER], [1.0])}
        for day_ms, row in rows:
            for currency, rate in row.items():
                if currency and currency != "Date" and (rate or "").strip() not in {"", "N/A"}:
                    _add(found, currency.strip(), day_ms, float(rate))
    except (OSError, UnicodeDecodeError, csv.Error, KeyError, TypeError, ValueError) as error:
        raise DeploymentError(
            f"The exchange rates in {path} cannot be read: {error!r}.",
            "It must be a CSV file with a column Date (2025-06-30) and one for each currency, with its rate per euro.",
        ) from error
    return found


def _add(found: dict[str, Dated], currency: str, day_ms: int, rate: float) -> None:
    if not 0 < rate < float("inf"):
        raise ValueError(f"{currency} has the rate {rate}")
    times, rates = found.setdefault(currency, ([], []))
    times.append(day_ms if times else FROM_EVER)
    rates.append(rate)


def _day_ms(text: str) -> int:
    day = date.fromisoformat(text.strip())
    return round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
