"""The learner on Kafka: fold the learning log and publish models.

    learning-log --> fold --> { control: publication, changed reputations | learner-snapshots: snapshot }
          |                     `------------------ one Kafka transaction -------------------'
          `--> trainer, a process of its own --> control: trees, in a transaction of their own, when they are ready

The transactional id belongs to the namespace, so a second learner fences the first. After a crash the learner resumes
from the last snapshot. It reads later publications back from `control`, so their numbers continue without a gap.
"""

import time
from collections.abc import Callable, Iterator

import msgspec
import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from learner.control import publication_of
from learner.fold import CHAMPION, Fold
from learner.learning_log import read_entry
from learner.pace import Pace
from learner.snapshot import Snapshot, fits, seal, unseal
from learner.trainer_process import TrainerProcess
from learner.trees_voice import TreesVoice
from weir.artefact import sign_reputation
from weir.champion import verified_trees
from weir.clock import now_ms
from weir.compiled import warm
from weir.errors import DeploymentError, PartUnavailable, RefusedArtefact
from weir.kafka_clients import consumer, create_topics, fencing_producer, read_last, read_to_end
from weir.messages import Publication, TreesPublication, encode
from weir.settings import LearningSettings, Settings

MODEL_KEY, TREES_KEY, SNAPSHOT_KEY = f"model:{CHAMPION}".encode(), b"model:trees", b"snapshot"
SNAPSHOT_EVERY_S = 10.0
"""Bounds what a restart folds again. A round number; not measured."""

_BATCH = 500
"""Examples between two checks whether a publication is due. A round number; not measured."""

_POLL_S = 0.05
"""How long an idle learner waits before it checks again, a fifth of the default `learning.publish_every_ms`."""

_RECORD_BYTES = 20
"""About what Kafka adds to a record."""

_FENCED = {KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH, KafkaError.PRODUCER_FENCED}  # noqa: SLF001

_log = structlog.get_logger()


def run_learner(settings: Settings, stopping: Callable[[], bool]) -> None:
    """Learn until `stopping()`, then publish the model and write a snapshot.

    Raises:
        PartUnavailable: the broker does not answer.
        BrokenLog: the learning log has a gap or cannot be read.
        DeploymentError: another learner of this namespace took over.
    """
    warm(settings.cache_dir)
    create_topics(settings.bootstrap_servers, settings.topics.all(), settings.kafka.replication)
    try:
        process = LearnerProcess(settings)
        while not stopping():
            process.step()
        process.publish(snapshot=True)
        process.close()
    except KafkaException as error:
        raise PartUnavailable(f"The broker does not answer the learner: {error}.", "Run `weir logs kafka`.") from error


