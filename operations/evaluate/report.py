"""The result of an evaluation: one structure, printed as tables and written as JSON."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pandas as pd
from msgspec import Struct, field, structs
from rich.table import Table

from operations.evaluate.measures import Bin, Block, Figures, calibration, isotonic_log_loss, mean_of
from operations.evaluate.published import Known, Published, recognised


class WeekReport(Figures, frozen=True, kw_only=True):
    """The figures of one block of days."""

    first_day: str
    last_day: str


class ContenderReport(Figures, frozen=True, kw_only=True):
    """A contender's figures over all blocks, its cost in microseconds, and the blocks one by one.

    `us_per_features` is of a payment's features, `us_per_detector` of all that the detector does but the model: features,
    rules, reasons and state. Both are the same for all contenders. `us_per_learn` is of everything that the contender's
    model does with an example. `labels` came back in time to be learned; those in `labels_too_late` came after the
    retention; `examples` also counts payments that matured. `isotonic_log_loss` is of an isotonic fit on the same scores.
    """

    contender: str
    isotonic_log_loss: float | None = None
    us_per_features: float | None = None
    us_per_detector: float | None = None
    us_per_score: float | None = None
    us_per_learn: float | None = None
    labels: int = 0
    labels_too_late: int = 0
    examples: int = 0
    weeks: list[WeekReport] = field(default_factory=list)
    calibration: list[Bin] = field(default_factory=list)


class Beside(Struct, frozen=True, kw_only=True):
    """Published figures, and the contenders' on the same weeks."""

    name: str
    contenders: list[Published]
    published: list[Published]


class Run(Struct, frozen=True, kw_only=True):
    """How the contenders were made to learn, and on what."""

    title: str
    file: str
    protocol: str
    feedback: str
    budget: int
    first_day: str
    last_day: str
    learned_from: str
    label_delay_s: float | None = None
    label_times: bool = False
    maturity_horizon_s: int | None = None
    implicit_share: float | None = None
    publish_every_s: float | None = None
    transactions: int = 0
    judged: int = 0
    repeated: int = 0
    left_out: int = 0
    dead_letters: dict[str, int] = {}
    wall_s: float = 0.0
    peak_memory_mib: int = 0


class EvaluateReport(Struct, frozen=True, kw_only=True):
    """The whole result."""

    run: Run
    contenders: list[ContenderReport]
    beside: list[Beside]


class Effort(Struct, frozen=True, kw_only=True):
    """Mean microseconds of each stage, None for one that never ran, and what was learned."""

    us_per_features: float | None = None
    us_per_detector: float | None = None
    us_per_score: float | None = None
    us_per_learn: float | None = None
    labels: int = 0
    labels_too_late: int = 0
    examples: int = 0


def contender_report(name: str, blocks: Sequence[Block], judged: pd.DataFrame, effort: Effort) -> ContenderReport:
    """Put a contender's figures together; `judged` has its scores of all blocks."""
    rounded: dict[str, Any] = {
        part: round(value, 2) if isinstance(value, float) else value for part, value in structs.asdict(effort).items()
    }
    weeks = [
        WeekReport(first_day=block.first_day, last_day=block.last_day, **structs.asdict(block.figures))
        for block in blocks
    ]
    overall = structs.asdict(mean_of([block.figures for block in blocks]))
    return ContenderReport(
        contender=name,
        weeks=weeks,
        calibration=calibration(judged),
        isotonic_log_loss=isotonic_log_loss(judged),
        **overall,
        **rounded,
    )


def beside_published(blocks: dict[str, list[Block]]) -> list[Beside]:
    """Published figures of the weeks that were judged, next to each contender's mean over the same weeks."""
    any_blocks = next(iter(blocks.values()))
    return [
        Beside(
            name=known.name,
            contenders=[_own(name, known, judged) for name, judged in blocks.items()],
            published=list(known.models),
        )
        for known in recognised(any_blocks)
    ]


def _own(name: str, known: Known, blocks: Sequence[Block]) -> Published:
    figures = mean_of([block.figures for block in blocks if block.first_day in known.weeks])
    return Published(name, figures.auc, figures.ap, figures.cp_100)


