"""The trainer: a process beside the learner that reads the learning log by itself and trains the trees.

    learning-log --> tree learner --(due)--> training, seconds --> a pipe --> the learner publishes

The learner goes on meanwhile. The trainer keeps nothing on disk: when it starts, it reads the log from its beginning, a
million examples in about 20 s of a slow core, and leaves out trainings whose trees would not stay in force.
"""

import os
import signal
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import NamedTuple

from confluent_kafka import KafkaException, Message, TopicPartition

from learner.learning_log import read_entry
from learner.training_schedule import LONGEST_DAYS
from learner.tree_learner import TreeLearner
from weir.clock import now_ms
from weir.errors import InvalidRecord, PartUnavailable, WeirError
from weir.kafka_clients import consumer, read_last
from weir.messages import EXAMPLE, TreesPublication, decode_with
from weir.settings import Settings
from weir.topics import DAY_MS

RETRY_S = 30.0
"""From a failed training to the next attempt. What fails for want of memory may work later. A round number; not measured."""

_NICE = 10
"""The trainer gives way: what scores and learns has deadlines."""

_BATCH, _POLL_S = 500, 0.2
"""Examples of one step, and how long an idle trainer waits for one. Round numbers; not measured."""


class TrainingFailed(NamedTuple):
    """A training on the examples up to `n` has failed and will be tried again."""

    n: int
    problem: str


News = TreesPublication | TrainingFailed


class TreeTrainer:
    """Follows the log; `tell` hears of every trained set and every failure. Trees up to `published_n` are known."""

    def __init__(self, settings: Settings, tell: Callable[[News], None], published_n: int) -> None:
        self._key, self._tell, self._published_n = settings.require_signing_key(), tell, published_n
        self._trees = TreeLearner(settings.learning.epoch)
        self._superseded_ms = _newest_ms(settings) - (LONGEST_DAYS + 1) * DAY_MS
        self._reader = consumer(settings.bootstrap_servers, f"weir-trainer-{settings.namespace}")
        self._reader.assign([TopicPartition(settings.topics.learning_log, 0, 0)])
        self._unread: deque[Message] = deque()
        self._due, self._attempt_from_s = False, 0.0

    def step(self) -> None:
        """Train if that is due; else read on, up to the next training."""
        if self._due:
            self._attempt()
            return
        if not self._unread:
            self._unread.extend(self._reader.consume(_BATCH, timeout=_POLL_S))
        while self._unread and not self._due:
            self._learn(self._unread.popleft())

    def _learn(self, record: Message) -> None:
        if record.error() is not None:
            raise PartUnavailable(f"The trainer cannot read its log: {record.error()}.", "Run `weir logs kafka`.")
        number, example = read_entry(record.key(), record.value(), record.offset())
        if number.epoch == self._trees.epoch and self._trees.learn(number.n, example):
            self._due = number.n > self._published_n and self._trees.clock_ms >= self._superseded_ms

    def _attempt(self) -> None:
        if time.monotonic() < self._attempt_from_s:
            time.sleep(_POLL_S)
            return
        try:
            self._tell(self._trees.train(now_ms(), self._key))
            self._due = False
        except Exception as error:  # noqa: BLE001 -- whatever stops a training, the additive model goes on without it
            self._attempt_from_s = time.monotonic() + RETRY_S
            self._tell(TrainingFailed(self._trees.n, repr(error)))


def train_until_alone(settings: Settings, learner: Connection, published_n: int) -> None:
    """Train until the learner has gone; it never sends anything, so the pipe becomes readable only then."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the learner, too, which ends this process
    os.nice(_NICE)
    with suppress(BrokenPipeError, ConnectionResetError):
        try:
            trainer = TreeTrainer(settings, learner.send, published_n)
            while not learner.poll():
                trainer.step()
        except (KafkaException, WeirError) as error:
            learner.send(TrainingFailed(0, str(error)))


def _newest_ms(settings: Settings) -> int:
    """Return the event time of the log's last entry, 0 without one. Trees of a week before it are superseded by later ones."""
    last = read_last(settings.bootstrap_servers, settings.topics.learning_log)
    try:
        return 0 if last is None else decode_with(EXAMPLE, last).event_time_ms
    except InvalidRecord:
        return 0
