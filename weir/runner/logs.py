"""`weir logs PART`: what a part printed."""

import os

from weir.errors import DeploymentError
from weir.runner.supervisor_config import INFRASTRUCTURE, Folders, loop_group
from weir.settings import Settings


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
