"""`weir`: one place per command. What a command needs is imported when it runs, so that `weir --help` is quick."""

from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer

from weir.errors import DeploymentError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Weir: a real-time fraud detector that learns.")

PartName = Annotated[str, typer.Argument(help="A part, as `weir status` names it.")]


@app.command()
def up() -> None:
    """Start everything and wait until every part is healthy."""
    from rich.console import Console

    from operations.runner.up import show_addresses, up
    from weir.settings import load_settings

    console = Console()
    _or_sentence(lambda: show_addresses(up(load_settings(), console), console))


@app.command()
def down() -> None:
    """Stop everything that `weir up` started; the state is kept."""
    from rich.console import Console

    from operations.runner.up import down
    from weir.settings import load_settings

    _or_sentence(lambda: down(load_settings(), Console()))


@app.command()
def status(json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Show each part's health, each topic's lag, the model's sequence, and whether the counts reconcile."""
    from operations.runner.status import show_status
    from weir.settings import load_settings

    _or_sentence(lambda: show_status(load_settings(), as_json=json))


@app.command()
def logs(
    part: PartName,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as it grows.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many lines from the end.")] = 200,
) -> None:
    """Show what a part printed."""
    from operations.runner.logs import show_log
    from weir.settings import load_settings

    _or_sentence(lambda: show_log(load_settings(), part, lines, follow=follow))


@app.command()
def run(part: PartName) -> None:
    """Serve one part in the foreground: what supervisor and containers start."""
    from operations.runner.run import run_part

    _or_sentence(lambda: run_part(part))


@app.command()
def healthy(part: PartName) -> None:
    """Check one part; exit with 1 when it is unhealthy. Container health checks run this."""
    from operations.runner.health import require_healthy
    from weir.settings import load_settings

    _or_sentence(lambda: require_healthy(part, load_settings()))


@app.command()
def topics() -> None:
    """Create the namespace's topics; existing ones stay as they are."""
    from weir.kafka_clients import create_topics
    from weir.settings import load_settings

    settings = load_settings()
    _or_sentence(
        lambda: create_topics(
            settings.bootstrap_servers, settings.topics.all(), settings.kafka.replication, timeout_s=60
        )
    )


@app.command()
def fetch() -> None:
    """Download the jars and check their hashes."""
    from rich.console import Console

    from operations.runner.fetch import fetch
    from weir.settings import load_settings

    console = Console()

    def fetch_all() -> None:
        with console.status("checking the jars") as progress:
            fetch(load_settings().cache_dir, progress.update)
        console.print("All jars are there, each with its pinned hash.")

    _or_sentence(fetch_all)


@app.command()
def doctor() -> None:
    """Say what is missing or wrong on this machine, and how to mend it."""
    from operations.runner.doctor import examine
    from weir.settings import load_settings

    _or_sentence(lambda: examine(load_settings()))


for added in entry_points(group="weir.commands"):
    app.command(added.name)(added.load())


@app.command()
def schemas(folder: Annotated[Path, typer.Argument(help="Where they are written.")] = Path("docs/schemas")) -> None:
    """Write the messages' JSON Schemas."""
    from weir.schemas import write_schemas

    for file in write_schemas(folder):
        typer.echo(file)


def _or_sentence(act: Callable[[], object]) -> None:
    """Do it; what is wrong with the deployment ends in one sentence and a remedy, not in a stack trace."""
    try:
        act()
    except DeploymentError as error:
        typer.secho(error.problem, fg="red", err=True)
        typer.secho(error.remedy, err=True)
        raise typer.Exit(1) from None
