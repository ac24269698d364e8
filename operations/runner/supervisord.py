"""Start supervisord and control it over its Unix socket."""

import os
import socket
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import Faults

from operations.runner.supervisor_config import Folders, supervisord
from weir.errors import DeploymentError

_STOPPED = {"STOPPED", "EXITED", "FATAL"}
_UP_S = 15.0
"""The limit for its start and for its end. A round number; not measured."""
_POLL_S = 0.1


@dataclass(frozen=True)
class Running:
    """A program as supervisord reports it. `started_s` changes with each restart."""

    group: str
    part: str
    state: str
    pid: int
    started_s: int
    log: Path


class Supervisor:
    """The supervisord of one state folder, running or not."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders

    def is_running(self) -> bool:
        try:
            return bool(self._call("getState")["statename"] == "RUNNING")
        except (OSError, HTTPException):
            return False

    def start(self, secrets: dict[str, str]) -> None:
        """Start it in the background. Its programs inherit `secrets`, which are not written to any file.

        Raises:
            DeploymentError: it does not start.
        """
        self._folders.config.parent.mkdir(parents=True, exist_ok=True)
        self._folders.config.write_text(supervisord(self._folders))
        self._folders.socket.unlink(missing_ok=True)
        argv = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._folders.config)]
        done = subprocess.run(argv, env=os.environ | secrets, capture_output=True, text=True, check=False)
        end = time.monotonic() + _UP_S
        while not self.is_running():
            if done.returncode or time.monotonic() > end:
                problem = " ".join((done.stderr or done.stdout).split()) or "it does not answer"
                raise DeploymentError(f"supervisord did not start: {problem}.", f"See {self._folders.config.parent}.")
            time.sleep(_POLL_S)

    def update(self) -> None:
        """Apply the groups' files: start new groups, restart changed ones, and stop removed ones."""
        added, changed, removed = self._call("reloadConfig")[0]
        for group in [*changed, *removed]:
            self.stop(program for program in self.programs() if program.group == group)
            self._call("removeProcessGroup", group)
        for group in [*added, *changed]:
            self._call("addProcessGroup", group)

    def programs(self) -> list[Running]:
        """All programs, in the order of the configuration."""
        return [
            Running(info["group"], info["name"], info["statename"], info["pid"], info["start"], Path(info["logfile"]))
            for info in self._call("getAllProcessInfo")
        ]

    def start_again(self, programs: Iterable[Running]) -> None:
        """Start the programs that are not running."""
        for program in programs:
            if program.state in _STOPPED:
                self._tolerate("startProcess", program, Faults.ALREADY_STARTED)

    def stop(self, programs: Iterable[Running]) -> None:
        """Stop the programs at the same time, and wait until all have ended."""
        waiting = {(program.group, program.part) for program in programs}
        for program in self.programs():
            if (program.group, program.part) in waiting and program.state not in _STOPPED:
                self._tolerate("stopProcess", program, Faults.NOT_RUNNING)
        while any((now.group, now.part) in waiting and now.state not in _STOPPED for now in self.programs()):
            time.sleep(_POLL_S)

    def shut_down(self) -> None:
        """End supervisord itself, and wait until its process is gone."""
        pid = self._call("getPID")
        self._call("shutdown")
        end = time.monotonic() + _UP_S
        while time.monotonic() < end and Path(f"/proc/{pid}").exists():
            time.sleep(_POLL_S)

    def _tolerate(self, method: str, program: Running, fault_code: int) -> None:
        try:
            self._call(method, f"{program.group}:{program.part}", False)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode != fault_code:
                raise

    def _call(self, method: str, *arguments: str | bool) -> Any:
        transport = _SocketTransport(self._folders.socket)
        with xmlrpc.client.ServerProxy("http://localhost", transport=transport) as server:
            return getattr(server.supervisor, method)(*arguments)


class _SocketTransport(xmlrpc.client.Transport):
    """XML-RPC over a Unix socket. Supervisor's own transport leaks the socket of a failed connection."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> HTTPConnection:
        """Connect to the socket and ignore the host."""
        self._connection = host, _SocketConnection(host, self._path)  # where `close` looks for it
        return self._connection[1]


class _SocketConnection(HTTPConnection):
    def __init__(self, host: str, path: Path) -> None:
        super().__init__(host)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))
