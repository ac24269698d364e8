"""A part's process: it runs until a signal, and ends with one sentence if the deployment is wrong."""

import signal
import sys
from collections.abc import Callable
from threading import Event

from weir.errors import DeploymentError
from weir.logs import configure_logs
from weir.settings import Settings, load_settings


def serve(run: Callable[[Settings, Event], None]) -> int:
    """Run a part until SIGTERM or SIGINT sets the event. Return the exit code."""
    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        settings = load_settings()
        configure_logs(settings.log_level)
        run(settings, stopping)
    except DeploymentError as error:
        print(error, file=sys.stderr)  # noqa: T201 -- one sentence instead of a traceback
        return 1
    return 0