class LearnerProcess:
    """One run of the learner. Construction fences any other learner and resumes from the last snapshot."""

    def __init__(self, settings: Settings) -> None:
        self._servers, self._topics, self._key = (
            settings.bootstrap_servers,
            settings.topics,
            settings.require_signing_key(),
        )
        self._pace = Pace(settings.learning.publish_every_ms / 1000, time.monotonic())
        self._producer = fencing_producer(self._servers, f"weir-learner-{settings.namespace}")
        found, self._fold = self._resumed(settings.learning)
        self._offset = found.offset if found else 0
        self._number, self._control_offset, trees = self._last_publication(found)
        self._trainer = TrainerProcess(settings)
        self._trees = TreesVoice(self._fold.epoch, trees, self._trainer.news)
        self._published_n, self._kept_s = self._fold.n, time.monotonic()
        self._reader = consumer(self._servers, f"weir-learner-{settings.namespace}")
        self._reader.assign([TopicPartition(self._topics.learning_log, 0, self._offset)])
        _log.info("learner_started", namespace=settings.namespace, n=self._fold.n, publication=self._number)

    def step(self) -> None:
        """Learn the examples that have arrived; publish when due."""
        for record in _arrived(self._reader):
            self._learn(record)
        if (trees := self._trees.due(self._fold.n)) is not None:
            self._write([(self._topics.control, TREES_KEY, encode(trees))])
        if self._pace.is_due(time.monotonic()):
            self.publish(snapshot=time.monotonic() - self._kept_s >= SNAPSHOT_EVERY_S or self._number == 0)

    def publish(self, *, snapshot: bool) -> None:
        """Publish the model if it has learned anything; with `snapshot`, write one in the same transaction."""
        if self._fold.n == self._published_n:
            return
        started_s, examples = time.monotonic(), self._fold.n - self._published_n
        publication = self._fold.publication(self._number + 1, now_ms(), self._key)
        publication = msgspec.structs.replace(publication, metrics=publication.metrics | self._trees.metrics())
        reputations = self._reputations()
        records = [*reputations, (self._topics.control, MODEL_KEY, encode(publication))]
        if (trees := self._trees.repeated(len(records))) is not None:
            records.append((self._topics.control, TREES_KEY, encode(trees)))
        if snapshot and (sealed := self._snapshot(publication.publication)) is not None:
            records.append((self._topics.snapshots, SNAPSHOT_KEY, sealed))
        self._write(records)
        self._number, self._published_n, now_s = publication.publication, self._fold.n, time.monotonic()
        self._kept_s = now_s if snapshot else self._kept_s
        self._pace.published(now_s)
        _log_publication(publication, examples, len(reputations), now_s - started_s)

    def close(self) -> None:
        """Stop reading and training. The next learner folds again what is not in a snapshot."""
        self._trainer.close()
        self._reader.close()

    def _learn(self, record: Message) -> None:
        number, example = read_entry(record.key(), record.value(), record.offset())
        self._offset = record.offset() + 1
        if number.epoch >= self._fold.epoch:
            self._fold.learn(*number, example)
            self._pace.learned(time.monotonic(), label=not example.implicit)

    def _reputations(self) -> list[tuple[str, bytes, bytes | None]]:
        """Return the records of changed reputations, and tombstones for withdrawn ones."""
        changed = [sign_reputation(reputation, self._key) for reputation in self._fold.changed_reputation()]
        records = [(reputation.control_key, encode(reputation)) for reputation in changed]
        withdrawn = [(key, None) for key in self._fold.withdrawn_reputation()]
        return [(self._topics.control, key.encode(), payload) for key, payload in [*records, *withdrawn]]

    def _snapshot(self, number: int) -> bytes | None:
        """Return the sealed snapshot; None if no message can hold it, and a restart then folds from the last that fitted."""
        at = {"offset": self._offset, "publication": number, "control_offset": self._control_offset}
        sealed = seal(Snapshot.of(self._fold, **at, trees=self._trees.published), self._key)
        if fits(sealed):
            return sealed
        _log.warning("snapshot_too_large", bytes=len(sealed))
        return None

    def _write(self, records: list[tuple[str, bytes, bytes | None]]) -> None:
        try:
            self._producer.begin_transaction()
            for topic, key, value in records:
                self._producer.produce(topic, value, key, on_delivery=self._written)
            self._producer.commit_transaction()
        except KafkaException as error:
            raise _not_written(error) from error
        size = sum(_size(key, value) for topic, key, value in records if topic == self._topics.control)
        self._pace.spent(time.monotonic(), size)

    def _written(self, _: KafkaError | None, record: Message) -> None:
        """Remember where `control` ends now: a restart looks for newer publications from there."""
        if record.topic() == self._topics.control and record.offset() is not None:
            self._control_offset = max(self._control_offset, record.offset())

    def _resumed(self, learning: LearningSettings) -> tuple[Snapshot | None, Fold]:
        """Return the last snapshot and its fold; None and an empty fold without a usable snapshot of this epoch."""
        sealed = read_last(self._servers, self._topics.snapshots)
        try:
            found = None if sealed is None else unseal(sealed, self._key)
            if found is not None and found.epoch == learning.epoch:
                return found, found.restore()
        except RefusedArtefact as error:
            _log.warning("snapshot_refused", problem=error.problem)
        return None, Fold(learning)

    def _last_publication(self, found: Snapshot | None) -> tuple[int, int, TreesPublication | None]:
        """Return the number of the newest publication, the last offset of `control`, and the trees in force."""
        number, offset, trees = (found.publication, found.control_offset, found.trees) if found else (0, 0, None)
        for record in read_to_end(self._servers, self._topics.control, offset):
            offset = record.offset()
            match publication_of(record.value(), offset) if record.key() in {MODEL_KEY, TREES_KEY} else None:
                case Publication() as publication:
                    number = max(number, publication.publication)
                case TreesPublication() as published if self._is_newer(published, trees):
                    trees = published
        return number, offset, trees

    def _is_newer(self, trees: TreesPublication, known: TreesPublication | None) -> bool:
        """Whether trees are genuine, and were trained later. Forged ones would keep the trainer from training."""
        if known is not None and (trees.epoch, trees.n) < (known.epoch, known.n):
            return False
        try:
            return bool(verified_trees(trees, self._key))
        except RefusedArtefact as error:
            _log.warning("trees_refused", n=trees.n, problem=error.problem)
            return False


def _size(key: bytes, value: bytes | None) -> int:
    return len(key) + len(value or b"") + _RECORD_BYTES


def _log_publication(publication: Publication, examples: int, merchants: int, took_s: float) -> None:
    """Log one line with all that matters about a publication."""
    metrics = publication.metrics
    _log.info(
        "model_published",
        publication=publication.publication,
        epoch=publication.epoch,
        n=publication.n,
        examples=examples,
        merchants=merchants,
        digest=publication.digest[:12],
        frauds_learned=int(metrics["frauds_learned"]),
        log_loss=round(metrics.get("log_loss", 0.0), 5),
        average_precision=round(metrics.get("average_precision", 0.0), 4),
        drift=[finding.text for finding in publication.drift],
        took_ms=round(took_s * 1000, 1),
    )


def _not_written(error: KafkaException) -> DeploymentError:
    if error.args[0].code() in _FENCED:
        return DeploymentError("Another learner of this namespace took over.", "Run only one; this one stops.")
    return PartUnavailable(f"The publication was not written: {error}.", "Restart the learner; it loses nothing.")


def _arrived(reader: Consumer) -> Iterator[Message]:
    """Yield the records that have arrived, without waiting for a full batch."""
    first = reader.poll(_POLL_S)
    for record in [] if first is None else [first, *reader.consume(_BATCH, timeout=0)]:
        if record.error() is not None:
            raise PartUnavailable(f"The learner cannot read its log: {record.error()}.", "Run `weir logs kafka`.")
        yield record
