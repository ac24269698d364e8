"""The simulator's traffic as a file with its truth, and the mapping that describes it."""

from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path

import pandas as pd
from msgspec import structs

from simulator.world.payment import Payment
from simulator.world.traffic import TrafficSettings, traffic
from tests.builders import DAY_MS

FIELDS = (
    "transaction_id",
    "user_id",
    "amount",
    "currency",
    "type",
    "channel",
    "card_id",
    "merchant_id",
    "merchant_category",
    "latitude",
    "longitude",
    "country",
    "ip",
    "device_id",
    "user_agent",
    "authorisation_result",
)
MAPPING = "\n".join(
    [
        'title = "Simulated traffic"',
        "slice_s = 21600",
        "[transaction]",
        'event_time = { column = "event_time", unit = "ms" }',
        *(f'{name} = "{name}"' for name in FIELDS),
        "[attributes]",
        'note = "note"',
        "[label]",
        'column = "fraud"',
        "fraud = [1]",
        "legitimate = [0]",
        "delay_s = 86400",
        'send = "all"',
        "[loop.learning]",
        "maturity_horizon_s = 172800",
        "",
    ]
)


def payments_of(days: int, settings: TrafficSettings) -> list[Payment]:
    """The first days of the traffic."""
    end_ms = settings.start_ms + days * DAY_MS
    return list(takewhile(lambda payment: payment.event_time_ms < end_ms, traffic(settings)))


def table_of(payments: Iterable[Payment]) -> pd.DataFrame:
    """One row a payment; `fraud` is the truth, `note` an attribute."""
    rows = [
        {**structs.asdict(payment.transaction), "fraud": int(payment.fraud), "note": "n", "attributes": None}
        for payment in payments
    ]
    return pd.DataFrame(rows).drop(columns=["attributes", "incumbent_decision", "email"])


def write_traffic(folder: Path, table: pd.DataFrame, mapping: str = MAPPING) -> tuple[Path, Path]:
    """A Parquet file and its mapping."""
    file, described = folder / "traffic.parquet", folder / "traffic.toml"
    table.to_parquet(file)
    described.write_text(mapping)
    return file, described
