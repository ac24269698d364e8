"""The registrar on Kafka: log every publication's metrics in MLflow and register the newest from time to time.

Offsets are committed once the newest publication read so far has a version, so a restart skips nothing. While MLflow is
down, the registrar stops reading and catches up later. The rest of the loop is not affected (docs/adr/0007).
"""

import time
from collections.abc import Callable

import structlog
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from learner.control import publication_of
from learner.mlflow_registry import MlflowRegistry
from learner.trees_voice import REPEAT_AFTER_RECORDS
from weir.errors import PartUnavailable
from weir.kafka_clients import consumer, create_topics
from weir.messages import DriftFinding, Publication, TreesPublication
from weir.settings import Settings

_BATCH, _POLL_S = 500, 0.2

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 15.0
"""The pause doubles from the first to the longest while MLflow does not answer. Round numbers; not measured."""

_LOOK_BACK = 3 * REPEAT_AFTER_RECORDS
"""Offsets before the committed one in which the trees in force are found: each record may have a transaction's marker."""

_PATIENCE_S = 60.0
"""How long to ask a broker that has just started for committed offsets. A round number; not measured."""

_log = structlog.get_logger()


def run_registrar(settings: Settings, registry: MlflowRegistry, pause: Callable[[float], bool]) -> None:
    """Register until `pause(seconds)`, which waits, returns True.

    Raises:
        PartUnavailable: the broker does not answer.
    """
    create_topics(settings.bootstrap_servers, settings.topics.all(), settings.kafka.replication)
    try:
        process, pause_s = RegistrarProcess(settings, registry), 0.0
        _log.info("registrar_started", namespace=settings.namespace, model=settings.registered_model)
        while not pause(pause_s):
            pause_s = _step(process, pause_s)
        process.close()
    except KafkaException as error:
        raise PartUnavailable(
            f"The broker does not answer the registrar: {error}.", "Run `weir logs kafka`."
        ) from error


def _step(process: "RegistrarProcess", paused_s: float) -> float:
    """Do what is due and return the seconds to pause: longer each time that MLflow does not answer."""
    process.read()
    try:
        process.deliver()
    except PartUnavailable as error:
        if not paused_s:
            _log.warning("mlflow_unavailable", problem=error.problem[:200])
        return min(max(2 * paused_s, _FIRST_PAUSE_S), _LONGEST_PAUSE_S)
    if paused_s:
        _log.info("mlflow_available")
    return 0.0


class RegistrarProcess:
    """Reads `control` and keeps publications, uncommitted, until MLflow has them."""

    def __init__(self, settings: Settings, registry: MlflowRegistry) -> None:
        self._registry, self._every_s = registry, settings.mlflow.register_every_s
        self._unlogged: list[Publication] = []
        self._unregistered: Publication | None = None
        self._drift: list[DriftFinding] = []
        self._registered_s = -self._every_s
        self._control = settings.topics.control
        self._trees: TreesPublication | None = None
        self._reader = consumer(settings.bootstrap_servers, f"weir-registrar-{settings.namespace}")
        self._next_offset = _committed(self._reader, self._control)
        self._reader.assign([TopicPartition(self._control, 0, max(0, self._next_offset - _LOOK_BACK))])

    def read(self) -> None:
        """Read a batch, unless MLflow still lacks the last one.

        Raises:
            PartUnavailable: the broker returned an error instead of a record.
        """
        if not self._unlogged:
            for record in self._reader.consume(_BATCH, timeout=_POLL_S):
                self._process(record)

    def deliver(self) -> None:
        """Log the batch; register the newest publication when it is due.

        Raises:
            PartUnavailable: MLflow did not accept it; the next call tries again.
        """
        if self._unlogged:
            self._registry.log(self._unlogged)
            self._unlogged.clear()
        if self._unregistered and time.monotonic() - self._registered_s >= self._every_s:
            self._register(self._unregistered)

    def close(self) -> None:
        """Stop reading. The next registrar reads again what has no version yet."""
        self._reader.close()

    def _process(self, record: Message) -> None:
        if record.error() is not None:
            raise PartUnavailable(
                f"The registrar cannot read {self._control}: {record.error()}.", "Run `weir logs kafka`."
            )
        is_new = record.offset() >= self._next_offset
        self._next_offset = max(self._next_offset, record.offset() + 1)
        if not (record.key() or b"").startswith(b"model:"):
            return
        match publication_of(record.value(), record.offset()):
            case TreesPublication() as trees:
                self._trees = trees
            case Publication() as publication if is_new:
                self._unlogged.append(publication)
                self._drift += publication.drift
                self._unregistered = publication

    def _register(self, publication: Publication) -> None:
        started_s = time.monotonic()
        version = self._registry.register(publication, self._drift, self._trees)
        self._reader.commit(offsets=[TopicPartition(self._control, 0, self._next_offset)], asynchronous=False)
        self._unregistered, self._drift, self._registered_s = None, [], time.monotonic()
        _log.info(
            "version_registered",
            version=version,
            publication=publication.publication,
            n=publication.n,
            took_ms=round((self._registered_s - started_s) * 1000),
        )


def _committed(reader: Consumer, topic: str) -> int:
    """Return the offset where the last registrar stopped. A broker that has just started needs time to answer."""
    end_s = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end_s:
        try:
            (found,) = reader.committed([TopicPartition(topic, 0)], timeout=10)
        except KafkaException:
            found = None
        if found is not None and found.error is None:
            return max(int(found.offset), 0)
        time.sleep(_POLL_S)
    raise PartUnavailable(
        f"The broker did not return the committed offset of {topic} within {_PATIENCE_S:.0f} s.",
        "Run `weir logs kafka`.",
    )
