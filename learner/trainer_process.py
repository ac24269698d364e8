"""The learner's end of the trainer: starts the process, hears its news, and starts it again if it has died."""

import multiprocessing
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from learner.kafka_tree_trainer import RETRY_S, News, TrainingFailed, train_until_alone
from weir.settings import Settings

_ENDS_WITHIN_S = 5.0
"""How long a trainer that was told to end may take. A round number; not measured."""


class TrainerProcess:
    """Runs while the learner runs: it ends with this process, however that ends."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: BaseProcess | None = None
        self._start_from_s = 0.0

    def news(self, published_n: int) -> Iterator[News]:
        """Yield what has happened since the last call. Starts the trainer if none runs; trees to `published_n` are known."""
        if self._process is None:
            if time.monotonic() >= self._start_from_s:
                self._process, self._pipe = _started(self._settings, published_n)
            return
        try:
            while self._pipe.poll():
                yield self._pipe.recv()
        except EOFError:
            yield TrainingFailed(published_n, f"The trainer ended with exit code {self._ended()}.")

    def close(self) -> None:
        """End the trainer."""
        if self._process is not None:
            self._process.terminate()
            self._ended()

    def _ended(self) -> int | None:
        """Wait for the trainer's end, and return its exit code."""
        assert self._process is not None  # noqa: S101 -- for the type checker
        self._process.join(_ENDS_WITHIN_S)
        code, self._process = self._process.exitcode, None
        self._pipe.close()
        self._start_from_s = time.monotonic() + RETRY_S
        return code


def _started(settings: Settings, published_n: int) -> tuple[BaseProcess, Connection]:
    """Start a fresh interpreter: a fork would copy the Kafka client's threads half."""
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe()
    process = spawning.Process(
        target=train_until_alone, args=(settings, theirs, published_n), name="trainer", daemon=True
    )
    process.start()
    theirs.close()
    return process, ours
