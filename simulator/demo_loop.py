"""The demo's loop: a namespace of its own, and at the end nothing is left running that it started."""

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from weir.errors import PartUnavailable
from weir.replay.kafka_namespace import delete_topics
from weir.runner.loops import running_settings, start_loop, stop_loop
from weir.runner.signing_key import with_signing_key
from weir.runner.supervisor_config import Folders
from weir.runner.supervisord import Supervisor
from weir.runner.up import down, up
from weir.settings import Settings


@contextmanager
def demo_loop(settings: Settings, console: Console) -> Iterator[Settings]:
    """A running loop in a new namespace; beside what `weir up` started, or with everything that it needs.

    Afterwards what it started ends and its namespace is removed. A second Ctrl-C does not disturb that.

    Raises:
        DeploymentError: a part does not come up.
    """
    settings = with_signing_key(settings.model_copy(update={"state_dir": settings.state_dir.absolute()}))
    beside = Supervisor(Folders(settings.state_dir)).is_running()
    try:
        yield start_loop(settings, console) if beside else up(settings, console)
    finally:
        with _undisturbed():
            _end(settings, console, beside=beside)


def _end(settings: Settings, console: Console, *, beside: bool) -> None:
    console.print("ending what the demo started")
    stop_loop(settings)
    try:
        delete_topics(running_settings(settings))
    except PartUnavailable as error:
        console.print(f"  [yellow]its topics stay: {error.problem}[/yellow]")
    if not beside:
        down(settings, console)
    shutil.rmtree(settings.namespace_dir, ignore_errors=True)


@contextmanager
def _undisturbed() -> Iterator[None]:
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
