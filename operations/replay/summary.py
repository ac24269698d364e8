"""The summary of a replay, as tables and as JSON."""

from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import asdict
from rich.table import Table

from operations.harness.observed import Observed
from operations.harness.pacing import Sent, lost
from operations.replay.quality import Quality
from operations.runner.reconciliation import amount, log_length
from weir.messages import Counts, Decision


class Summary(Struct, frozen=True, kw_only=True):
    """Latencies run from the producer's call to the score. In lockstep they include the wait behind the rest of the slice."""

    title: str
    namespace: str
    pace: str
    first_event: str
    last_event: str
    wall_s: float
    rows_left_out: int
    rows_repeated: int
    transactions: int
    transactions_per_s: float
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    decisions: dict[Decision, int]
    flags: dict[str, int]
    dead_letter_fields: dict[str, int]
    labels_sent: int
    labels_not_due: int
    examples_learned: int
    publications: int
    scores_by_an_older_model: int
    quality: Quality | None
    counts: Counts
    lost: list[str]


def summarise(
    observed: Observed, sent: Sent, counts: Counts, *, wall_s: float, events_ms: tuple[int, int], **known: object
) -> Summary:
    """Build the summary. `known` holds the other fields: title, namespace, pace, quality, rows and labels that were not sent."""
    return Summary(
        **known,  # type: ignore[arg-type]
        first_event=_iso(events_ms[0]),
        last_event=_iso(events_ms[1]),
        wall_s=round(wall_s, 1),
        transactions=sent.transactions,
        transactions_per_s=round(sent.transactions / wall_s, 1),
        latency_p50_ms=observed.latency_ms(0.5),
        latency_p99_ms=observed.latency_ms(0.99),
        decisions=dict(observed.decisions),
        flags=dict(observed.flags),
        dead_letter_fields=dict(observed.dead_fields),
        labels_sent=sent.labels,
        examples_learned=log_length(counts),
        publications=observed.publications,
        scores_by_an_older_model=observed.stale,
        counts=counts,
        lost=lost(sent, counts),
    )


def verdict(summary: Summary) -> tuple[bool, str]:
    """Whether the replay was a success, and the sentence that says so: the last line."""
    refused = sum(summary.dead_letter_fields.values())
    if refused:
        fields = ", ".join(sorted(summary.dead_letter_fields))
        return False, f"{refused:,} of {amount(summary.transactions, 'payment')} were refused: {fields}."
    if not sum(summary.decisions.values()):
        return False, "No payment was scored."
    if summary.lost:
        return False, "Counts do not reconcile."
    left_out = f" {amount(summary.rows_left_out, 'wrong row')} left out." if summary.rows_left_out else ""
    return True, f"Every payment was scored, and the counts reconcile.{left_out}"


def tables(summary: Summary) -> Iterator[Table]:
    yield _table(summary.title or summary.namespace, asdict(summary), but=("title", "quality", "counts", "lost"))
    if summary.quality is not None:
        yield _table("Quality of the scores", asdict(summary.quality))
    yield _table(
        "Counts of the ledger", asdict(summary.counts), but=("schema_version", "counted_at_ms", "longest_waiting")
    )


def _table(title: str, values: dict[str, object], but: tuple[str, ...] = ()) -> Table:
    table = Table(title=title, show_header=False, title_justify="left")
    table.add_column()
    table.add_column(justify="right")
    for name, value in values.items():
        if name not in but and value not in ({}, None):
            table.add_row(name.replace("_", " "), _shown(value))
    return table


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {number:,}" for key, number in sorted(value.items()))
    if isinstance(value, float):
        return f"{value:,.1f}" if abs(value) > 1 else f"{value:.4f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _iso(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="seconds")
