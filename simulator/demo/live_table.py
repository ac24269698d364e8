"""The demo's figures for people: a live table in a terminal, a line every few seconds elsewhere."""

import asyncio
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.live import Live
from rich.table import Table

from simulator.demo.report import Report

TABLE_EVERY_S, LINE_EVERY_S = 0.5, 10.0


async def show(console: Console, figures: Callable[[], Report]) -> None:
    if not console.is_terminal:
        while True:
            await asyncio.sleep(LINE_EVERY_S)
            console.print(f"  {line(figures())}", highlight=False, soft_wrap=True)
    with Live(table(figures()), console=console, auto_refresh=False) as live:
        while True:
            await asyncio.sleep(TABLE_EVERY_S)
            live.update(table(figures()), refresh=True)


def line(figures: Report) -> str:
    return (
        f"{figures.live_s:.0f} s live: {figures.transactions_scored:,} scored, {figures.alerts:,} alerts, "
        f"{figures.labels_accepted:,} labels, model #{figures.model_sequence_detector:,}; {attack(figures)}"
    )


def attack(figures: Report) -> str:
    """Describe in words how much of the new attack the live model and its twin caught."""
    if not figures.new_attack_total:
        return "the new attack has not begun"
    frozen, live, total = figures.new_attack_caught_frozen, figures.new_attack_caught_live, figures.new_attack_total
    return f"new attack caught: frozen twin {frozen} of {total}, Weir {live} of {total}"


def table(figures: Report) -> Table:
    found = Table(show_header=False, box=None, padding=(0, 2))
    found.add_column(style="dim")
    found.add_column(justify="right")
    for name, value in rows(figures):
        found.add_row(name, value)
    return found


def rows(figures: Report) -> Iterator[tuple[str, str]]:
    """Yield label and value of each row."""
    yield "transactions scored", f"{figures.transactions_scored:,}"
    yield "alerts", f"{figures.alerts:,}"
    yield "labels accepted", f"{figures.labels_accepted:,}"
    yield "model: learner / detector", f"#{figures.model_sequence_learner:,} / #{figures.model_sequence_detector:,}"
    yield "MLflow versions", f"{figures.mlflow_versions:,}"
    yield "latency, p50 / p99", f"{_ms(figures.latency_p50_ms)} / {_ms(figures.latency_p99_ms)}"
    yield (
        "label to model, p95",
        "-" if figures.label_to_model_p95_s is None else f"{figures.label_to_model_p95_s:.2f} s",
    )
    yield (
        "false-alert rate: Weir / frozen twin",
        f"{figures.false_alert_rate:.2%} / {figures.false_alert_rate_frozen:.2%}",
    )
    yield "", attack(figures)


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f} ms"
