"""`weir evaluate FILE --mapping MAPPING.toml`, as Typer sees it; what it needs is imported when it runs."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from weir.errors import DeploymentError

DAY = ["%Y-%m-%d"]


class ProtocolName(StrEnum):
    """How payments are chosen for judging."""

    handbook = "handbook"
    prequential = "prequential"


class FeedbackName(StrEnum):
    """Whose labels come back."""

    all = "all"
    alerts = "alerts"


def evaluate(  # noqa: PLR0917 -- Typer passes them by name
    file: Annotated[Path, typer.Argument(help="A Parquet or CSV file.", exists=True, dir_okay=False)],
    mapping: Annotated[
        Path | None, typer.Option(help="TOML: which column is what.", exists=True, dir_okay=False)
    ] = None,
    delay_days: Annotated[
        float | None, typer.Option(help="Days from a payment to its label; replaces the mapping's delay_s.", min=0)
    ] = None,
    first: Annotated[datetime | None, typer.Option("--from", help="The first assessed day (UTC).", formats=DAY)] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", help="The last assessed day; later rows are not read.", formats=DAY)
    ] = None,
    learn_from: Annotated[
        datetime | None, typer.Option(help="The first day to learn from; the file's first by default.", formats=DAY)
    ] = None,
    protocol: Annotated[
        ProtocolName,
        typer.Option(
            help="handbook: leave out cards already known as compromised, judge whole weeks alone. "
            "prequential: every labelled payment counts."
        ),
    ] = ProtocolName.prequential,
    feedback: Annotated[
        FeedbackName, typer.Option(help="all: every label comes back. alerts: only those of the cards in the budget.")
    ] = FeedbackName.all,
    budget: Annotated[int, typer.Option(help="Alerts a day: cards with the highest scores.", min=1)] = 100,
    contender: Annotated[
        list[str] | None, typer.Option(help="Repeat it, or separate names by commas; all of them by default.")
    ] = None,
    baseline: Annotated[
        bool,
        typer.Option(
            "--baseline",
            help="Reproduce the published logistic regression and random forest; "
            "FILE is the handbook's with its 15 features, and no mapping is needed.",
        ),
    ] = False,
    json: Annotated[Path | None, typer.Option(help="Write the figures to this file, too.")] = None,
    plots: Annotated[Path | None, typer.Option(help="Write pictures into this folder.", file_okay=False)] = None,
    skip_bad: Annotated[int, typer.Option(help="Leave out up to this many wrong rows, and list them.", min=0)] = 0,
) -> None:
    """Score a file with the stream's own code, in one process, and judge the scores.

    The whole file is checked first; the exit code is 1 if a row is wrong or a payment was refused.
    No Kafka and no Flink: features, label join and learner are the same, and every contender sees the same payments.
    """
    from operations.evaluate.request import EvaluateRequest  # noqa: PLC0415 -- `weir --help` is quick
    from operations.evaluate.wiring import evaluate_and_show, show_baselines  # noqa: PLC0415 -- likewise

    if json is not None and not json.absolute().parent.is_dir():
        raise typer.BadParameter(f"The folder {json.absolute().parent} for --json does not exist. Create it first.")
    names = [name.strip() for names in contender or [] for name in names.split(",")]
    request = EvaluateRequest(
        file=file,
        mapping=mapping,
        delay_days=delay_days,
        first=first,
        last=last,
        learn_from=learn_from,
        protocol=protocol.value,
        feedback=feedback.value,
        budget=budget,
        contenders=tuple(name for name in names if name),
        json=json,
        plots=plots,
        skip_bad=skip_bad,
    )
    try:
        success = show_baselines(file, json, plots) if baseline else evaluate_and_show(request)
    except DeploymentError as error:
        typer.secho(error.problem, fg="red", err=True)
        typer.secho(error.remedy, err=True)
        raise typer.Exit(2) from None
    raise typer.Exit(0 if success else 1)
