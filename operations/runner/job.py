"""The foreground process of a job: `python -m operations.runner.job detector-job`.

It submits the job from its newest checkpoint or savepoint, and again if the JobManager loses it. On SIGTERM it stops
the job with a savepoint. It exits by itself only if the job fails for good.
"""

import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import structlog

from operations.runner.checkpoints import is_discarded, newest_checkpoint
from operations.runner.flink import client
from operations.runner.flink_errors import client_error
from operations.runner.flink_rest import ENDED, FlinkRest, Job
from operations.runner.kafka_admin import missing_topics
from operations.runner.parts import job_name
from operations.runner.wiring import cluster_of
from weir.errors import DeploymentError, PartUnavailable
from weir.logs import configure_logs
from weir.settings import Settings, load_settings

MODULE_OF = {"detector-job": "detector.flink_job", "label-join-job": "learner.flink_job"}
ENTRY = Path(__file__).parent / "entry" / "run_job.py"
WATCH_S, WAIT_S = 1.0, 0.3
SAVEPOINT_S = 30.0
"""A round number; not measured. It has to stay below the 60 s after which the supervisor kills this process."""

log = structlog.get_logger()


@dataclass(frozen=True)
class JobPart:
    part: str
    settings: Settings

    @property
    def name(self) -> str:
        return job_name(self.part, self.settings.namespace)

    @property
    def folder(self) -> Path:
        return (self.settings.namespace_dir / "checkpoints" / self.part.removesuffix("-job")).absolute()


class JobKeeper:
    """Keeps one job running until `stopping` is set."""

    def __init__(self, job: JobPart, rest: FlinkRest, stopping: threading.Event) -> None:
        self._job, self._rest, self._stopping = job, rest, stopping

    def keep(self) -> None:
        """Submit the job and watch it, in a loop; return once `stopping` is set.

        Raises:
            DeploymentError: the submission failed, or the job failed for good.
        """
        while not self._stopping.is_set():
            running = self._wait_for_cluster()
            if self._stopping.is_set():
                return
            self._watch(running.id if running else self._submit())

    def stop(self) -> None:
        """Stop the job with a savepoint. Cancel it if that fails, or if nobody needs its state; its checkpoints remain."""
        try:
            if running := self._rest.live_job(self._job.name):
                savepoint = self._savepoint(running.id)
                log.info("job_stopped", job=self._job.name, savepoint=savepoint)
                if savepoint is None:
                    self._rest.cancel(running.id)
        except PartUnavailable as error:
            log.warning("job_not_stopped", job=self._job.name, problem=error.problem)

    def _savepoint(self, job_id: str) -> str | None:
        if is_discarded(self._job.settings.namespace_dir):
            return None
        return self._rest.stop_with_savepoint(job_id, self._job.folder, SAVEPOINT_S)

    def _wait_for_cluster(self) -> Job | None:
        """Wait until the JobManager answers and the topics exist; return the job if it already runs."""
        while not self._stopping.wait(WAIT_S):
            try:
                if not missing_topics(self._job.settings.bootstrap_servers, self._job.settings.topics.all()):
                    return self._rest.live_job(self._job.name)
            except PartUnavailable:
                continue
        return None

    def _submit(self) -> str:
        start = newest_checkpoint(self._job.folder)
        self._job.folder.mkdir(parents=True, exist_ok=True)
        arguments = ["--fromSavepoint", start.as_uri(), "--claimMode", "CLAIM"] if start else []
        self._run_client(["run", "--detached", *arguments, "--python", str(ENTRY), MODULE_OF[self._job.part]])
        submitted = self._rest.jobs(self._job.name)
        if not submitted:
            raise DeploymentError(
                f"The JobManager does not know {self._job.name}, although it was just submitted.",
                "See `weir logs jobmanager`.",
            )
        log.info("job_submitted", job=self._job.name, id=submitted[0].id, start=str(start) if start else None)
        return submitted[0].id

    def _run_client(self, arguments: list[str]) -> None:
        folder = self._job.folder.as_uri()
        where = {"execution__checkpointing__dir": folder, "execution__checkpointing__savepoint_dir": folder}
        command = client(cluster_of(self._job.settings), f"client-{self._job.name}", arguments, **where)
        done = subprocess.run(command.argv, env=command.full_env(), capture_output=True, text=True, check=False)
        if done.returncode:
            output = done.stdout + done.stderr
            sys.stderr.write(output)
            problem = f"{self._job.name} could not be submitted: {client_error(output)}."
            raise DeploymentError(problem, f"See `weir logs {self._job.part}`.")

    def _watch(self, job_id: str) -> None:
        """Return when the JobManager no longer knows the job, or once `stopping` is set."""
        while not self._stopping.wait(WATCH_S):
            try:
                state = self._rest.state(job_id)
            except PartUnavailable:
                continue
            if state is None:
                log.warning("job_lost", job=self._job.name, id=job_id)
                return
            if state in ENDED:
                cause = (
                    self._rest.root_cause(job_id)
                    if state == "FAILED"
                    else f"somebody else ended it; its state is {state}"
                )
                raise DeploymentError(f"{self._job.name} ended: {cause}.", f"See `weir logs {self._job.part}`.")


def main(part: str) -> None:
    """Keep the job running until SIGTERM or SIGINT."""
    settings = load_settings()
    configure_logs(settings.log_level)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    keeper = JobKeeper(JobPart(part, settings), FlinkRest(settings.flink_rest), stopping)
    keeper.keep()
    keeper.stop()


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except DeploymentError as error:
        log.error("job_not_kept", problem=error.problem, remedy=error.remedy)  # noqa: TRY400 -- a sentence, not a trace
        sys.exit(1)
