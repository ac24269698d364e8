"""`python -m learner`: learns one namespace until it is told to stop."""

import signal
import sys
from threading import Event

from learner.kafka_learner import run_learner
from weir.errors import DeploymentError
from weir.logs import configure_logs
from weir.settings import load_settings


def main() -> int:
    """Wire the process."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        settings = load_settings()
        configure_logs(settings.log_level)
        run_learner(settings, stop.is_set)
    except DeploymentError as error:
        print(error, file=sys.stderr)  # noqa: T201 -- a failure ends with one sentence
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
