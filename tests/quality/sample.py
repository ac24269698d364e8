"""The fixed sample of `make quality`, and its figures as they were when they were last committed.

Ten days of simulated traffic with a new kind of fraud from the sixth on; frauds are known a day later, legitimate
payments mature after two. `python -m tests.quality.sample` writes `figures.json` anew: do so
when a change of the scores is meant, and commit the file with the change.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from operations.evaluate.request import EvaluateRequest, planned
from operations.evaluate.wiring import evaluated
from simulator.world.traffic import START_MS, TrafficSettings
from tests.builders import DAY_MS
from tests.traffic_file import MAPPING, payments_of, table_of, write_traffic

COMMITTED = Path(__file__).with_name("figures.json")
DAYS, FIRST_ASSESSED = 10, datetime(2020, 1, 9, tzinfo=UTC)
TRAFFIC = TrafficSettings(seed=7, new_kind_from_ms=START_MS + 5 * DAY_MS)
BUDGET = 15
"""Fewer cards a day than are compromised, so that recall and money depend on the order of the scores."""

CHARGEBACKS = MAPPING.replace('send = "all"', 'send = "fraud"')

TOLERANCES = {
    "auc": 0.005,
    "ap": 0.01,
    "cp_100": 0.005,
    "log_loss": 0.002,
    "calibration_error": 0.002,
    "recall_at_budget": 0.01,
    "money_caught_share": 0.01,
    "alert_precision": 0.02,
    "alert_recall": 0.02,
}
"""How far a figure may move without notice. The same code gives the same figures up to the processor's rounding."""


def measured() -> dict[str, dict[str, float]]:
    """The figures of every contender on the sample."""
    with TemporaryDirectory() as folder:
        file, mapping = write_traffic(Path(folder), table_of(payments_of(DAYS, TRAFFIC)), CHARGEBACKS)
        _, report = evaluated(
            planned(EvaluateRequest(file, mapping, first=FIRST_ASSESSED, budget=BUDGET), Console(quiet=True))
        )
    return {one.contender: {name: round(getattr(one, name), 5) for name in TOLERANCES} for one in report.contenders}


if __name__ == "__main__":
    COMMITTED.write_text(json.dumps(measured(), indent=2) + "\n")
    sys.stdout.write(f"Wrote {COMMITTED}.\n")
