"""The configuration of every Flink process: JobManager, TaskManagers and client."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from operations.runner.flink_memory import TaskManagerMemory

_LONGEST_DELAY_MS = 240 * 24 * 3600 * 1000
"""Nearly the longest timer that Pekko accepts: the JobManager dies on startup if one exceeds 248 days (ADR 12)."""


@dataclass(frozen=True)
class FlinkCluster:
    """A standalone session cluster.

    All processes listen on `bind_host`, reach the JobManager at `host`, and reach a TaskManager at `taskmanager_host`.
    """

    rest_port: int
    rpc_port: int
    folder: Path
    cache_dir: Path
    host: str = "127.0.0.1"
    bind_host: str = "127.0.0.1"
    taskmanager_host: str = "127.0.0.1"
    jobmanager_mb: int = 1024
    taskmanager_mb: int = 1536
    state_backend: str = "rocksdb"
    slots: int = 1

    @property
    def rest(self) -> str:
        return f"http://{self.host}:{self.rest_port}"


def write_config(cluster: FlinkCluster, conf_dir: Path, **more: object) -> None:
    """Write `config.yaml` for one process. `more` overrides; its names have `__` for `.` and `_` for `-`."""
    own = {name.replace("__", ".").replace("_", "-"): value for name, value in more.items()}
    options = _addresses(cluster) | _memory(cluster) | _recovery(cluster) | _python() | _folders(cluster) | own
    lines = [f"{name}: {json.dumps(value)}\n" for name, value in options.items()]
    conf_dir.mkdir(parents=True, exist_ok=True)
    (conf_dir / "config.yaml").write_text("".join(lines))


def _addresses(cluster: FlinkCluster) -> dict[str, object]:
    return {
        "jobmanager.rpc.address": cluster.host,
        "jobmanager.rpc.port": cluster.rpc_port,
        "jobmanager.bind-host": cluster.bind_host,
        "rest.address": cluster.host,
        "rest.port": cluster.rest_port,
        "rest.bind-port": str(cluster.rest_port),
        "rest.bind-address": cluster.bind_host,
        "taskmanager.host": cluster.taskmanager_host,
        "taskmanager.bind-host": cluster.bind_host,
        "web.submit.enable": False,
        "web.refresh-interval": 1000,  # a job's part asks every second why the job has failed; the default is 3 s
        "metrics.fetcher.update-interval": 1000,  # Flink's default of 10 s would make `weir status` stale
    }


def _memory(cluster: FlinkCluster) -> dict[str, object]:
    """One slot per TaskManager, because Python operators in one process share one GIL, unless starting counts for more.

    See docs/platform-notes.md#one-gil-per-taskmanager.
    """
    return {"taskmanager.numberOfTaskSlots": cluster.slots, **TaskManagerMemory(cluster.taskmanager_mb).flink_options()}


def _recovery(cluster: FlinkCluster) -> dict[str, object]:
    return {
        # With Flink's default of 50 s, a killed TaskManager would stop all output for that long. With these values it
        # stopped for 6.6 s (docs/platform-notes.md#recovery-from-a-killed-taskmanager).
        "heartbeat.interval": 1000,
        "heartbeat.timeout": 5000,
        # `weir up` starts everything at once. A machine that is slow meanwhile is not broken. Round numbers.
        "pekko.startup-timeout": "120s",
        "pekko.ask.timeout": "30s",
        # After this time Flink fails a job that finds no slot instead of waiting for a replacement (ADR 12).
        "resourcemanager.standalone.start-up-time": _LONGEST_DELAY_MS,
        # A job that fails more than ten times a minute will not recover by itself. Round numbers; not measured.
        "restart-strategy.type": "failure-rate",
        "restart-strategy.failure-rate.delay": "500ms",
        "restart-strategy.failure-rate.failure-rate-interval": "60s",
        "restart-strategy.failure-rate.max-failures-per-interval": 10,
        "state.backend.type": cluster.state_backend,
        "execution.checkpointing.incremental": True,
        "execution.checkpointing.num-retained": 3,  # two spares, in case the newest cannot be read
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
    }


def _python() -> dict[str, object]:
    return {
        "python.execution-mode": "thread",
        "python.executable": sys.executable,
        "python.client.executable": sys.executable,
    }


def _folders(cluster: FlinkCluster) -> dict[str, object]:
    checkpoints = (cluster.folder / "checkpoints").absolute()
    return {
        "io.tmp.dirs": str((cluster.folder / "tmp").absolute()),
        "execution.checkpointing.dir": file_url(checkpoints),
        "execution.checkpointing.savepoint-dir": file_url(checkpoints),
    }


def file_url(path: Path) -> str:
    """Return a path as Flink reads it: unlike `Path.as_uri`, with blanks, `%` and quotes as they are."""
    return f"file://{path.absolute()}"
