"""The command `weir check FILE --mapping MAPPING.toml`."""

from pathlib import Path
from typing import Annotated

import typer

from weir.errors import DeploymentError


def check(
    file: Annotated[Path, typer.Argument(help="A Parquet or CSV file.", exists=True, dir_okay=False)],
    mapping: Annotated[
        Path,
        typer.Option(
            help="A TOML file that maps columns to fields; see examples/README.md.", exists=True, dir_okay=False
        ),
    ],
) -> None:
    """Read a whole file by its mapping, and list what is wrong with it, before you replay it.

    The exit code is 1 if a row is wrong, and 2 if the mapping or the file as a whole is.
    """
    from operations.replay.checking.gate import check_and_show  # noqa: PLC0415 -- `weir --help` is quick

    try:
        fine = check_and_show(file, mapping)
    except DeploymentError as error:
        typer.secho(error.problem, fg="red", err=True)
        typer.secho(error.remedy, err=True)
        raise typer.Exit(2) from None
    raise typer.Exit(0 if fine else 1)
