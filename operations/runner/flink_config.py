"""The configuration of every Flink process: JobManager, TaskManagers, and the client that submits a job."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from operations.runner.flink_memory import TaskManagerMemory

_LONGEST_DELAY_MS = 240 * 24 * 3600 * 1000  # Pekko refuses timers beyond 248 days


@dataclass(frozen=True)
class FlinkCluster:
    """A standalone session cluster: where it listens, what it keeps where, and how much memory it gets.

    `bind_host` is where its processes listen, `host` where they find the JobManager, `taskmanager_host` how a
    TaskManager is found by the others.
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

    @property
    def rest(self) -> str:
        """The address of the REST API."""
        return f"http://{self.host}:{self.rest_port}"


def write_config(cluster: FlinkCluster, conf_dir: Path, **more: object) -> None:
    """Write `config.yaml` for one process; `more` wins (with `__` for `.` and `_` for `-` in names)."""
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
        "metrics.fetcher.update-interval": 1000,
    }


def _memory(cluster: FlinkCluster) -> dict[str, object]:
    """One slot per TaskManager: Python operators in one process would share one GIL (fact 6 of the design)."""
    return {"taskmanager.numberOfTaskSlots": 1, **TaskManagerMemory(cluster.taskmanager_mb).flink_options()}


def _recovery(cluster: FlinkCluster) -> dict[str, object]:
    """A killed TaskManager is noticed in 5 s; a job that fails ten times a minute will not mend itself."""
    return {
        "heartbeat.interval": 1000,
        "heartbeat.timeout": 5000,
        "pekko.startup-timeout": "120s",  # a machine that starts everything at once is slow, not broken
        "pekko.ask.timeout": "30s",
        "resourcemanager.standalone.start-up-time": _LONGEST_DELAY_MS,  # later, what finds no slot at once would fail
        "restart-strategy.type": "failure-rate",
        "restart-strategy.failure-rate.delay": "500ms",
        "restart-strategy.failure-rate.failure-rate-interval": "60s",
        "restart-strategy.failure-rate.max-failures-per-interval": 10,
        "state.backend.type": cluster.state_backend,
        "execution.checkpointing.incremental": True,
        "execution.checkpointing.num-retained": 3,
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
        "execution.checkpointing.dir": checkpoints.as_uri(),
        "execution.checkpointing.savepoint-dir": checkpoints.as_uri(),
    }
