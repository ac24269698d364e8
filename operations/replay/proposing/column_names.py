"""Names that columns have in the files of banks, shops and researchers, by the field that they hold. The best come first."""

import re

NAMES: dict[str, list[str]] = {
    "transaction_id": [
        "transaction_id",
        "tx_id",
        "txn_id",
        "trans_id",
        "trans_num",
        "transaction_number",
        "transaction_ref",
        "event_id",
        "payment_id",
        "order_id",
        "auth_id",
        "reference",
        "uuid",
        "id",
    ],
    "user_id": [
        "user_id",
        "customer_id",
        "cust_id",
        "client_id",
        "account_id",
        "user",
        "customer",
        "client",
        "account",
        "cc_num",
        "card_number",
        "account_number",
        "name_orig",
        "entity_id",
        "cardholder_id",
        "cardholder",
        "payer",
        "payer_id",
        "sender",
        "sender_id",
        "from_account",
        "card_id",
        "card",
        "card1",
        "iban",
    ],
    "event_time": [
        "event_time",
        "event_timestamp",
        "timestamp",
        "transaction_time",
        "transaction_date",
        "transaction_datetime",
        "tx_datetime",
        "trans_date_trans_time",
        "datetime",
        "date_time",
        "created_at",
        "booked_at",
        "booking_date",
        "time",
        "date",
        "unix_time",
        "ts",
        "at",
        "step",
        "transaction_dt",
    ],
    "amount": [
        "amount",
        "amt",
        "tx_amount",
        "transaction_amount",
        "transaction_amt",
        "txn_amount",
        "amount_eur",
        "amount_usd",
        "price",
        "order_price",
        "value",
        "total",
        "sum",
    ],
    "currency": ["currency", "currency_code", "ccy", "transaction_currency", "curr"],
    "merchant_id": [
        "merchant_id",
        "merchant",
        "terminal_id",
        "merchant_name",
        "shop_id",
        "shop",
        "name_dest",
        "payee",
        "beneficiary",
        "to_account",
        "recipient",
        "store",
    ],
    "merchant_category": [
        "mcc",
        "merchant_category",
        "merchant_category_code",
        "category",
        "product_category",
        "product_cd",
    ],
    "card_id": ["card_id", "card", "card_number", "cc_num", "pan"],
    "type": ["type", "transaction_type", "tx_type", "payment_type"],
    "channel": ["channel", "use_chip", "entry_mode", "transaction_channel"],
    "country": ["country", "country_code", "billing_country", "merchant_country"],
    "latitude": ["latitude", "merch_lat", "lat", "billing_latitude"],
    "longitude": ["longitude", "merch_long", "long", "lon", "lng", "billing_longitude"],
    "ip": ["ip", "ip_address", "client_ip"],
    "device_id": ["device_id", "device", "device_fingerprint"],
    "user_agent": ["user_agent", "useragent", "browser"],
    "email": ["email", "customer_email", "email_address", "p_emaildomain"],
}

LABEL = [
    "is_fraud",
    "fraud",
    "fraud_label",
    "tx_fraud",
    "isfraud",
    "event_label",
    "label",
    "class",
    "fraudulent",
    "target",
    "is_fraudulent",
    "fraud_flag",
    "chargeback",
]
LABEL_TIME = ["label_timestamp", "label_time", "reported_at", "labelled_at", "chargeback_date", "fraud_reported_at"]

FRAUD_VALUES = ("1", "true", "yes", "y", "fraud", "f", "t", "fraudulent", "chargeback")
LEGITIMATE_VALUES = ("0", "false", "no", "n", "legit", "legitimate", "genuine", "ok", "normal", "-1")


def plain(name: str) -> str:
    """A name without case, blanks and signs.

    >>> plain("Is Fraud?"), plain("nameOrig"), plain("TX_AMOUNT")
    ('isfraud', 'nameorig', 'txamount')
    """
    return re.sub(r"[^a-z0-9]", "", name.lower())


def ranked(columns: list[str], names: list[str]) -> list[str]:
    """The columns with one of the names, the best first."""
    order = {plain(name): rank for rank, name in enumerate(names)}
    return sorted((column for column in columns if plain(column) in order), key=lambda column: order[plain(column)])
