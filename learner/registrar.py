"""`python -m learner.registrar`: keeps MLflow up to date with one namespace until it is told to stop."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event

import weir
from weir.errors import DeploymentError
from weir.logs import configure_logs
from weir.settings import load_settings

# The registrar has its own patience; MLflow's client would hold it for minutes.
MLFLOW_CLIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "15"}


def main() -> int:
    """Wire the process."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    os.environ.update(MLFLOW_CLIENT)
    from learner.kafka_registrar import run_registrar  # noqa: PLC0415 -- MLflow reads its environment when imported
    from learner.mlflow_registry import MlflowRegistry  # noqa: PLC0415

    try:
        settings = load_settings()
        configure_logs(settings.log_level)
        names = {"namespace": settings.namespace, "model_name": settings.registered_model}
        registry = MlflowRegistry(settings.mlflow_uri, **names, code_version=code_version())
        run_registrar(settings, registry, stop.wait)
    except DeploymentError as error:
        print(error, file=sys.stderr)  # noqa: T201 -- a failure ends with one sentence
        return 1
    return 0


def code_version() -> str:
    """The commit that runs, marked where files differ from it; the release where there is no repository."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=5)
    except (OSError, subprocess.SubprocessError):
        return weir.__version__
    return found.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