def sentences(run: Run) -> Iterator[str]:
    """How the figures came about, for a person."""
    yield f"{run.title or run.file}: {run.judged:,} payments judged from {run.first_day} to {run.last_day}."
    if run.protocol == "handbook":
        yield "Handbook protocol: cards already known as compromised are left out; whole weeks are judged alone."
    else:
        yield "Prequential protocol: every labelled payment of the period counts."
    if run.publish_every_s is None:
        return
    yield (
        f"Learned from {run.learned_from} on. Labels are known {_days(run.label_delay_s or 0)} after the payment"
        f"{', or at their own time in the file if that is later' if run.label_times else ''}; "
        f"unlabelled payments count as legitimate after {_days(run.maturity_horizon_s or 0)}, "
        f"and {run.implicit_share or 0:.0%} of them are learned."
    )
    if run.feedback == "alerts":
        yield f"Only the {run.budget} cards of a day with the highest scores get labels, by each contender's own scores."
    yield f"Scores know what was learned up to the last whole {run.publish_every_s / 3600:g} h."
    for name, number in sorted(run.dead_letters.items()):
        yield f"{number:,} payments were refused because of {name!r}, as the detector would refuse them."
    if run.left_out:
        yield f"{run.left_out:,} wrong rows of the file were left out."
    if run.repeated:
        yield f"{run.repeated:,} payments repeat an earlier id and were neither scored nor judged again."


def tables(report: EvaluateReport) -> Iterator[Table]:
    """What a person reads."""
    yield _figures(report)
    if any(len(one.weeks) > 1 for one in report.contenders):
        yield _weeks(report)
    yield _calibration(report)
    for beside in report.beside:
        yield _beside(beside)


def _figures(report: EvaluateReport) -> Table:
    """One row a figure, since names of contenders are longer than figures."""
    table = _table("Figures", "", *(one.contender for one in report.contenders))
    table.columns[0].no_wrap = True  # many contenders' names fold instead
    for name, figure in _ROWS.items():
        values = [figure(one) for one in report.contenders]
        if any(value is not None for value in values):
            table.add_row(name.format(budget=report.run.budget), *map(_shown, values))
    return table


_ROWS: dict[str, Callable[[ContenderReport], float | None]] = {
    "AUC": lambda one: one.auc,
    "AP": lambda one: one.ap,
    "CP@100": lambda one: one.cp_100,
    "log loss": lambda one: one.log_loss,
    "log loss, isotonic fit": lambda one: one.isotonic_log_loss,
    "mean score": lambda one: one.mean_score,
    "share of frauds": lambda one: one.fraud_rate,
    "calibration error": lambda one: one.calibration_error,
    "recall, {budget} cards a day": lambda one: one.recall_at_budget,
    "money caught": lambda one: one.money_caught,
    "money caught, share": lambda one: one.money_caught_share,
    "alerts": lambda one: one.alerts,
    "precision of alerts": lambda one: one.alert_precision,
    "recall of alerts": lambda one: one.alert_recall,
    "us per features": lambda one: one.us_per_features,
    "us per detector call": lambda one: one.us_per_detector,
    "us per score": lambda one: one.us_per_score,
    "us per learn": lambda one: one.us_per_learn,
}


def _weeks(report: EvaluateReport) -> Table:
    table = _table("Week by week", "contender", "from", "payments", "frauds", "AUC", "AP", "CP@100")
    for one in report.contenders:
        for week in one.weeks:
            counts = f"{week.transactions:,}", f"{week.frauds:,}"
            table.add_row(one.contender, week.first_day, *counts, *map(_shown, (week.auc, week.ap, week.cp_100)))
    return table


def _calibration(report: EvaluateReport) -> Table:
    columns = "scores from", "to", "payments", "frauds", "expected", "observed / expected"
    table = _table("Calibration", "contender", *columns)
    for one in report.contenders:
        for some in one.calibration:
            frauds, expected = some.fraud_rate * some.transactions, some.mean_score * some.transactions
            counts = f"{some.transactions:,}", f"{frauds:,.0f}", f"{expected:,.1f}"
            ratio = _shown(frauds / expected if expected else None)
            table.add_row(one.contender, f"{some.low:g}", f"{some.high:g}", *counts, ratio)
    return table


def _beside(beside: Beside) -> Table:
    table = _table(f"{beside.name}, beside the published figures", "model", "AUC", "AP", "CP@100")
    for model in beside.contenders:
        table.add_row(model.model, *map(_shown, (model.auc, model.ap, model.cp_100)))
    table.add_section()
    for model in beside.published:
        table.add_row(f"{model.model} (published)", *map(_shown, (model.auc, model.ap, model.cp_100)))
    return table


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first, overflow="fold")
    for column in columns:
        table.add_column(column, justify="right", overflow="fold")
    return table


_DIGITS = ((0.1, 4), (10, 3), (1000, 1))
"""Digits after the point of a value below each limit."""


def _shown(value: float | None) -> str:
    """A figure to three or four significant digits; counts and large sums whole.

    >>> _shown(0.01234), _shown(0.8712), _shown(72.21), _shown(20_555.4), _shown(3), _shown(None)
    ('0.0123', '0.871', '72.2', '20,555', '3', '-')
    """
    if value is None:
        return "-"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.{next((digits for limit, digits in _DIGITS if abs(value) < limit), 0)}f}"


def _days(seconds: float) -> str:
    return f"{seconds / 86_400:g} days"
