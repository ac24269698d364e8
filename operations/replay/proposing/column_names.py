"""Names that columns have in the files of banks, shops and researchers: those of verdicts, and the ranking of all."""

from weir.field_names import plain

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


def ranked(columns: list[str], names: list[str]) -> list[str]:
    """The columns with one of the names, the best first."""
    order = {plain(name): rank for rank, name in enumerate(names)}
    return sorted((column for column in columns if plain(column) in order), key=lambda column: order[plain(column)])
