"""Pid files, which identify the processes that a killed supervisor left behind."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil


def record(folder: Path, name: str) -> None:
    """Record this process's id and start time. A program that takes its place keeps both."""
    folder.mkdir(parents=True, exist_ok=True)
    started = psutil.Process().create_time()
    (folder / f"{name}.pid").write_text(f"{os.getpid()} {started}\n")


def recorded(folder: Path) -> dict[str, psutil.Process]:
    """The recorded processes that still run, by name. The start time excludes a process that got a reused id."""
    found = {file.stem: _process(file) for file in folder.glob("*.pid")}
    return {name: process for name, process in found.items() if process is not None}


def end_recorded(folder: Path, grace_s: float = 20) -> list[str]:
    """End the recorded processes and their children; return the names of those that ran.

    The grace of 20 s is a round number; a part gets SIGKILL after it.
    """
    left = recorded(folder)
    family = [child for process in left.values() for child in _family(process)]
    for process in family:
        _quietly(process.terminate)
    _, alive = psutil.wait_procs(family, timeout=grace_s)
    for process in alive:
        _quietly(process.kill)
    psutil.wait_procs(alive, timeout=grace_s)
    for file in folder.glob("*.pid"):
        file.unlink(missing_ok=True)
    return sorted(left)


def _process(file: Path) -> psutil.Process | None:
    try:
        pid, started = file.read_text().split()
        process = psutil.Process(int(pid))
        ours = abs(process.create_time() - float(started)) < 1 and process.status() != psutil.STATUS_ZOMBIE
    except (ValueError, OSError, psutil.Error):
        return None
    return process if ours else None


def _family(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [*process.children(recursive=True), process]
    except psutil.NoSuchProcess:
        return []


def _quietly(act: Callable[[], None]) -> None:
    with suppress(psutil.NoSuchProcess):
        act()
