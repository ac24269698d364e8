"""What supervisord reads: itself, and one group of programs per namespace and for the infrastructure."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import gettempdir

from operations.runner.parts import Part

INFRASTRUCTURE = "infrastructure"
_LONGEST_SOCKET_PATH = 100


@dataclass(frozen=True)
class Folders:
    """Where the runner keeps what it needs, under one state folder."""

    state_dir: Path

    @property
    def config(self) -> Path:
        """Supervisord's own configuration."""
        return self.state_dir / "supervisor" / "supervisord.conf"

    @property
    def groups(self) -> Path:
        """One file per group."""
        return self.state_dir / "supervisor" / "groups"

    @property
    def socket(self) -> Path:
        """Where supervisord listens; a socket's path may not be long."""
        socket = self.state_dir.absolute() / "supervisor" / "socket"
        if len(str(socket)) < _LONGEST_SOCKET_PATH:
            return socket
        return Path(gettempdir()) / f"weir-{sha256(str(socket).encode()).hexdigest()[:16]}.sock"

    def group(self, name: str) -> Path:
        """The file of a group."""
        return self.groups / f"{name}.conf"

    def log(self, group: str, part: str) -> Path:
        """What a part prints."""
        return self.state_dir / "logs" / group / f"{part}.log"


def loop_group(namespace: str) -> str:
    """The group of a namespace's loop."""
    return f"loop-{namespace}"


def supervisord(folders: Folders) -> str:
    """Supervisord's own configuration: it listens on a socket that only this user may open."""
    home = folders.config.parent.absolute()
    return f"""\
[supervisord]
logfile={home}/supervisord.log
pidfile={home}/supervisord.pid
childlogdir={home}
identifier=weir
umask=077

[unix_http_server]
file={folders.socket}
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[include]
files = {folders.groups.absolute()}/*.conf
"""


def group_of(name: str, parts: Iterable[Part], environment: dict[str, str], folders: Folders) -> str:
    """A group of programs, all with the same environment."""
    parts = list(parts)
    variables = ",".join(f'{key}="{_quoted(value)}"' for key, value in environment.items())
    names = ",".join(f"{name}.{part.name}" for part in parts)
    return f"[group:{name}]\nprograms={names}\n" + "".join(_program(name, part, variables, folders) for part in parts)


def _program(group: str, part: Part, variables: str, folders: Folders) -> str:
    return f"""
[program:{group}.{part.name}]
process_name={part.name}
command={sys.executable} -m operations.runner.run {part.name}
environment={variables}
autorestart=true
startsecs=1
startretries=3
stopwaitsecs={part.stop_s}
killasgroup=true
redirect_stderr=true
stdout_logfile={folders.log(group, part.name).absolute()}
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=1
"""


def _quoted(value: str) -> str:
    """Supervisord expands `%` and reads the rest as a shell would."""
    return value.replace("%", "%%").replace("\\", "\\\\").replace('"', '\\"')
