"""Wires one replay: file, mapping, loop, traffic, labels; shows what came out."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from operations.harness.http_labels import LabelSender
from operations.harness.kafka_traffic import TransactionSender, Watcher
from operations.harness.observed import Observed
from operations.harness.pacing import Clock
from operations.replay.arrow_file import measure, read_rows
from operations.replay.label_schedule import LabelSchedule, require_horizon
from operations.replay.lockstep import Replay
from operations.replay.mapping import Mapping, parse_mapping
from operations.replay.own_loop import loop_settings, own_loop
from operations.replay.period import Extent, Period
from operations.replay.rows import Row
from operations.replay.summary import Summary, summarise, tables
from operations.replay.truth import Truth, protocol_of
from weir.errors import DeploymentError
from weir.settings import Settings


@dataclass(frozen=True)
class Wanted:
    """What was asked for on the command line; times without a zone are UTC."""

    file: Path
    mapping: Path
    speed: float | None = None
    limit: int | None = None
    first: datetime | None = None
    stop: datetime | None = None
    namespace: str | None = None
    keep: bool = False
    assess_from: datetime | None = None
    assess_to: datetime | None = None
    json: Path | None = None


@dataclass(frozen=True)
class Job:
    """What will be replayed, read and checked before anything is started."""

    wanted: Wanted
    mapping: Mapping
    period: Period
    extent: Extent
    truth: Truth

    def rows(self) -> Iterator[Row]:
        """The rows; the truth watches them pass."""
        return self.truth.watch(read_rows(self.wanted.file, self.mapping, self.period, self.wanted.limit))

    @property
    def pace(self) -> str:
        """How time runs, in words."""
        speed = self.wanted.speed
        return f"{speed:g} times wall time" if speed else f"lockstep, slices of {self.mapping.slice_s:g} s"


def replay_and_show(wanted: Wanted) -> bool:
    """Replay and print the summary; whether everything reconciles.

    Raises:
        DeploymentError: the mapping, the file or the loop is not as it should be.
    """
    console = Console()
    job = prepare(wanted)
    settings = loop_settings(job.mapping, wanted.namespace or _new_namespace(wanted.mapping.stem))
    require_horizon(job.mapping, settings.learning.maturity_horizon_s)
    with own_loop(settings, keep=wanted.keep, console=console) as running:
        summary = asyncio.run(run(job, running, console))
        _show(summary, console, wanted.json)
    return not summary.lost


def prepare(wanted: Wanted) -> Job:
    """Read the mapping and measure the file."""
    mapping = parse_mapping(wanted.mapping.read_text())
    period = Period(_ms(wanted.first), _ms(wanted.stop))
    extent = measure(wanted.file, mapping, period, wanted.limit)
    protocol = protocol_of(mapping, extent, _ms(wanted.assess_from), _ms(wanted.assess_to))
    return Job(wanted, mapping, period, extent, Truth(protocol))


async def run(job: Job, settings: Settings, console: Console) -> Summary:
    """Replay through a loop that runs; returns what came out."""
    observed = Observed(settings.topics, keep=job.truth.keeps)
    label, started_s = job.mapping.label, time.monotonic()
    schedule = LabelSchedule(label.send if label else "fraud")
    labels = LabelSender(settings.api_url) if label else None
    with (
        Watcher(settings, observed.handlers()) as watcher,
        _progress(console, job.extent.rows) as report,
    ):
        one = Replay(TransactionSender(settings), label, labels, watcher, observed, schedule, report)
        try:
            await _paced(one, job, started_s)
        finally:
            if labels:
                await labels.close()
    if observed.counts is None:
        raise DeploymentError("The ledger wrote no counts.", "See `weir logs ledger`.")
    return summarise(
        observed,
        one.sent,
        observed.counts,
        wall_s=time.monotonic() - started_s,
        events_ms=(job.extent.first_ms, job.extent.last_ms),
        title=job.mapping.title,
        namespace=settings.namespace,
        pace=job.pace,
        labels_not_due=len(schedule),
        quality=job.truth.judge(observed.kept),
    )


async def _paced(one: Replay, job: Job, started_s: float) -> None:
    if job.wanted.speed:
        await one.by_the_clock(job.rows(), Clock(job.wanted.speed, job.extent.first_ms, started_s))
    else:
        await one.in_lockstep(job.rows(), round(job.mapping.slice_s * 1000))


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
    if not summary.lost:
        console.print("Everything reconciles.")


def _new_namespace(stem: str) -> str:
    """A name that no earlier replay has."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in stem.lower())[:20]
    return f"replay-{plain.strip('-')}-{datetime.now(UTC):%m%d-%H%M%S}"


def _ms(time: datetime | None) -> int | None:
    return None if time is None else round(time.replace(tzinfo=UTC).timestamp() * 1000)
