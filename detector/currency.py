"""Amounts in one currency, so that they can be compared and summed.

The rates are rounded market rates of mid 2025 against the euro, good to a few per cent: enough to compare a payment
with a habit, not for accounting. A change of them shifts habits, so it is a new `RATES_AS_OF` and a line in the changelog.
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
    """What to multiply an amount of each currency with.

    Raises:
        DeploymentError: there is no rate for the base currency.
    """
    base = PER_EURO.get(base_currency)
    if base is None:
        raise DeploymentError(f"There is no rate for {base_currency}.", "Set WEIR_DETECTOR__BASE_CURRENCY to another.")
    return {currency: base / rate for currency, rate in PER_EURO.items()}


def normalised(amount: float, currency: str | None, factors: dict[str, float]) -> float:
    """The amount in the base currency, which is also what a payment without a currency is in.

    Raises:
        InvalidRecord: there is no rate for the currency.
    """
    if currency is None:
        return amount
    factor = factors.get(currency)
    if factor is None:
        raise InvalidRecord("currency", f"has no exchange rate: {currency}")
    return amount * factor
