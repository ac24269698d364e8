"""Let this process become the program of a part.

`weir run PART` and `python -m operations.runner.run PART` both call `run_part`.
"""

import os
import sys
from pathlib import Path

from operations.runner import pid_files
from operations.runner.parts import GIVES_WAY, command_of
from weir.errors import DeploymentError
from weir.settings import Settings, load_settings


def pid_folder(settings: Settings) -> Path:
    return settings.state_dir / "run"


def run_part(part: str) -> None:
    """Prepare the part, record this process, and let it become the part's program.

    Raises:
        DeploymentError: the part cannot be prepared.
    """
    settings = load_settings()
    command = command_of(part, settings)
    os.nice(GIVES_WAY.get(part, 0))
    pid_files.record(pid_folder(settings), f"{settings.namespace}.{part}")
    command.become()


if __name__ == "__main__":
    try:
        run_part(sys.argv[1])
    except DeploymentError as error:
        sys.exit(str(error))
