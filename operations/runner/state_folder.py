"""The state folder: whether it can be used, and the lock that lets one command at a time change what runs in it.

the lock    `weir up` and `weir down` hold it to their end, a replay only while it starts its loop
the mark    `state.json` tells which Weir wrote the folder
"""

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

import msgspec
from msgspec import Struct
from rich.console import Console

from weir.errors import DeploymentError

FORMAT = 1
"""Raise it when an earlier Weir can no longer read what this one writes."""

LOWEST_DISK_MB = 500
"""With less, Kafka and checkpoints soon fail in mid-write. A round number; not measured."""

_OURS = ("supervisor", "endpoints.toml", "signing.key", "kafka", "run")
"""What the folders of versions before the mark contain."""

_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO}


class Mark(Struct):
    """Who wrote the folder last."""

    format: int
    weir: str


@contextmanager
def claimed(folder: Path, console: Console) -> Iterator[None]:
    """Create the folder or check that it is Weir's, mark it, and hold its lock while the block runs.

    Raises:
        DeploymentError: it cannot be written, is full, belongs to something else, or was written by a newer Weir.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with held(folder, console):
            require_ours(folder)
            (folder / "state.json").write_bytes(msgspec.json.encode(Mark(FORMAT, metadata.version("weir"))))
            require_room(folder, shutil.disk_usage(folder).free // 2**20)
            yield


@contextmanager
def held(folder: Path, console: Console) -> Iterator[None]:
    """Hold the folder's lock while the block runs. Another command that holds it is waited for, and that is said."""
    lock = os.open(folder, os.O_RDONLY)  # the folder itself: a read-only one can be locked, too
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            console.print(f"  waiting for another `weir` command that works in {folder}", markup=False)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn a disk that cannot be written into one sentence.

    Raises:
        DeploymentError: the disk is full or read-only, or the folder may not be written.
    """
    try:
        yield
    except (FileExistsError, NotADirectoryError) as error:
        file = next((path for path in [folder, *folder.parents] if path.is_file()), folder)
        raise DeploymentError(f"{file} is a file, not a folder.", "Set WEIR_STATE_DIR to a folder.") from error
    except OSError as error:
        if error.errno not in _OF_THE_DISK:
            raise
        where = error.filename or folder
        raise DeploymentError(f"{where} cannot be written: {error.strerror}.", _remedy(error)) from error


def require_room(folder: Path, free_mb: int) -> None:
    """Refuse a disk on which Weir could not work for long.

    Raises:
        DeploymentError: it has less than `LOWEST_DISK_MB` free.
    """
    if free_mb < LOWEST_DISK_MB:
        problem = f"The disk under {folder} has {free_mb} MB free; Weir needs {LOWEST_DISK_MB} to start."
        raise DeploymentError(problem, "Free disk space, or set WEIR_STATE_DIR to a folder on another disk.")


def require_ours(folder: Path) -> None:
    """Refuse a folder that Weir did not write, or that a newer Weir wrote.

    Raises:
        DeploymentError: it is one of these.
    """
    mark = mark_of(folder)
    if mark is not None and mark.format > FORMAT:
        problem = f"{folder} was written by Weir {mark.weir}, which is newer than this one."
        raise DeploymentError(problem, "Start that version, or set WEIR_STATE_DIR to a new folder.")
    foreign = mark is None and not any((folder / name).exists() for name in _OURS)
    if foreign and (found := next(folder.iterdir(), None)) is not None:
        problem = f"{folder} is not a state folder of Weir: it holds {found.name}."
        raise DeploymentError(problem, "Set WEIR_STATE_DIR to a new or empty folder.")


def mark_of(folder: Path) -> Mark | None:
    """Return who wrote the folder; None before its first start, or if an earlier version wrote it.

    Raises:
        DeploymentError: the mark cannot be read.
    """
    file = folder / "state.json"
    if not file.exists():
        return None
    try:
        return msgspec.json.decode(file.read_bytes(), type=Mark)
    except msgspec.DecodeError as error:
        raise DeploymentError(f"{file} is damaged: {error}.", "Delete that file if the folder is Weir's.") from error


def _remedy(error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "Free disk space, or set WEIR_STATE_DIR to a folder on another disk."
    return "Set WEIR_STATE_DIR to a folder that you may write to."
