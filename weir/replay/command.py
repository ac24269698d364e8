"""`weir replay FILE --mapping MAPPING.toml`: wires one replay and prints what came out."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from weir.errors import DeploymentError
from weir.replay.arrow_file import Extent, Period, measure, read_rows
from weir.replay.http_labels import LabelSender
from weir.replay.kafka_traffic import TransactionSender, Watcher
from weir.replay.lockstep import Replay
from weir.replay.mapping import Mapping, parse_mapping
from weir.replay.observed import Observed
from weir.replay.own_loop import loop_settings, own_loop
from weir.replay.pacing import Clock, LabelSchedule, require_horizon
from weir.replay.rows import Row
from weir.replay.summary import Summary, summarise, tables
from weir.replay.truth import Truth, protocol_of
from weir.settings import Settings


@dataclass(frozen=True)
class Job:
    """What is to be replayed, read and checked before anything is started."""

    file: Path
    mapping: Mapping
    period: Period
    limit: int | None
    extent: Extent
    truth: Truth
    speed: float | None

    def rows(self) -> Iterator[Row]:
        """The rows; the truth watches them pass."""
        return self.truth.watch(read_rows(self.file, self.mapping, self.period, self.limit))


def replay(  # noqa: PLR0917 -- Typer passes options by name
    file: Annotated[Path, typer.Argument(help="Parquet or CSV, in event-time order.", exists=True, dir_okay=False)],
    mapping: Annotated[Path, typer.Option(help="TOML: which column is what.", exists=True, dir_okay=False)],
    speed: Annotated[float | None, typer.Option(help="Event time per wall time; without it, lockstep.", min=0)] = None,
    limit: Annotated[int | None, typer.Option(help="At most so many transactions.", min=1)] = None,
    first: Annotated[datetime | None, typer.Option("--from", help="First event time (UTC).")] = None,
    stop: Annotated[datetime | None, typer.Option("--to", help="Event time to stop before (UTC).")] = None,
    namespace: Annotated[str | None, typer.Option(help="The loop's namespace; a new one by default.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the loop running afterwards.")] = False,
    assess_from: Annotated[datetime | None, typer.Option(help="First day whose scores are judged.")] = None,
    assess_to: Annotated[datetime | None, typer.Option(help="Last day whose scores are judged.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the summary here, too.")] = None,
) -> None:
    """Push a data set through a loop of its own, in event-time order, its labels at their own delay.

    Ends with a summary; the exit code is 1 when something is lost.
    """
    console = Console()
    try:
        described = parse_mapping(mapping.read_text())
        period = Period(_ms(first), _ms(stop))
        extent = measure(file, described, period, limit)
        protocol = protocol_of(described, extent, _ms(assess_from), _ms(assess_to))
        job = Job(file, described, period, limit, extent, Truth(protocol), speed)
        settings = loop_settings(described, namespace or _new_namespace(mapping.stem))
        require_horizon(described, settings.learning.maturity_horizon_s)
        with own_loop(settings, keep=keep, report=console.print) as running:
            summary = asyncio.run(run(job, running, console))
    except DeploymentError as error:
        console.print(f"[red]{error}[/red]", soft_wrap=True)
        raise typer.Exit(2) from error
    _show(summary, console, json)


async def run(job: Job, settings: Settings, console: Console) -> Summary:
    """Replay through a loop that runs; returns what came out."""
    observed = Observed(settings.topics, keep=job.truth.keeps)
    label = job.mapping.label
    schedule = LabelSchedule(label.send if label else "fraud")
    started_s = time.monotonic()
    with Watcher(settings, observed) as watcher, _progress(console, job.extent.rows) as report:
        labels = LabelSender(settings.api_url, label) if label else None
        one = Replay(TransactionSender(settings), labels, watcher, observed, schedule, report)
        try:
            await _paced(one, job, started_s)
        finally:
            if labels:
                await labels.close()
    counts = observed.counts
    if counts is None:
        raise DeploymentError("The ledger wrote no counts.", "See `weir logs ledger`.")
    return summarise(
        observed,
        one.sent,
        counts,
        wall_s=time.monotonic() - started_s,
        events_ms=(job.extent.first_ms, job.extent.last_ms),
        title=job.mapping.title,
        namespace=settings.namespace,
        pace=f"{job.speed:g} times wall time" if job.speed else f"lockstep, slices of {job.mapping.slice_s:g} s",
        labels_not_due=len(schedule),
        quality=job.truth.judge(observed.kept),
    )


async def _paced(one: Replay, job: Job, started_s: float) -> None:
    rows: Iterable[Row] = job.rows()
    if job.speed:
        await one.by_the_clock(rows, Clock(job.speed, job.extent.first_ms, started_s))
    else:
        await one.in_lockstep(rows, round(job.mapping.slice_s * 1000))


@contextmanager
def _progress(console: Console, rows: int) -> Iterator[Callable[[int, int], None]]:
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(TextColumn("{task.description}"), *columns, console=console) as progress:
        task = progress.add_task("starting", total=rows)

        def report(sent: int, event_ms: int) -> None:
            day = datetime.fromtimestamp(event_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
            progress.update(task, completed=sent, description=day)

        yield report


def _show(summary: Summary, console: Console, json: Path | None) -> None:
    for table in tables(summary):
        console.print(table)
    if json is not None:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(summary)) + b"\n")
    for sentence in summary.lost:
        console.print(f"[red]Lost: {sentence}.[/red]")
    if summary.lost:
        raise typer.Exit(1)
    console.print("Everything reconciles.")


def _new_namespace(stem: str) -> str:
    """A name that no earlier replay has."""
    plain = "".join(letter if letter.isalnum() else "-" for letter in stem.lower())[:20]
    return f"replay-{plain}-{datetime.now(UTC):%m%d-%H%M%S}"


def _ms(time: datetime | None) -> int | None:
    return None if time is None else round(time.replace(tzinfo=UTC).timestamp() * 1000)
