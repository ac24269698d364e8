"""Wires one evaluation: file, mapping, lanes, judge; shows what came out."""

import resource
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from operations.evaluate.baseline import BUDGET, PROTOCOL, differences, read_handbook, run_baselines
from operations.evaluate.contenders import BUILDERS, contenders_named
from operations.evaluate.feedback import AlertLabels, EveryLabel, Feedback
from operations.evaluate.judge import Judge
from operations.evaluate.lane import Lane
from operations.evaluate.measures import Block
from operations.evaluate.one_pass import OnePass
from operations.evaluate.plots import write_plots
from operations.evaluate.pure_detector import PureDetector
from operations.evaluate.pure_join import PureJoin
from operations.evaluate.report import (
    ContenderReport,
    Effort,
    EvaluateReport,
    Run,
    beside_published,
    contender_report,
    sentences,
    tables,
)
from operations.evaluate.request import EvaluateRequest, Plan, planned
from operations.replay.selected_rows import read_rows
from weir.clock import now_ms
from weir.compiled import warm
from weir.errors import DeploymentError


def evaluate_and_show(request: EvaluateRequest) -> bool:
    """Check the file, evaluate, print the figures, and write what was asked for. Returns whether no payment was refused.

    Raises:
        DeploymentError: the mapping, the file or the request is not as it should be.
    """
    console = Console()
    plan = planned(request, console)
    if plan is None:
        return False
    with _progress(console, plan.extent.rows) as progress:
        judge, report = evaluated(plan, progress)
    _show(report, console, request.json)
    if request.plots is not None:
        judged = {one.contender: judge.judged(one.contender) for one in report.contenders}
        for file in write_plots(request.plots, judged, judge.protocol):
            console.print(f"Wrote {file}.")
    if report.run.dead_letters:
        console.print(f"[red]{_refused(report.run.transactions, report.run.dead_letters)}[/red]")
    return not report.run.dead_letters


def evaluated(
    plan: Plan, progress: Callable[[int, int], None] = lambda _rows, _ms: None
) -> tuple[Judge, EvaluateReport]:
    """Run the pass and judge it.

    Raises:
        DeploymentError: no payment of the assessed days has a verdict, or a contender is unknown.
    """
    warm(plan.settings.cache_dir)
    started_s, request = time.monotonic(), plan.request
    lanes = _lanes(plan)
    names = [contender.name for lane in lanes for contender in lane.contenders]
    judge = Judge(plan.protocol, names, knows_cards=request.protocol == "handbook", budget=request.budget)
    one_pass = OnePass(lanes, judge, progress)
    one_pass.run(read_rows(plan.checked, plan.period, None), plan.slice_ms)
    if not len(judge):
        raise _nothing_to_judge(one_pass)
    return judge, _report(plan, lanes, one_pass, judge, time.monotonic() - started_s)


def show_baselines(file: Path, json: Path | None, plots: Path | None) -> bool:
    """Train and judge the published baselines; whether they are within the tolerance of the published figures.

    Raises:
        DeploymentError: the file is not the handbook's.
    """
    console, started_s = Console(), time.monotonic()
    reports: list[ContenderReport] = []
    blocks: dict[str, list[Block]] = {}
    judged: dict[str, pd.DataFrame] = {}
    with console.status("training logistic regression and random forest"):
        for one, block, left in run_baselines(read_handbook(file)):
            reports.append(one)
            blocks[one.contender], judged[one.contender] = [block], left
    run = Run(
        title="Published baselines on the handbook's 15 features",
        file=str(file),
        protocol="handbook",
        feedback="all",
        budget=BUDGET,
        first_day=_date(PROTOCOL.first_day),
        last_day=_date(PROTOCOL.last_day),
        learned_from=_date(PROTOCOL.first_known_day),
        judged=reports[0].transactions,
        wall_s=round(time.monotonic() - started_s, 1),
        peak_memory_mib=_peak_memory_mib(),
    )
    _show(EvaluateReport(run=run, contenders=reports, beside=beside_published(blocks)), console, json)
    if plots is not None:
        write_plots(plots, judged, PROTOCOL)
    wrong = differences(reports)
    for sentence in wrong:
        console.print(f"[red]{sentence}[/red]")
    if not wrong:
        console.print("The published figures are reproduced.")
    return not wrong


