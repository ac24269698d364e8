"""The `weir` command line. Each command imports its own dependencies, because `weir --help` must be quick."""

from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer

from weir.errors import DeploymentError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Weir: a real-time fraud detector that learns.")

PartName = Annotated[str, typer.Argument(help="The name of a part, as `weir status` shows it.")]


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
    """Stop everything that `weir up` started, and keep its state."""
    from rich.console import Console

    from operations.runner.up import down
    from weir.settings import load_settings

    _or_sentence(lambda: down(load_settings(), Console()))


@app.command()
def status(json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show the health of each part, the lag of each topic, the model in use, and whether the counts reconcile."""
    from operations.runner.status import show_status
    from weir.settings import load_settings

    _or_sentence(lambda: show_status(load_settings(), as_json=json))


@app.command()
def logs(
    part: PartName,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep printing as the log grows.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many of the last lines to show.")] = 200,
) -> None:
    """Show the log of a part."""
    from operations.runner.logs import show_log
    from weir.settings import load_settings

    _or_sentence(lambda: show_log(load_settings(), part, lines, follow=follow))


@app.command()
def skip(position: Annotated[str, typer.Argument(help="TOPIC:PARTITION:OFFSET, as `weir status` shows it.")]) -> None:
    """Set one record aside that a job fails at: it becomes a dead letter, and the job goes on without it."""
    from operations.runner.skip import skip
    from weir.settings import load_settings

    _or_sentence(lambda: typer.echo(skip(load_settings(), position)))


@app.command()
def run(part: PartName) -> None:
    """Run one part in the foreground. Containers use this."""
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
    """Create the topics of the namespace that do not exist yet."""
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
    """Download the jars of Kafka and Flink, and verify their hashes."""
    from rich.console import Console

    from operations.runner.fetch import fetch
    from weir.settings import load_settings

    console = Console()

    def fetch_all() -> None:
        with console.status("verifying the jars") as progress:
            fetch(load_settings().cache_dir, progress.update)
        console.print("All jars are present and have their pinned hashes.")

    _or_sentence(fetch_all)


@app.command()
def doctor() -> None:
    """Check this machine for everything that Weir needs, and show how to fix what is wrong."""
    from operations.runner.doctor import examine
    from weir.settings import load_settings

    _or_sentence(lambda: examine(load_settings()))


for added in entry_points(group="weir.commands"):
    command = added.load()
    if isinstance(command, typer.Typer):
        app.add_typer(command, name=added.name)
    else:
        app.command(added.name)(command)


@app.command()
def schemas(folder: Annotated[Path, typer.Argument(help="The folder to write to.")] = Path("docs/schemas")) -> None:
    """Write the JSON Schemas of all messages."""
    from weir.schemas import write_schemas

    for file in write_schemas(folder):
        typer.echo(file)


def _or_sentence(act: Callable[[], object]) -> None:
    """Run `act`; print a DeploymentError as a sentence and a remedy instead of a stack trace, and exit with 1."""
    try:
        act()
    except DeploymentError as error:
        typer.secho(error.problem, fg="red", err=True)
        typer.secho(error.remedy, err=True)
        raise typer.Exit(1) from None
