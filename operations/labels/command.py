"""The command `weir labels load FILE`."""

from pathlib import Path
from typing import Annotated

import typer

from weir.errors import DeploymentError

labels = typer.Typer(no_args_is_help=True, help="Verdicts from files.")


@labels.callback()
def _labels() -> None:
    """Verdicts from files."""


@labels.command()
def load(
    file: Annotated[
        Path, typer.Argument(help="A CSV or Parquet file, or JSON lines (.jsonl).", exists=True, dir_okay=False)
    ],
    mapping: Annotated[
        Path | None,
        typer.Option(
            help="A TOML file that maps columns to a label's fields; see examples/README.md. Without it the columns "
            "must have the names of the fields.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write a CSV file with a line for each row: what became of it, and why.")
    ] = None,
    wait_s: Annotated[
        float, typer.Option(min=0, help="How long to wait for labels that are on their way, after the last one moved.")
    ] = 30.0,
) -> None:
    """Send the labels of a file, wait until they are learned, and say which were not and why.

    Running it again is safe: every label counts once. After a crash, run it again. The exit code is 1 if a label was not
    accepted or its payment is not known.
    """
    from operations.labels.loading import load_labels  # noqa: PLC0415 -- `weir --help` is quick

    try:
        fine = load_labels(file, mapping, report, wait_s)
    except DeploymentError as error:
        typer.secho(error.problem, fg="red", err=True)
        typer.secho(error.remedy, err=True)
        raise typer.Exit(2) from None
    raise typer.Exit(0 if fine else 1)
