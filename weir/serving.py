"""A part's process: runs until it is told to stop, and ends with one sentence when the deployment is not as it should be."""

import signal
import sys
from collections.abc import Callable
from threading import Event

from weir.errors import DeploymentError
from weir.logs import configure_logs
from weir.settings import Settings, load_settings


def serve(run: Callable[[Settings, Event], None]) -> int:
    """Run a part until the event is set by SIGTERM or SIGINT; returns the exit code."""
    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        settings = load_settings()
        configure_logs(settings.log_level)
        run(settings, stopping)
    except DeploymentError as error:
        print(error, file=sys.stderr)  # noqa: T201 -- a failure ends with one sentence
        return 1
    return 0
