"""`weir logs PART`: what a part printed."""

import os
from pathlib import Path

from operations.runner.supervisor_config import INFRASTRUCTURE, Folders, loop_group
from weir.errors import DeploymentError
from weir.settings import Settings

_LOOKED_AT = 1000
_TELLING = ("Caused by: ", " ERROR ", '"level": "error"', "Error: ")


def show_log(settings: Settings, part: str, lines: int, *, follow: bool) -> None:
    """Become `tail` on the part's log; of a loop's parts, on the one of this namespace.

    Raises:
        DeploymentError: the part has printed nothing here.
    """
    folders = Folders(settings.state_dir)
    files = [folders.log(group, part) for group in (INFRASTRUCTURE, loop_group(settings.namespace))]
    file = next((file for file in files if file.exists()), None)
    if file is None:
        known = sorted(log.stem for log in files[0].parent.glob("*.log")) + sorted(
            log.stem for log in files[1].parent.glob("*.log")
        )
        raise DeploymentError(f"{part} has printed nothing here.", f"Parts with a log: {', '.join(known) or 'none'}.")
    os.execvp("tail", ["tail", "-n", str(lines), *(["-F"] if follow else []), str(file)])  # noqa: S606 -- ours


def last_words(log: Path) -> str:
    """The line that says why a part ended: its last cause or error, for the next start's first lines may follow it."""
    lines = log.read_text(errors="replace").splitlines()[-_LOOKED_AT:] if log.exists() else []
    lines = [line.strip() for line in lines if line.strip()]
    telling = [line for line in lines if any(sign in line for sign in _TELLING)]
    return (telling or lines or ["it printed nothing."])[-1][:400]
