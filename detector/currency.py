"""Conversion of amounts to the base currency.

The rates are rounded market rates of mid 2025 against the euro, accurate to a few per cent: enough to compare a payment
with a habit, but not for accounting. A change shifts habits, so give it a new `RATES_AS_OF` and a changelog entry.
"""

from weir.errors import DeploymentError, InvalidRecord

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


def factors_into(base_currency: str) -> dict[str, float]:
    """Return the factor that converts each currency into the base currency.

    Raises:
        DeploymentError: there is no rate for the base currency.
    """
    base = PER_EURO.get(base_currency)
    if base is None:
        raise DeploymentError(
            f"There is no exchange rate for the base currency {base_currency}.",
            f"Set WEIR_DETECTOR__BASE_CURRENCY to one of {', '.join(PER_EURO)}.",
        )
    return {currency: base / rate for currency, rate in PER_EURO.items()}


def normalised(amount: float, currency: str | None, factors: dict[str, float]) -> float:
    """Convert an amount to the base currency; without a currency it already is.

    Raises:
        InvalidRecord: there is no rate for the currency.
    """
    if currency is None:
        return amount
    factor = factors.get(currency)
    if factor is None:
        raise InvalidRecord("currency", f"has no exchange rate: {currency}")
    return amount * factor
