"""The part of Flink's REST API that Weir uses: jobs, their failures, stopping them, and metrics."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from operations.runner.flink_config import file_url
from operations.runner.flink_errors import last_cause
from weir.errors import PartUnavailable

# The states that Flink calls globally or locally terminal.
ENDED = frozenset({"FAILED", "CANCELED", "FINISHED", "SUSPENDED"})
_POLL_S = 0.2


@dataclass(frozen=True)
class Job:
    id: str
    name: str
    state: str
    tasks: int
    running_tasks: int
    start_ms: int = 0

    @property
    def healthy(self) -> bool:
        """Whether all its tasks run. A job can be RUNNING while some of them still wait for a slot."""
        return self.state == "RUNNING" and self.running_tasks == self.tasks > 0


class Reported(NamedTuple):
    """A failure of a job as Flink reports it: its cause in one line, and the TaskManager, if a task failed there."""

    at_ms: int
    cause: str
    taskmanager: str | None


class FlinkRest:
    """A client of one cluster's REST API. Any method raises PartUnavailable when the JobManager does not answer.

    A request to a JobManager that hangs ends after 5 s, a round number; not measured.
    """

    def __init__(self, address: str, timeout_s: float = 5) -> None:
        self._http = httpx.Client(base_url=address, timeout=timeout_s, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def jobs(self, name: str) -> list[Job]:
        """All jobs of this name, newest first, including ended ones."""
        found = [job for job in self._get("/jobs/overview")["jobs"] if job["name"] == name]
        return [_job(job) for job in sorted(found, key=lambda job: -job["start-time"])]

    def live_job(self, name: str) -> Job | None:
        """The newest job of this name that has not ended."""
        return next((job for job in self.jobs(name) if job.state not in ENDED), None)

    def state(self, job_id: str) -> str | None:
        """A job's state, or None if the JobManager does not know the job, for example after a restart.

        Unlike the job's details, this request does not make Flink collect metrics.
        """
        response = self._request("GET", f"/jobs/{job_id}/status")
        return None if response.status_code == httpx.codes.NOT_FOUND else str(response.json()["status"])

    def failures(self, job_id: str) -> list[Reported]:
        """The job's failures, oldest first.

        Flink remembers the last `web.exception-history-size` of them, at most.
        """
        found = self._get(f"/jobs/{job_id}/exceptions")["exceptionHistory"]["entries"]
        return [
            Reported(one["timestamp"], last_cause(one["stacktrace"]), one.get("taskManagerId"))
            for one in reversed(found)
        ]

    def taskmanagers(self) -> set[str]:
        """The resource ids of the registered TaskManagers."""
        return {taskmanager["id"] for taskmanager in self._get("/taskmanagers")["taskmanagers"]}

    def stop_with_savepoint(self, job_id: str, folder: Path, deadline_s: float) -> str | None:
        """Stop a job. Returns the URI of its savepoint, or None if Flink did not write it in time."""
        body = {"drain": False, "targetDirectory": file_url(folder)}
        response = self._request("POST", f"/jobs/{job_id}/stop", json=body)
        if response.is_error:
            return None
        trigger, end = response.json()["request-id"], time.monotonic() + deadline_s
        while time.monotonic() < end:
            done = self._get(f"/jobs/{job_id}/savepoints/{trigger}")
            if done["status"]["id"] == "COMPLETED":
                location = done["operation"].get("location")
                return str(location) if location else None
            time.sleep(_POLL_S)
        return None

    def cancel(self, job_id: str) -> None:
        """Cancel a job and keep its checkpoints."""
        self._request("PATCH", f"/jobs/{job_id}", params={"mode": "cancel"})

    def metric(self, job_id: str, name: str) -> float | None:
        """The largest value, over all subtasks, of the metrics whose name ends with `name`; None if there are none."""
        values: list[float] = []
        for vertex in self._get(f"/jobs/{job_id}")["vertices"]:
            path = f"/jobs/{job_id}/vertices/{vertex['id']}/subtasks/metrics"
            names = [metric["id"] for metric in self._get(path) if metric["id"].endswith(name)]
            if names:
                values += [metric["max"] for metric in self._get(path, get=",".join(names)) if "max" in metric]
        return max(values, default=None)

    def _get(self, path: str, **params: str) -> Any:
        response = self._request("GET", path, params=params)
        if response.is_error:
            raise PartUnavailable(f"Flink answered {response.status_code} to {path}.", "See `weir logs jobmanager`.")
        return response.json()

    def _request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **arguments)
        except httpx.TransportError as error:
            where = f"Flink at {self._http.base_url} does not answer"
            raise PartUnavailable(f"{where}: {error}.", "See `weir logs jobmanager`.") from error


def _job(job: dict[str, Any]) -> Job:
    return Job(job["jid"], job["name"], job["state"], job["tasks"]["total"], job["tasks"]["running"], job["start-time"])
