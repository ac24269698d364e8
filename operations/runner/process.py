"""Start and end processes, each as the leader of its own process group."""

import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Command:
    """A program with its arguments, and the variables that it needs beyond this process's environment."""

    argv: list[str]
    env: dict[str, str] = field(default_factory=dict)

    def full_env(self) -> dict[str, str]:
        return os.environ | self.env

    def become(self) -> None:
        """Run the program in place of this one, with its process id.

        A module runs in this interpreter: a new one would import again what this one has, for half a second of CPU time.
        """
        python, flag, *arguments = self.argv
        if (python, flag) != (sys.executable, "-m"):
            os.execvpe(python, self.argv, self.full_env())  # noqa: S606 -- a part in the foreground is this process
        os.environ.update(self.env)
        sys.argv = arguments
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)


def spawn(command: Command, log: Path) -> subprocess.Popen[bytes]:
    """Start the command in its own process group and append its output to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        return subprocess.Popen(
            command.argv,
            env=command.full_env(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def end(process: subprocess.Popen[bytes], grace_s: float = 15) -> None:
    """End a process that `spawn` started, and its group: SIGTERM, then SIGKILL after `grace_s` (a round number)."""
    _signal_group(process.pid, signal.SIGTERM)
    try:
        process.wait(grace_s)
    except subprocess.TimeoutExpired:
        _signal_group(process.pid, signal.SIGKILL)
        process.wait()
    _signal_group(process.pid, signal.SIGKILL)


def _signal_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


@contextmanager
def running(command: Command, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the command while the block runs."""
    process = spawn(command, log)
    try:
        yield process
    finally:
        end(process)
