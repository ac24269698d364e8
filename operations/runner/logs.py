"""`weir logs PART`, and the last error in a log."""

import os
from pathlib import Path

from operations.runner.supervisor_config import INFRASTRUCTURE, Folders, loop_group
from weir.errors import DeploymentError
from weir.settings import Settings

_LOOKED_AT = 1000
"""Lines. The next start may already have printed some after the error. A round number; not measured."""
_LONGEST = 400
"""Characters; five lines of a terminal."""
_TELLING = ("Caused by: ", " ERROR ", '"level": "error"', "Error: ")


def show_log(settings: Settings, part: str, lines: int, *, follow: bool) -> None:
    """Replace this process by `tail` on the log of the part, in the infrastructure or in this namespace's loop.

    Raises:
        DeploymentError: there is no log of that part.
    """
    folders = Folders(settings.state_dir)
    files = [folders.log(group, part) for group in (INFRASTRUCTURE, loop_group(settings.namespace))]
    file = next((file for file in files if file.exists()), None)
    if file is None:
        known = sorted(log.stem for log in files[0].parent.glob("*.log")) + sorted(
            log.stem for log in files[1].parent.glob("*.log")
        )
        raise DeploymentError(f"{part} has no log here.", f"Parts with a log: {', '.join(known) or 'none'}.")
    os.execvp("tail", ["tail", "-n", str(lines), *(["-F"] if follow else []), str(file)])  # noqa: S606 -- this command is `tail`


def last_words(log: Path) -> str:
    """The line that explains why a part ended: its last error, which output of the next start may follow."""
    lines = log.read_text(errors="replace").splitlines()[-_LOOKED_AT:] if log.exists() else []
    lines = [line.strip() for line in lines if line.strip()]
    telling = [line for line in lines if any(sign in line for sign in _TELLING)]
    return (telling or lines or ["it printed nothing."])[-1][:_LONGEST]
