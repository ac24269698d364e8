"""What scores are judged by. Everything here is a function of judged payments in a data frame.

Columns: `day` (UTC, since 1970), `card`, `fraud` (0 or 1), `amount` (base currency), `score`, and `alert` (0 or 1)
where the contender decides.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from msgspec import Struct, structs
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import log_loss

from operations.replay.quality import Protocol, assess, without_known_cards

EDGES = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Bins of the calibration: a 1-2-5 ladder, since fraud is rare and equal widths would put nearly all into one bin."""

BASE_DAYS = 7
"""The handbook judges weeks, each alone."""


class Bin(Struct, frozen=True, kw_only=True):
    """Payments with scores from `low` to below `high`: how many, what was expected, what happened."""

    low: float
    high: float
    transactions: int
    mean_score: float
    fraud_rate: float


class Figures(Struct, frozen=True, kw_only=True):
    """The quality of one contender's scores on some days; None where it is not defined.

    `calibration_error` is the mean distance between score and fraud rate over the bins, weighted by payments.
    `recall_at_budget` and money count frauds; one is caught if its card is among the day's highest-scored ones.
    `alert_precision` and `alert_recall` are of decisions other than approve, None for a model that decides nothing.
    """

    transactions: int
    frauds: int
    auc: float | None
    ap: float | None
    cp_100: float
    log_loss: float | None
    mean_score: float | None
    fraud_rate: float | None
    calibration_error: float | None
    recall_at_budget: float | None
    money_caught: float
    money_missed: float
    money_caught_share: float | None
    alerts: int | None
    alert_precision: float | None
    alert_recall: float | None


class Block(Struct, frozen=True, kw_only=True):
    """The figures of some days in a row, both inclusive."""

    first_day: str
    last_day: str
    figures: Figures


SUMMED = ("transactions", "frauds", "money_caught", "money_missed", "alerts")


def judge_days(scored: pd.DataFrame, frauds: pd.DataFrame, protocol: Protocol, budget: int) -> Block:
    """Judge the days of a protocol; cards with a fraud in `frauds` that is known by then are left out."""
    quality, left = assess(scored, frauds, protocol), without_known_cards(scored, frauds, protocol)
    caught = caught_within(left, budget)
    figures = Figures(
        transactions=quality.transactions,
        frauds=quality.frauds,
        auc=quality.roc_auc,
        ap=quality.average_precision,
        cp_100=quality.card_precision_at_100,
        log_loss=_log_loss(left),
        mean_score=_mean(left["score"]),
        fraud_rate=_mean(left["fraud"]),
        calibration_error=calibration_error(calibration(left)),
        recall_at_budget=_share(int(caught["caught"].sum()), len(caught)),
        money_caught=float(caught.loc[caught["caught"], "amount"].sum()),
        money_missed=float(caught.loc[~caught["caught"], "amount"].sum()),
        money_caught_share=_share(caught.loc[caught["caught"], "amount"].sum(), caught["amount"].sum()),
        **_alerts(left),
    )
    return Block(first_day=quality.first_day, last_day=quality.last_day, figures=figures)


def weeks_of(protocol: Protocol) -> list[Protocol]:
    """The weeks of a period of whole weeks, each to be judged alone; any other period stays in one piece."""
    first, last = protocol.first_day, protocol.last_day
    if (last - first + 1) % BASE_DAYS:
        return [protocol]
    return [
        Protocol(day, day + BASE_DAYS - 1, protocol.delay_days, protocol.training_days)
        for day in range(first, last + 1, BASE_DAYS)
    ]


def mean_of(blocks: Sequence[Figures]) -> Figures:
    """The mean of each figure over the blocks that have it; counts and money are summed."""
    together = {name: _combined(name, [getattr(block, name) for block in blocks]) for name in Figures.__struct_fields__}
    spent = together["money_caught"] + together["money_missed"]
    return structs.replace(Figures(**together), money_caught_share=_share(together["money_caught"], spent))


def _combined(name: str, values: list[Any]) -> Any:
    known = [value for value in values if value is not None]
    if name in SUMMED:
        return sum(known) if known else None
    return float(np.mean(known)) if known else None


def caught_within(scored: pd.DataFrame, budget: int) -> pd.DataFrame:
    """The frauds with their amount and whether their card is among the day's `budget` cards with the highest scores.

    A compromised card that was found leaves the later days, as for card precision: its later frauds are not counted.
    """
    found: set[object] = set()
    days = []
    for _, of_day in scored.groupby("day", sort=True):
        left = of_day[~of_day["card"].isin(found)]
        highest = left.groupby("card")["score"].max().nlargest(budget).index
        frauds = left[left["fraud"] == 1]
        caught = frauds["card"].isin(highest)
        found.update(frauds.loc[caught, "card"])
        days.append(frauds[["amount"]].assign(caught=caught))
    return pd.concat(days) if days else scored[["amount"]].assign(caught=False)


def calibration(scored: pd.DataFrame) -> list[Bin]:
    """Expected beside observed, by bins of the score; empty bins are left out."""
    bins = np.clip(np.searchsorted(EDGES, scored["score"], side="right") - 1, 0, len(EDGES) - 2)
    return [
        Bin(
            low=EDGES[int(number)],
            high=EDGES[int(number) + 1],
            transactions=len(some),
            mean_score=float(some["score"].mean()),
            fraud_rate=float(some["fraud"].mean()),
        )
        for number, some in scored.groupby(bins)
    ]


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """The mean distance between expected and observed, weighted by payments."""
    total = sum(one.transactions for one in bins)
    return _share(sum(one.transactions * abs(one.mean_score - one.fraud_rate) for one in bins), total)


def isotonic_log_loss(scored: pd.DataFrame) -> float | None:
    """The log loss of the best monotone recalibration in hindsight: what calibration could still gain."""
    if scored["fraud"].nunique() < 2:  # noqa: PLR2004 -- it needs both verdicts
        return None
    fit = IsotonicRegression(y_min=0, y_max=1).fit_transform(scored["score"], scored["fraud"])
    return float(log_loss(scored["fraud"], fit, labels=[0, 1]))


def average_precision_over_time(scored: pd.DataFrame, protocol: Protocol, days: int) -> list[tuple[str, float]]:
    """Average precision of every `days` days with a fraud, each with its first day."""
    found = []
    for day in range(protocol.first_day, protocol.last_day + 1, days):
        last = min(day + days - 1, protocol.last_day)
        quality = assess(scored, _no_frauds(), Protocol(day, last))
        if quality.average_precision is not None:
            found.append((quality.first_day, quality.average_precision))
    return found


def _no_frauds() -> pd.DataFrame:
    return pd.DataFrame({"day": pd.Series(dtype="int64"), "card": pd.Series(dtype=object)})


def _alerts(left: pd.DataFrame) -> dict[str, Any]:
    if "alert" not in left:
        return {"alerts": None, "alert_precision": None, "alert_recall": None}
    hits, alerts = int((left["alert"] * left["fraud"]).sum()), int(left["alert"].sum())
    return {
        "alerts": alerts,
        "alert_precision": _share(hits, alerts),
        "alert_recall": _share(hits, int(left["fraud"].sum())),
    }


def _log_loss(left: pd.DataFrame) -> float | None:
    return float(log_loss(left["fraud"], left["score"], labels=[0, 1])) if len(left) else None


def _mean(values: "pd.Series[Any]") -> float | None:
    return float(values.mean()) if len(values) else None


def _share(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None
