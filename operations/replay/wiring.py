"""Build and run one replay, and print its summary."""

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

from operations.harness.kafka_traffic import TransactionSender, Watcher
from operations.harness.observed import Observed
from operations.harness.pacing import Clock
from operations.replay.checking.file_check import CheckedFile
from operations.replay.checking.gate import admitted
from operations.replay.known_verdicts import KnownVerdicts, protocol_of
from operations.replay.label_schedule import LabelSchedule, require_horizon
from operations.replay.lockstep import Replay
from operations.replay.mapping import Mapping, read_mapping
from operations.replay.own_loop import loop_settings, own_loop, sized
from operations.replay.period import Extent, Period
from operations.replay.rows import Row
from operations.replay.selected_rows import extent, read_rows
from operations.replay.summary import Summary, summarise, tables, verdict
from operations.replay.trees_due import TreesDue
from weir.errors import DeploymentError
from weir.http_labels import LabelSender
from weir.settings import Settings


@dataclass(frozen=True)
class ReplayRequest:
    """The arguments of the command line. Times without a zone are UTC."""

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
    skip_bad: int = 0


@dataclass(frozen=True)
class ReplayPlan:
    """A replay that is read and checked, before anything is started."""

    request: ReplayRequest
    mapping: Mapping
    settings: Settings
    checked: CheckedFile
    period: Period
    extent: Extent
    verdicts: KnownVerdicts

    def rows(self) -> Iterator[Row]:
        """The rows to replay. Reading them fills `verdicts`."""
        return self.verdicts.watch(read_rows(self.checked, self.period, self.request.limit))

    @property
    def pace(self) -> str:
        speed = self.request.speed
        return f"{speed:g} times as fast as wall time" if speed else f"lockstep, slices of {self.mapping.slice_s:g} s"


def replay_and_show(request: ReplayRequest) -> bool:
    """Check the file, replay it and print the summary.

    Returns whether every payment was scored and the counts reconcile. Nothing starts if more rows are wrong than
    `skip_bad`.

    Raises:
        DeploymentError: the mapping, the file or the loop has a problem.
    """
    console = Console()
    plan = prepare(request, console)
    if plan is None:
        return False
    with own_loop(plan.settings, keep=request.keep, console=console) as running:
        summary = asyncio.run(run(plan, running, console))
        return _show(summary, console, request.json)


def prepare(request: ReplayRequest, console: Console) -> ReplayPlan | None:
    """Read the mapping and check the file. Returns None if too many rows are wrong."""
    mapping = read_mapping(request.mapping)
    settings = loop_settings(mapping, request.namespace or _new_namespace(request.mapping.stem))
    require_horizon(mapping, settings.learning.maturity_horizon_s)
    checked = admitted(request.file, mapping, settings, request.skip_bad, console)
    if checked is None:
        return None
    period = Period(_ms(request.first), _ms(request.stop))
    size = extent(checked, period, request.limit)
    protocol = protocol_of(mapping, size, _ms(request.assess_from), _ms(request.assess_to))
    return ReplayPlan(
        request,
        mapping,
        settings if request.keep else sized(settings, mapping, size.rows),
        checked,
        period,
        size,
        KnownVerdicts(protocol),
    )


async def run(plan: ReplayPlan, settings: Settings, console: Console) -> Summary:
    """Replay through a running loop."""
    observed = Observed(settings.topics, keep=plan.verdicts.keeps)
    label, started_s = plan.mapping.label, time.monotonic()
    schedule = LabelSchedule(label.send if label else "fraud")
    labels = LabelSender(settings.api_url) if label else None
    trees = TreesDue(settings.learning.epoch)
    with (
        Watcher(settings, observed.handlers() | {settings.topics.learning_log: trees.read}) as watcher,
        _progress(console, plan.extent.rows) as (report, waits),
    ):
        transactions = TransactionSender(settings)
        one = Replay(transactions, label, labels, watcher, observed, schedule, trees, report, waits)
        try:
            await _paced(one, plan, started_s)
        finally:
            transactions.close()
            if labels:
                await labels.close()
    if observed.counts is None:
        raise DeploymentError("The ledger has written no counts.", "See `weir logs ledger`.")
    return summarise(
        observed,
        one.sent,
        observed.counts,
        wall_s=time.monotonic() - started_s,
        events_ms=(plan.extent.first_ms, plan.extent.last_ms),
        title=plan.mapping.title,
        namespace=settings.namespace,
        pace=plan.pace,
        rows_left_out=len(plan.checked.bad_rows),
        rows_repeated=plan.checked.repeated,
        labels_not_due=len(schedule),
        quality=plan.verdicts.judge(observed.kept),
    )


async def _paced(one: Replay, plan: ReplayPlan, started_s: float) -> None:
    if plan.request.speed:
        await one.by_the_clock(plan.rows(), Clock(plan.request.speed, plan.extent.first_ms, started_s))
    else:
        await one.in_lockstep(plan.rows(), round(plan.mapping.slice_s * 1000))


@contextmanager
def _progress(console: Console, rows: int) -> Iterator[tuple[Callable[[int, int], None], Callable[[str], None]]]:
    """Show how far the replay is. Yields the functions to call with each report and with what a long wait is for."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(TextColumn("{task.description}"), *columns, console=console) as progress:
        task = progress.add_task("starting", total=rows)

        def report(sent: int, event_ms: int) -> None:
            day = datetime.fromtimestamp(event_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
            progress.update(task, completed=sent, description=day)

        def waits(what: str) -> None:
            progress.update(task, description=what)
            if not console.is_terminal:
                console.print(f"  {what}", markup=False, highlight=False)

        yield report, waits


def _show(summary: Summary, console: Console, json: Path | None) -> bool:
    for table in tables(summary):
        console.print(table)
    if json is not None:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(summary)) + b"\n")
    for sentence in summary.lost:
        console.print(f"[red]{sentence}[/red]")
    success, sentence = verdict(summary)
    console.print(sentence, style=None if success else "red", markup=False, highlight=False, soft_wrap=True)
    return success


def _new_namespace(stem: str) -> str:
    """A name from the mapping's file name and the time, to the second."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in stem.lower())[:20]
    return f"replay-{plain.strip('-')}-{datetime.now(UTC):%m%d-%H%M%S}"


def _ms(time: datetime | None) -> int | None:
    return None if time is None else round(time.replace(tzinfo=UTC).timestamp() * 1000)
