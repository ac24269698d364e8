"""`python -m learner.registrar`: register the publications of one namespace in MLflow until SIGTERM or SIGINT."""

import os
import subprocess
import sys
from pathlib import Path
from threading import Event

import weir
from weir.serving import serve
from weir.settings import Settings

# The registrar retries by itself. MLflow's defaults (7 retries, 120 s each) would block it for minutes.
MLFLOW_CLIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "15"}


def keep_up_to_date(settings: Settings, stopping: Event) -> None:
    os.environ.update(MLFLOW_CLIENT)
    from learner.kafka_registrar import run_registrar  # noqa: PLC0415 -- MLflow reads its environment when imported
    from learner.mlflow_registry import MlflowRegistry  # noqa: PLC0415

    names = {"namespace": settings.namespace, "model_name": settings.registered_model}
    registry = MlflowRegistry(settings.mlflow_uri, **names, code_version=code_version())
    run_registrar(settings, registry, stopping.wait)


def code_version() -> str:
    """Return `git describe` of this code (`-dirty` if files differ), or the release outside a repository."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=5)
    except (OSError, subprocess.SubprocessError):
        return weir.__version__
    return found.stdout.strip()


if __name__ == "__main__":
    sys.exit(serve(keep_up_to_date))
