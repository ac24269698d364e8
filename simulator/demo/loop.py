"""The demo's loop: a namespace of its own, and at the end nothing is left running that it started."""

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
    """A running loop in a new namespace; beside what `weir up` started, or with everything that it needs.

    Afterwards what it started ends and its namespace is removed. A second Ctrl-C does not disturb that.

    Raises:
        DeploymentError: a part does not come up.
    """
    settings = with_signing_key(settings.model_copy(update={"state_dir": settings.state_dir.absolute()}))
    supervisor = Supervisor(Folders(settings.state_dir))
    beside = supervisor.is_running()
    keep = False
    try:
        yield start_loop(settings, console) if beside else up(settings, console)
    except Exception:
        keep = True
        raise
    finally:
        with endings_handled(signal.SIG_IGN):
            console.print("ending what the demo started")
            _end(settings, supervisor, console, beside=beside, keep=keep)


def _end(settings: Settings, supervisor: Supervisor, console: Console, *, beside: bool, keep: bool) -> None:
    """Every step is taken, whatever becomes of the others. After a failure (`keep`) logs and state stay to be looked at.

    What the demo started goes on if somebody else's loop came to use it.
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
        console.print(f"  [yellow]its topics stay: {error.problem}[/yellow]")


def _down_unless_shared(settings: Settings, supervisor: Supervisor, console: Console, *, beside: bool) -> None:
    if beside:
        return
    others = {program.group for program in supervisor.programs()} if supervisor.is_running() else set()
    if others - {INFRASTRUCTURE}:
        console.print("  another loop uses Kafka, Flink and MLflow: they stay; `weir down` ends them")
    else:
        down(settings, console)
