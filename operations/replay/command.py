"""`weir replay FILE --mapping MAPPING.toml`, as Typer sees it; what it needs is imported when it runs."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from weir.errors import DeploymentError


def replay(  # noqa: PLR0917 -- Typer passes them by name
    file: Annotated[Path, typer.Argument(help="Parquet or CSV, in event-time order.", exists=True, dir_okay=False)],
    mapping: Annotated[Path, typer.Option(help="TOML: which column is what.", exists=True, dir_okay=False)],
    speed: Annotated[
        float | None, typer.Option(help="Event time per wall time; without it, lockstep with the loop.", min=0.001)
    ] = None,
    limit: Annotated[int | None, typer.Option(help="At most so many transactions.", min=1)] = None,
    first: Annotated[datetime | None, typer.Option("--from", help="The first event time (UTC).")] = None,
    stop: Annotated[datetime | None, typer.Option("--to", help="The event time to stop before (UTC).")] = None,
    namespace: Annotated[str | None, typer.Option(help="A new namespace; named after the mapping by default.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the loop running and its topics in place.")] = False,
    assess_from: Annotated[datetime | None, typer.Option(help="The first day whose scores are judged.")] = None,
    assess_to: Annotated[datetime | None, typer.Option(help="The last day whose scores are judged.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the summary to this file, too.")] = None,
) -> None:
    """Push a data set through a loop of its own, in event-time order, its labels at their own delay.

    Ends with a summary; the exit code is 1 when something is lost.
    """
    from operations.replay.wiring import ReplayRequest, replay_and_show  # noqa: PLC0415 -- `weir --help` is quick

    request = ReplayRequest(
        file=file,
        mapping=mapping,
        speed=speed,
        limit=limit,
        first=first,
        stop=stop,
        namespace=namespace,
        keep=keep,
        assess_from=assess_from,
        assess_to=assess_to,
        json=json,
    )
    try:
        nothing_lost = replay_and_show(request)
    except DeploymentError as error:
        typer.secho(error.problem, fg="red", err=True)
        typer.secho(error.remedy, err=True)
        raise typer.Exit(2) from None
    raise typer.Exit(0 if nothing_lost else 1)