def _nothing_to_judge(one_pass: OnePass) -> DeploymentError:
    if sum(one_pass.dead_letters.values()) == one_pass.transactions:
        sentence = _refused(one_pass.transactions, one_pass.dead_letters)
        return DeploymentError(sentence, "Correct the file or the mapping.")
    return DeploymentError("No payment of the assessed days has a verdict.", "Check --from, --to and [label].")


def _refused(payments: int, dead_letters: Mapping[str, int]) -> str:
    fields = ", ".join(sorted(dead_letters))
    return f"{sum(dead_letters.values()):,} of {payments:,} payments were refused: {fields}."


def _lanes(plan: Plan) -> list[Lane]:
    """One lane for all contenders, or one for each where labels depend on its scores."""
    names = plan.request.contenders or tuple(BUILDERS)
    together = [names] if plan.request.feedback == "all" else [(name,) for name in dict.fromkeys(names)]
    return [_lane(plan, some) for some in together]


def _lane(plan: Plan, names: tuple[str, ...]) -> Lane:
    settings, feedback = plan.settings, _feedback(plan)
    return Lane(
        contenders_named(names, settings),
        detector=PureDetector(settings.detector, now_ms()),
        join=PureJoin(settings.learning, feedback.awaits),
        feedback=feedback,
        labelled=plan.labelled,
        epoch=settings.learning.epoch,
    )


def _feedback(plan: Plan) -> Feedback:
    send = plan.label.send
    return EveryLabel(send) if plan.request.feedback == "all" else AlertLabels(send, plan.request.budget)


def _report(plan: Plan, lanes: list[Lane], one_pass: OnePass, judge: Judge, wall_s: float) -> EvaluateReport:
    blocks = {contender.name: judge.blocks(contender.name) for lane in lanes for contender in lane.contenders}
    reports = [
        contender_report(name, blocks[name], judge.judged(name), effort)
        for lane in lanes
        for name, effort in _efforts(lane)
    ]
    return EvaluateReport(run=_run(plan, one_pass, judge, wall_s), contenders=reports, beside=beside_published(blocks))


def _efforts(lane: Lane) -> Iterator[tuple[str, Effort]]:
    for contender in lane.contenders:
        yield (
            contender.name,
            Effort(
                us_per_features=lane.detector.features.us,
                us_per_detector=lane.detector.all_but_models.us,
                us_per_score=lane.scoring[contender.name].us,
                us_per_learn=lane.us_per_learn(contender),
                labels=lane.labels - lane.join.labels_too_late,
                labels_too_late=lane.join.labels_too_late,
                examples=lane.examples,
            ),
        )


def _run(plan: Plan, one_pass: OnePass, judge: Judge, wall_s: float) -> Run:
    request, learning = plan.request, plan.settings.learning
    return Run(
        title=plan.mapping.title,
        file=str(request.file),
        protocol=request.protocol,
        feedback=request.feedback,
        budget=request.budget,
        first_day=_date(plan.protocol.first_day),
        last_day=_date(plan.protocol.last_day),
        learned_from=datetime.fromtimestamp(plan.extent.first_ms / 1000, UTC).strftime("%Y-%m-%d"),
        label_delay_s=plan.label.delay_s,
        label_times=plan.label.time is not None,
        maturity_horizon_s=learning.maturity_horizon_s,
        implicit_share=learning.implicit_share,
        publish_every_s=plan.mapping.slice_s,
        transactions=one_pass.transactions,
        judged=len(judge),
        repeated=one_pass.repeated + plan.checked.repeated,
        left_out=len(plan.checked.bad_rows),
        dead_letters=dict(one_pass.dead_letters),
        wall_s=round(wall_s, 1),
        peak_memory_mib=_peak_memory_mib(),
    )


@contextmanager
def _progress(console: Console, rows: int) -> Iterator[Callable[[int, int], None]]:
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(TextColumn("{task.description}"), *columns, console=console) as progress:
        task = progress.add_task("starting", total=rows)

        def report(done: int, event_ms: int) -> None:
            day = datetime.fromtimestamp(event_ms / 1000, UTC).strftime("%Y-%m-%d")
            progress.update(task, completed=done, description=day)

        yield report
        progress.update(task, completed=rows)


def _show(report: EvaluateReport, console: Console, json: Path | None) -> None:
    for sentence in sentences(report.run):
        console.print(sentence, highlight=False)
    for table in tables(report):
        console.print(table)
    if json is not None:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")


def _peak_memory_mib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _date(day: int) -> str:
    return str(np.datetime64(day, "D"))
