"""The configuration of supervisord: one group of programs for the infrastructure and one for each namespace."""

import shlex
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import gettempdir

from operations.runner.parts import Part
from weir.errors import DeploymentError

INFRASTRUCTURE = "infrastructure"
_LOOP = "loop-"
_LONGEST_SOCKET_PATH = 100
"""Linux allows 107 bytes for the path of a Unix socket."""


@dataclass(frozen=True)
class Folders:
    """Where the runner keeps its files, under one state folder."""

    state_dir: Path

    @property
    def config(self) -> Path:
        return self.state_dir / "supervisor" / "supervisord.conf"

    @property
    def groups(self) -> Path:
        """The folder with one configuration file per group."""
        return self.state_dir / "supervisor" / "groups"

    @property
    def socket(self) -> Path:
        """Where supervisord listens: in the state folder, or in the temporary folder if that path is too long."""
        socket = self.state_dir.absolute() / "supervisor" / "socket"
        if len(str(socket)) < _LONGEST_SOCKET_PATH:
            return socket
        return Path(gettempdir()) / f"weir-{sha256(str(socket).encode()).hexdigest()[:16]}.sock"

    def group(self, name: str) -> Path:
        return self.groups / f"{name}.conf"

    def log(self, group: str, part: str) -> Path:
        return self.state_dir / "logs" / group / f"{part}.log"


def loop_group(namespace: str) -> str:
    return f"{_LOOP}{namespace}"


def namespace_of(group: str) -> str:
    """The namespace whose loop a group is.

    >>> namespace_of(loop_group("live"))
    'live'
    """
    return group.removeprefix(_LOOP)


def supervisord(folders: Folders) -> str:
    """The main configuration. Supervisord listens on a socket that only this user can open.

    It splits the names of included files at blanks, so the folder is named from the configuration's own.
    """
    home = _expanded(folders.config.parent.absolute())
    return f"""\
[supervisord]
logfile={home}/supervisord.log
pidfile={home}/supervisord.pid
childlogdir={home}
identifier=weir
umask=077

[unix_http_server]
file={_expanded(folders.socket)}
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[include]
files = {folders.groups.name}/*.conf
"""


def group_of(name: str, parts: Iterable[Part], environment: dict[str, str], folders: Folders) -> str:
    """The configuration of a group of parts that share one environment.

    A part counts as started after a second, and is retried three times before it counts as failed.
    """
    parts = list(parts)
    variables = ",".join(f"{key}={_quoted(key, value)}" for key, value in environment.items())
    names = ",".join(f"{name}.{part.name}" for part in parts)
    return f"[group:{name}]\nprograms={names}\n" + "".join(_program(name, part, variables, folders) for part in parts)


def _program(group: str, part: Part, variables: str, folders: Folders) -> str:
    return f"""
[program:{group}.{part.name}]
process_name={part.name}
command={_expanded(shlex.quote(sys.executable))} -m operations.runner.run {part.name}
environment={variables}
autorestart=true
startsecs=1
startretries=3
stopwaitsecs={part.stop_s}
killasgroup=true
redirect_stderr=true
stdout_logfile={_expanded(_expanded(folders.log(group, part.name).absolute()))}
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=1
"""


def _expanded(text: str | Path) -> str:
    """Write a text so that it is itself once supervisord has expanded `%`, which it does twice for logs of programs."""
    return str(text).replace("%", "%%")


def _quoted(key: str, value: str) -> str:
    """Quote a value. supervisord expands `%`, knows no escapes, strips quotation marks, and takes ` ;` for a comment.

    Raises:
        DeploymentError: no quotation marks fit the value.
    """
    mark = "'" if '"' in value else '"'
    if mark in value or value != value.strip("'\"") or any(part in value for part in ("\n", " ;", " #")):
        raise DeploymentError(
            f"The value of {key} is {value!r}, which supervisord cannot pass on.",
            "Leave out line breaks, ` ;`, ` #`, and quotation marks of both kinds or at its ends.",
        )
    return mark + _expanded(value) + mark
