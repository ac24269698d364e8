"""The demo's loop, in its own namespace; at the end the demo stops everything that it started."""

import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from rich.console import Console

from operations.harness.kafka_namespace import delete_topics
from operations.runner.loops import running_settings, start_loop, stop_loop
from operations.runner.signing_key import with_signing_key
from operations.runner.supervisor_config import INFRASTRUCTURE, Folders, loop_group
from operations.runner.supervisord import Supervisor
from operations.runner.up import down, up
from simulator.demo.endings import endings_handled
from weir.errors import PartUnavailable
from weir.settings import Settings


@contextmanager
def demo_loop(settings: Settings, console: Console) -> Iterator[Settings]:
    """Run a loop in a new namespace, on the servers that `weir up` started or on new ones.

    On exit, stop what was started here and remove the namespace; a second Ctrl-C does not interrupt this. After a
    failure logs and state stay.

    Raises:
        DeploymentError: a part does not start.
    """
    settings = settings.model_copy(update={"state_dir": settings.state_dir.absolute()})
    supervisor = Supervisor(Folders(settings.state_dir))
    beside = supervisor.is_running()
    keep = False
    try:
        yield start_loop(with_signing_key(settings), console) if beside else up(settings, console)
    except Exception:
        keep = True
        raise
    finally:
        with endings_handled(signal.SIG_IGN):
            console.print("stopping everything the demo started")
            _end(settings, supervisor, console, beside=beside, keep=keep)


def _end(settings: Settings, supervisor: Supervisor, console: Console, *, beside: bool, keep: bool) -> None:
    """Stop the loop, delete its topics, stop the servers, and remove logs and state unless `keep`.

    A step that fails does not prevent the next ones. The servers keep running if another loop has come to use them.
    """
    with ExitStack() as steps:
        if not keep:
            steps.callback(shutil.rmtree, settings.namespace_dir, ignore_errors=True)
            logs = Folders(settings.state_dir).log(loop_group(settings.namespace), "any").parent
            steps.callback(shutil.rmtree, logs, ignore_errors=True)
        steps.callback(_down_unless_shared, settings, supervisor, console, beside=beside)
        steps.callback(_delete_topics, settings, supervisor, console)
        stop_loop(settings)


def _delete_topics(settings: Settings, supervisor: Supervisor, console: Console) -> None:
    if not supervisor.is_running():
        return
    try:
        delete_topics(running_settings(settings))
    except PartUnavailable as error:
        console.print(f"  [yellow]The demo's topics were not deleted: {error.problem}[/yellow]")


def _down_unless_shared(settings: Settings, supervisor: Supervisor, console: Console, *, beside: bool) -> None:
    if beside:
        return
    others = {program.group for program in supervisor.programs()} if supervisor.is_running() else set()
    if others - {INFRASTRUCTURE}:
        console.print("  Kafka, Flink and MLflow keep running because another loop uses them; `weir down` stops them")
    else:
        down(settings, console)
