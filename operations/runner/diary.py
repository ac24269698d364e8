"""The diary of a job: each failure with the offsets from which the job resumed, in its log and in a file."""

from pathlib import Path

import structlog

from operations.runner.failures import (
    LOOP,
    Candidates,
    Failure,
    Offsets,
    candidates,
    failure,
    in_a_row,
    read_failures,
    sentence,
    write_failures,
)
from operations.runner.flink_errors import native_crash
from operations.runner.flink_rest import Reported
from operations.runner.kafka_admin import committed, end_offsets
from operations.runner.kafka_status import accounted_for
from operations.runner.parts import JOBS, topics_of
from weir.clock import now_ms
from weir.errors import PartUnavailable
from weir.settings import Settings
from weir.skipped import read_skipped

log = structlog.get_logger()


class Diary:
    """Notes a job's failures and tells them. `part` is `detector-job` or `label-join-job`."""

    def __init__(self, part: str, settings: Settings) -> None:
        self._part, self._settings, self._job = part, settings, JOBS[part]

    @property
    def _file(self) -> Path:
        return self._settings.namespace_dir / "failures" / self._part

    def failures(self) -> list[Failure]:
        """The failures of the last hour, oldest first."""
        return read_failures(self._file, now_ms())

    def note(self, reported: list[Reported]) -> None:
        """Note the failures that are new."""
        known = self.failures()
        last_ms = known[-1].at_ms if known else 0
        new = [one for one in reported if one.at_ms > last_ms]
        if new:
            try:
                reached = self._reached()
            except PartUnavailable:
                reached = {}  # the broker is away, so no record is to blame
            write_failures(self._file, [*known, *(failure(one.at_ms, self._cause(one), reached) for one in new)])
            log.warning("job_failed", job=self._part, count=len(new), offsets=_text(reached), story=self.story())

    def story(self) -> str | None:
        """What has happened in the last hour and what to do about it; None if nothing has."""
        failures = self.failures()
        if not failures:
            return None
        try:
            loop, where = self._place(failures)
        except PartUnavailable:
            loop, where = 0, []
        return sentence(self._part, failures, loop, where, self._settings.namespace)

    def _place(self, failures: list[Failure]) -> tuple[int, list[Candidates]]:
        """The failures at the present place, and where the record lies if one record causes them."""
        settings, reached = self._settings, self._reached()
        loop = in_a_row(failures, reached)
        if loop < LOOP:
            return loop, []
        ends = end_offsets(settings.bootstrap_servers, settings.topics.all())
        last = {(partition.topic, partition.partition): end for partition, end in ends.items()}
        skipped, accounted = set(read_skipped(settings.skipped_file(self._job))), accounted_for(settings)
        return loop, candidates(reached, last, lambda at: at in skipped or accounted(at))

    def _reached(self) -> Offsets:
        """The offsets in the job's last checkpoint, which the job commits to its consumer group; 0 before the first."""
        topics = self._settings.topics
        read = [topic for topic in topics.all() if topic.name in topics_of(self._part, topics)]
        done = committed(self._settings.bootstrap_servers, f"weir-{self._settings.namespace}-{self._job}", read)
        places = [(topic.name, number) for topic in read for number in range(topic.partitions)]
        return {place: done.get(place, 0) for place in places}

    def _cause(self, one: Reported) -> str:
        if one.taskmanager is None:
            return one.cause
        crash = native_crash(self._settings.state_dir / "flink" / one.taskmanager, one.at_ms)
        return f"{one.cause} (its process crashed: {crash})" if crash else one.cause


def _text(offsets: Offsets) -> dict[str, int]:
    return {f"{topic}:{partition}": offset for (topic, partition), offset in offsets.items()}
