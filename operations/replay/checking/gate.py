"""The check as the commands run it: `weir check` alone, `weir replay` and `weir evaluate` before they start."""

from pathlib import Path

from rich.console import Console

from operations.replay.checking.file_check import CheckedFile, check_file
from operations.replay.checking.report import last_line, show, show_findings
from operations.replay.label_schedule import require_horizon
from operations.replay.mapping import Mapping, read_mapping
from operations.replay.own_loop import loop_settings
from weir.clock import now_ms
from weir.settings import Settings

NAMESPACE = "check"
"""No loop has it: settings ask for a namespace, and the deployment's own is refused."""


def check_and_show(file: Path, mapping_file: Path) -> bool:
    """Check a file and print what came out. Returns whether all of it can be replayed.

    Raises:
        DeploymentError: the mapping is invalid, payments mature before their labels come, or the file cannot be read.
    """
    console = Console()
    mapping = read_mapping(mapping_file)
    settings = loop_settings(mapping, NAMESPACE)
    require_horizon(mapping, settings.learning.maturity_horizon_s)
    checked = _checked(file, mapping, settings, console)
    show(checked, console)
    console.print(last_line(checked), markup=False, highlight=False, soft_wrap=True)
    return not len(checked.bad_rows)


def admitted(file: Path, mapping: Mapping, settings: Settings, skip_bad: int, console: Console) -> CheckedFile | None:
    """Check a file before anything starts, and list what is wrong. Returns None if more than `skip_bad` rows are.

    Raises:
        DeploymentError: the file cannot be read.
    """
    checked = _checked(file, mapping, settings, console)
    show_findings(checked, console)
    bad = len(checked.bad_rows)
    if checked.repeated:
        console.print(f"{_rows(checked.repeated)} an earlier row and left out.", highlight=False)
    if bad <= skip_bad and len(checked.times_ms):
        if bad:
            console.print(f"Left out, as --skip-bad allows: {last_line(checked)}", markup=False, highlight=False)
        return checked
    if not len(checked.times_ms):
        advice = "No row is left."
    else:
        advice = f"Nothing was started. Correct the file or the mapping, or leave the rows out: --skip-bad {bad}."
    console.print(f"{advice}\n{last_line(checked)}", markup=False, highlight=False, soft_wrap=True)
    return None


def _checked(file: Path, mapping: Mapping, settings: Settings, console: Console) -> CheckedFile:
    with console.status(f"reading {file}"):
        return check_file(file, mapping, settings, now_ms())


def _rows(number: int) -> str:
    return "1 row equals" if number == 1 else f"{number:,} rows equal"
