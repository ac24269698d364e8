"""The command `weir replay FILE --mapping MAPPING.toml`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from weir.errors import DeploymentError


def replay(  # noqa: PLR0917 -- Typer passes them by name
    file: Annotated[Path, typer.Argument(help="A Parquet or CSV file.", exists=True, dir_okay=False)],
    mapping: Annotated[
        Path,
        typer.Option(
            help="A TOML file that maps columns to fields; see examples/README.md.", exists=True, dir_okay=False
        ),
    ],
    speed: Annotated[
        float | None,
        typer.Option(help="Seconds of event time per second. Without it, each slice waits for the loop.", min=0.001),
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Stop after this many transactions.", min=1)] = None,
    first: Annotated[datetime | None, typer.Option("--from", help="Start at this event time (UTC).")] = None,
    stop: Annotated[datetime | None, typer.Option("--to", help="Stop before this event time (UTC).")] = None,
    namespace: Annotated[
        str | None, typer.Option(help="The name of the new namespace. Default: derived from the mapping's file name.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the loop running and keep its topics.")] = False,
    assess_from: Annotated[
        datetime | None, typer.Option(help="The first day on which to measure the quality of the scores.")
    ] = None,
    assess_to: Annotated[
        datetime | None, typer.Option(help="The last day on which to measure the quality of the scores.")
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Also write the summary to this file.")] = None,
    skip_bad: Annotated[int, typer.Option(help="Leave out up to this many wrong rows, and list them.", min=0)] = 0,
) -> None:
    """Send a data set through a new loop, in event-time order, with its labels at their own delay.

    The whole file is checked before anything starts. Prints a summary at the end. The exit code is 1 if a row is wrong, a
    payment was refused, nothing was scored, or the counts do not reconcile.
    """
    from operations.replay.interruption import Interrupted, interruptible  # noqa: PLC0415 -- `weir --help` is quick
    from operations.replay.wiring import ReplayRequest, replay_and_show  # noqa: PLC0415

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
        skip_bad=skip_bad,
    )
    try:
        with interruptible():
            success = replay_and_show(request)
    except Interrupted as signal:
        typer.secho(f"Ended by {signal}. Nothing of this replay runs any more.", fg="red", err=True)
        raise typer.Exit(signal.exit_code) from None
    except DeploymentError as error:
        typer.secho(error.problem, fg="red", err=True)
        typer.secho(error.remedy, err=True)
        raise typer.Exit(2) from None
    raise typer.Exit(0 if success else 1)
