"""The foreground process of a job: `python -m operations.runner.job detector-job`.

It submits the job from its newest checkpoint or savepoint, and again if the JobManager loses it or `weir skip` sets a
record aside. It notes why the job fails. On SIGTERM it stops the job with a savepoint. It exits by itself only if the
job fails for good.
"""

import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import structlog

from operations.runner.checkpoints import is_discarded, newest_checkpoint
from operations.runner.diary import Diary
from operations.runner.flink import client
from operations.runner.flink_config import file_url
from operations.runner.flink_errors import client_error
from operations.runner.flink_rest import ENDED, FlinkRest, Job
from operations.runner.kafka_admin import missing_topics
from operations.runner.parts import JOBS, job_name
from operations.runner.wiring import cluster_of
from weir.clock import now_ms
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
        return (self.settings.namespace_dir / "checkpoints" / JOBS[self.part]).absolute()

    @property
    def skipped(self) -> Path:
        """The list of positions that the job passes over."""
        return self.settings.skipped_file(JOBS[self.part])


class JobKeeper:
    """Keeps one job running until `stopping` is set."""

    def __init__(self, job: JobPart, rest: FlinkRest, stopping: threading.Event) -> None:
        self._job, self._rest, self._stopping = job, rest, stopping
        self._diary = Diary(job.part, job.settings)

    def keep(self) -> None:
        """Submit the job and watch it, in a loop; return once `stopping` is set.

        Raises:
            DeploymentError: the submission failed, or the job failed for good.
        """
        while not self._stopping.is_set():
            running = self._wait_for_cluster()
            if self._stopping.is_set():
                return
            before_ms = now_ms()
            if running is None:
                self._watch(self._submit(), before_ms)
            else:
                self._watch(running.id, running.start_ms)

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
        arguments = ["--fromSavepoint", file_url(start), "--claimMode", "CLAIM"] if start else []
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
        folder = file_url(self._job.folder)
        where = {"execution__checkpointing__dir": folder, "execution__checkpointing__savepoint_dir": folder}
        command = client(cluster_of(self._job.settings), f"client-{self._job.name}", arguments, **where)
        done = subprocess.run(command.argv, env=command.full_env(), capture_output=True, text=True, check=False)
        if done.returncode:
            output = done.stdout + done.stderr
            sys.stderr.write(output)
            problem = f"{self._job.name} could not be submitted: {client_error(output)}."
            raise DeploymentError(problem, f"See `weir logs {self._job.part}`.")

    def _watch(self, job_id: str, since_ms: int) -> None:
        """Return when the job has to be submitted again, or once `stopping` is set. It read its list at `since_ms`."""
        while not self._stopping.wait(WATCH_S):
            try:
                state = self._rest.state(job_id)
                if state is None:
                    log.warning("job_lost", job=self._job.name, id=job_id)
                    return
                if state in ENDED:
                    self._stopping.wait(WATCH_S)  # until Flink no longer answers with what it knew before
                    self._diary.note(self._rest.failures(job_id))
                    raise DeploymentError(self._last_words(state), f"See `weir logs {self._job.part}`.")
                self._diary.note(self._rest.failures(job_id))
            except PartUnavailable:
                continue
            if self._set_aside_after(since_ms):
                log.info("job_stopping", job=self._job.name, reason="a record was set aside")
                self.stop()
                self._wait_for_end(job_id)
                return

    def _last_words(self, state: str) -> str:
        if state != "FAILED":
            return f"{self._job.name} ended: somebody else ended it; its state is {state}."
        return f"{self._job.name} ended. {self._diary.story() or 'Flink has recorded no cause.'}"

    def _set_aside_after(self, since_ms: int) -> bool:
        file = self._job.skipped
        return file.exists() and file.stat().st_mtime_ns > since_ms * 1_000_000

    def _wait_for_end(self, job_id: str) -> None:
        while not self._stopping.wait(WAIT_S):
            try:
                state = self._rest.state(job_id)
            except PartUnavailable:
                continue
            if state is None or state in ENDED:
                return


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
