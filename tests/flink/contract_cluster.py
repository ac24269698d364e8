"""Helpers of the contract tests: submit a job that is one file, and use Flink's REST API."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from operations.runner.flink import client
from operations.runner.flink_config import FlinkCluster, file_url
from tests.flink.jobs import cancel, environment
from tests.waiting import eventually
from weir.settings import Settings

FOLDER = Path(__file__).parent


def submit_file(cluster: FlinkCluster, settings: Settings, job: str, *arguments: str, **variables: str) -> str:
    """Submit a job file of this folder with `variables` in its environment; return the job id."""
    command = client(cluster, "contract-client", ["run", "-d", *arguments, "-py", str(FOLDER / job)])
    env = os.environ | command.env | environment(settings) | variables
    done = subprocess.run(command.argv, env=env, capture_output=True, text=True, check=False)
    found = re.search(r"JobID ([0-9a-f]{32})", done.stdout)
    assert found, "\n".join(line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("\tat"))
    return found[1]


@contextmanager
def running_file(
    cluster: FlinkCluster, settings: Settings, job: str, *arguments: str, **variables: str
) -> Iterator[str]:
    """Run a job file for the duration of the block; yield the job id."""
    job_id = submit_file(cluster, settings, job, *arguments, **variables)
    try:
        until_running(cluster, job_id)
        yield job_id
    finally:
        cancel(cluster, job_id)


def rest(cluster: FlinkCluster, path: str) -> Any:
    return httpx.get(f"{cluster.rest}{path}", timeout=30).json()


def vertices(cluster: FlinkCluster, job_id: str) -> list[dict[str, Any]]:
    """Return the REST API's descriptions of the job's vertices; none if the job is unknown."""
    return list(rest(cluster, f"/jobs/{job_id}").get("vertices", []))


def until_running(cluster: FlinkCluster, job_id: str, deadline_s: float = 120) -> None:
    """Wait until every task runs; Flink reports the job as RUNNING long before that."""

    def all_run() -> bool:
        states = {vertex["status"] for vertex in vertices(cluster, job_id)}
        assert states == {"RUNNING"}, f"{states} {first_cause(cluster, job_id)}"
        return True

    eventually(all_run, deadline_s)


def first_cause(cluster: FlinkCluster, job_id: str) -> str:
    """Return the innermost cause of the job's latest failure, or nothing."""
    history = rest(cluster, f"/jobs/{job_id}/exceptions").get("exceptionHistory", {}).get("entries", [])
    return history[0]["stacktrace"].rpartition("Caused by: ")[2][:500] if history else ""


def savepoint(cluster: FlinkCluster, job_id: str) -> str:
    """Take a savepoint of the running job; return its location."""
    target = {"cancel-job": False, "target-directory": file_url(cluster.folder / "savepoints")}
    started = httpx.post(f"{cluster.rest}/jobs/{job_id}/savepoints", json=target).json()["request-id"]

    def operation() -> Any:
        answer = rest(cluster, f"/jobs/{job_id}/savepoints/{started}")
        return answer["status"]["id"] == "COMPLETED" and answer["operation"]

    return str(eventually(operation, 60)["location"])


def completed_checkpoints(cluster: FlinkCluster, job_id: str) -> int:
    return int(rest(cluster, f"/jobs/{job_id}/checkpoints")["counts"]["completed"])


def until_next_checkpoint(cluster: FlinkCluster, job_id: str) -> None:
    """Wait for a checkpoint that began after this call: one may be under way, so two must complete."""
    before = completed_checkpoints(cluster, job_id)
    eventually(lambda: completed_checkpoints(cluster, job_id) >= before + 2, 60)
