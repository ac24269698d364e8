"""`weir skip`: set one record aside. It becomes a dead letter, and the job's part submits the job again without it."""

from operations.runner.kafka_admin import committed
from operations.runner.kafka_record import record_at, write_record
from operations.runner.loops import running_settings
from operations.runner.parts import JOBS, topics_of
from weir.clock import now_ms
from weir.dead_letters import Job, cut, skipped_letter
from weir.errors import DeploymentError
from weir.messages import Position, encode
from weir.settings import Settings
from weir.skipped import add_skipped, position_of, read_skipped, text_of


def skip(settings: Settings, text: str) -> str:
    """Set the record at `TOPIC:PARTITION:OFFSET` aside; return what has happened, in a sentence.

    The topic may leave out the namespace. A record that is set aside already is left as it is.

    Raises:
        DeploymentError: no job reads the topic, there is no such record, or its job has processed it.
    """
    settings = running_settings(settings)
    position, part, job = _asked(settings, text)
    file = settings.skipped_file(job)
    if position in read_skipped(file):
        return f"{text_of(position)} is set aside already."
    done = committed(settings.bootstrap_servers, f"weir-{settings.namespace}-{job}", settings.topics.all())
    if position.offset < done.get((position.topic, position.partition), 0):
        raise DeploymentError(
            f"{part} has processed {text_of(position)} already.", "`weir status` shows the records that it may fail at."
        )
    record = record_at(settings.bootstrap_servers, position)
    if record is None:
        raise DeploymentError(
            f"There is no record at {text_of(position)}.", "`weir status` shows the records that a job may fail at."
        )
    letter = skipped_letter(record, job, now_ms=now_ms())
    write_record(settings.bootstrap_servers, settings.topics.dead_letters, cut(record.kafka_key), encode(letter))
    add_skipped(file, position)  # after the letter: a record is never passed over without one
    return f"{text_of(position)} is set aside and on {settings.topics.dead_letters}. {part} goes on without it."


def _asked(settings: Settings, text: str) -> tuple[Position, str, Job]:
    """The position, and the part and the job that read its topic."""
    prefix = f"{settings.namespace}."
    given = position_of(text)
    position = Position(prefix + given.topic.removeprefix(prefix), given.partition, given.offset)
    for part, job in JOBS.items():
        if position.topic in topics_of(part, settings.topics):
            return position, part, job
    known = ", ".join(topic.removeprefix(prefix) for part in JOBS for topic in topics_of(part, settings.topics))
    raise DeploymentError(f"No job processes the records of {given.topic}.", f"The jobs read {known}.")
