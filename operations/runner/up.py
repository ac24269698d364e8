"""`weir up` and `weir down`: start and stop the whole system on this machine."""

from rich.console import Console
from rich.table import Table

from operations.runner import endpoints, pid_files
from operations.runner.environment import infrastructure_environment
from operations.runner.fetch import fetch
from operations.runner.loops import (
    launch,
    launch_loop,
    prepare_loop,
    running_settings,
    stop_in_stages,
    wait_until_healthy,
)
from operations.runner.parts import KAFKA, infrastructure, loop
from operations.runner.progress import waiting
from operations.runner.run import pid_folder
from operations.runner.signing_key import with_signing_key
from operations.runner.state_folder import claimed, held, require_ours, writing
from operations.runner.supervisor_config import INFRASTRUCTURE, Folders
from operations.runner.supervisord import Supervisor
from weir.kafka_clients import create_topics
from weir.settings import Settings


def up(settings: Settings, console: Console) -> Settings:
    """Start everything that is not running, from its kept state, and wait until every part is healthy.

    Raises:
        DeploymentError: the state folder cannot be used, or a part does not start. Parts that run keep running until
            `weir down`.
    """
    settings = _absolute(settings)
    with writing(settings.cache_dir):
        fetch(settings.cache_dir, lambda what: console.print(f"  {what}"))
    with claimed(settings.state_dir, console):
        return _up(with_signing_key(settings), console)


def _up(settings: Settings, console: Console) -> Settings:
    supervisor = Supervisor(Folders(settings.state_dir))
    if not supervisor.is_running():
        settings = _start_supervisor(settings, supervisor, console)
    settings = prepare_loop(settings, supervisor, console)
    endpoints.write(settings, settings.state_dir / "endpoints.toml")
    shared = infrastructure(settings)
    launch(INFRASTRUCTURE, shared, infrastructure_environment(settings), supervisor, settings.state_dir)
    wait_until_healthy(settings, [part for part in shared if part is KAFKA], supervisor, console)
    create_topics(settings.bootstrap_servers, settings.topics.all(), settings.kafka.replication)
    launch_loop(settings, supervisor)
    wait_until_healthy(settings, [part for part in shared if part is not KAFKA] + loop(settings), supervisor, console)
    return settings


def down(settings: Settings, console: Console) -> None:
    """Stop everything that `weir up` started, including the loops of other namespaces, and nothing else."""
    settings = _absolute(settings)
    if settings.state_dir.is_dir():
        require_ours(settings.state_dir)
        with writing(settings.state_dir), held(settings.state_dir, console):
            _down(running_settings(settings), console)


def _down(settings: Settings, console: Console) -> None:
    folders = Folders(settings.state_dir)
    supervisor = Supervisor(folders)
    if supervisor.is_running():
        with waiting(console, "waiting for the jobs to stop with a savepoint, and the other parts after them"):
            stop_in_stages(supervisor.programs(), supervisor)
            supervisor.shut_down()
    _end_leftovers(settings, console)
    for group in folders.groups.glob("*.conf"):
        group.unlink()


def _absolute(settings: Settings) -> Settings:
    return settings.model_copy(update={"state_dir": settings.state_dir.absolute()})


def _start_supervisor(settings: Settings, supervisor: Supervisor, console: Console) -> Settings:
    _end_leftovers(settings, console)
    for group in Folders(settings.state_dir).groups.glob("*.conf"):
        group.unlink()
    settings, moved = endpoints.choose_shared(running_settings(settings))
    for sentence in moved:
        console.print(f"  [yellow]{sentence}[/yellow]")
    endpoints.write(settings, settings.state_dir / "endpoints.toml")
    supervisor.start({"WEIR_SIGNING_KEY": settings.require_signing_key().decode()})
    return settings


def _end_leftovers(settings: Settings, console: Console) -> None:
    if left := pid_files.end_recorded(pid_folder(settings)):
        console.print(f"  [yellow]ended what an earlier run left behind: {', '.join(left)}[/yellow]")


def show_addresses(settings: Settings, console: Console) -> None:
    table = Table(show_header=False, box=None, padding=(0, 2))
    for name, address in addresses(settings).items():
        table.add_row(name, address)
    console.print(table)


def addresses(settings: Settings) -> dict[str, str]:
    """The address of each service, and the state folder."""
    return {
        "API": settings.api_url,
        "MLflow": settings.mlflow_uri,
        "Flink": settings.flink_rest,
        "Kafka": settings.bootstrap_servers,
        "state": str(settings.state_dir),
    }
