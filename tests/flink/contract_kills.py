"""A small cluster whose TaskManagers a test may kill, and waits for the right moments to do so."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any

import httpx

from operations.runner.flink import prepare_jobmanager, prepare_taskmanager
from operations.runner.flink_config import FlinkCluster
from operations.runner.ports import free_ports
from operations.runner.process import running
from tests.flink.contract_cluster import rest, vertices
from tests.waiting import eventually


class KillableCluster:
    """A JobManager and two TaskManagers of one slot each; without a standby, a job waits for a replacement."""

    def __init__(self, cluster: FlinkCluster, stack: ExitStack) -> None:
        self.flink, self._stack = cluster, stack
        self._taskmanagers: dict[str, Popen[bytes]] = {}

    def add_taskmanagers(self, *names: str) -> None:
        """Start TaskManagers and wait until they are registered."""
        for name in names:
            process = running(prepare_taskmanager(self.flink, name), self.flink.folder / f"{name}.log")
            self._taskmanagers[name] = self._stack.enter_context(process)
        eventually(lambda: self._registered() >= set(names), 120)

    def signal(self, name: str, number: signal.Signals) -> None:
        os.kill(self._taskmanagers[name].pid, number)

    def kill(self, name: str) -> None:
        """Kill a TaskManager and wait for its process to end."""
        self.signal(name, signal.SIGKILL)
        self._taskmanagers.pop(name).wait()

    def kill_all(self) -> None:
        """Kill every TaskManager, because the fastest region of the job would restart in any slot that is left."""
        for name in list(self._taskmanagers):
            self.kill(name)

    def taskmanager_of(self, job_id: str, part: str) -> str:
        """Return the TaskManager that runs the vertex whose name contains `part`."""
        vertex = next(vertex["id"] for vertex in vertices(self.flink, job_id) if part in vertex["name"])
        found = rest(self.flink, f"/jobs/{job_id}/vertices/{vertex}/taskmanagers")["taskmanagers"]
        return str(found[0]["taskmanager-id"])

    def _registered(self) -> set[str]:
        return {one["id"] for one in rest(self.flink, "/taskmanagers").get("taskmanagers", [])}


@contextmanager
def killable_cluster(folder: Path, cache_dir: Path) -> Iterator[KillableCluster]:
    """Run a cluster for the duration of the block."""
    rest_port, rpc_port = free_ports(2)
    flink = FlinkCluster(rest_port, rpc_port, folder, cache_dir, jobmanager_mb=832, taskmanager_mb=1152)
    with ExitStack() as stack:
        stack.enter_context(running(prepare_jobmanager(flink), folder / "jobmanager.log"))
        eventually(lambda: _answers(flink), 120)
        cluster = KillableCluster(flink, stack)
        cluster.add_taskmanagers("for-the-log", "for-the-brake")
        yield cluster


def begin_checkpoint(cluster: FlinkCluster, job_id: str) -> int:
    """Trigger a checkpoint; return its id once it is under way."""
    before = _latest(cluster, job_id)
    httpx.post(f"{cluster.rest}/jobs/{job_id}/checkpoints", json={"checkpointType": "FULL"}, timeout=30)
    return eventually(lambda: (found := _latest(cluster, job_id)) > before and found, 30)


def complete_checkpoint(cluster: FlinkCluster, job_id: str) -> str:
    """Trigger a checkpoint and wait for it; return its location."""
    checkpoint = begin_checkpoint(cluster, job_id)
    until_completed(cluster, job_id, checkpoint)
    return str(_details(cluster, job_id, checkpoint)["external_path"])


def until_completed(cluster: FlinkCluster, job_id: str, checkpoint: int) -> None:
    """Wait until a checkpoint is complete; the sinks receive their commit only after that."""
    eventually(lambda: _details(cluster, job_id, checkpoint)["status"] == "COMPLETED", 30, every_s=0.02)


def until_only_missing(cluster: FlinkCluster, job_id: str, checkpoint: int, missing: int) -> None:
    """Wait until all but `missing` tasks have acknowledged a checkpoint: the sinks have pre-committed."""

    def acknowledged() -> bool:
        details = _details(cluster, job_id, checkpoint)
        return details["num_acknowledged_subtasks"] >= details["num_subtasks"] - missing

    eventually(acknowledged, 30)


def _latest(cluster: FlinkCluster, job_id: str) -> int:
    return max([one["id"] for one in rest(cluster, f"/jobs/{job_id}/checkpoints")["history"]], default=0)


def _details(cluster: FlinkCluster, job_id: str, checkpoint: int) -> dict[str, Any]:
    return dict(rest(cluster, f"/jobs/{job_id}/checkpoints/details/{checkpoint}"))


def _answers(flink: FlinkCluster) -> bool:
    try:
        return "taskmanagers" in rest(flink, "/overview")
    except httpx.TransportError:
        return False
