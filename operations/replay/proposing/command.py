"""The command `weir map FILE`."""

from pathlib import Path
from typing import Annotated

import typer

from weir.errors import DeploymentError


def propose(
    file: Annotated[Path, typer.Argument(help="A Parquet or CSV file.", exists=True, dir_okay=False)],
    output: Annotated[
        Path | None, typer.Option(help="Write the mapping to this file instead of the screen.", dir_okay=False)
    ] = None,
) -> None:
    """Look at a file, propose a mapping for it, and explain each guess in a comment.

    Correct the guesses, then run `weir check FILE --mapping MAPPING.toml`.
    """
    from operations.replay.proposing.proposal import proposed  # noqa: PLC0415 -- `weir --help` is quick

    try:
        text = proposed(file)
    except DeploymentError as error:
        typer.secho(error.problem, fg="red", err=True)
        typer.secho(error.remedy, err=True)
        raise typer.Exit(2) from None
    if output is None:
        typer.echo(text, nl=False)
    elif output.exists():
        typer.secho(f"{output} exists already.", fg="red", err=True)
        typer.secho("Name another file, or remove it.", err=True)
        raise typer.Exit(2)
    else:
        output.write_text(text, encoding="utf-8")
        typer.echo(f"Wrote {output}. Correct the guesses, then run `weir check {file} --mapping {output}`.")
