"""The state of a loop as seen from outside: scores, dead letters, counts and publications."""

from collections import Counter
from collections.abc import Callable

import msgspec
import numpy as np
from msgspec import Struct

from ledger.intervals import Positions
from weir.errors import InvalidRecord
from weir.messages import (
    CONTROL,
    COUNTS,
    Counts,
    Decision,
    Message,
    Milliseconds,
    ModelRef,
    Position,
    Publication,
    TreesPublication,
    decode_with,
    decoder_of,
)
from weir.topics import COUNTS_KEY, Topics

SAMPLE_EVERY = 10
"""The latency of one in this many transactions is measured. A round number that keeps the list of latencies short."""


class ObservedScore(Struct):
    """The fields of a scored transaction that a replay needs."""

    transaction_id: str
    user_id: str
    event_time_ms: Milliseconds
    score: float
    decision: Decision
    source: Position
    scored_at_ms: Milliseconds
    flags: list[str] = []
    model: ModelRef | None = None


class _DeadLetterSource(Struct):
    source: Position
    field: str


_scores = decoder_of(ObservedScore)
_dead_letters = decoder_of(_DeadLetterSource)


class Observed:
    """Follows the output topics of a loop. Only the first score of a position counts, as for every reader.

    A record that is not one of Weir's messages changes nothing.

    `learned_n` is the last example of the newest publication, and `in_force_n` that of the newest model that scored;
    `trees_n` and `trees_in_force_n` are those of the trees.
    `stale` counts scores by a model that had not learned example `required_n`, which the caller sets.
    Scores for which `keep` is true are kept to measure their quality; `on_score` is called with every score.
    """

    def __init__(
        self,
        topics: Topics,
        keep: Callable[[ObservedScore], bool] = lambda _: False,
        on_score: Callable[[ObservedScore], None] = lambda _: None,
    ) -> None:
        self._topics, self._keep, self._on_score = topics, keep, on_score
        self._scored, self._dead = Positions(), Positions()
        self._left_ms: dict[str, int] = {}
        self.decisions: Counter[Decision] = Counter()
        self.flags: Counter[str] = Counter()
        self.dead_fields: Counter[str] = Counter()
        self.latencies_ms: list[int] = []
        self.kept: list[ObservedScore] = []
        self.counts: Counts | None = None
        self.publications = 0
        self.learned_n = self.trees_n = 0
        self.required_n = 0
        self.in_force_n = self.trees_in_force_n = 0
        self.stale = 0

    @property
    def done(self) -> int:
        """The number of transactions that were scored or dead-lettered."""
        return len(self._scored) + len(self._dead)

    def leaves(self, number: int, transaction_id: str, now_ms: int) -> None:
        """Note that the `number`th transaction is sent now, if it belongs to the sample that is timed."""
        if number % SAMPLE_EVERY == 0:
            self._left_ms[transaction_id] = now_ms

    def scored(self, payload: bytes | None) -> None:
        """Apply a record of `scored-transactions`."""
        score = _decoded(_scores, payload)
        if score is None or not self._scored.add(score.source.partition, score.source.offset):
            return
        self.decisions[score.decision] += 1
        self.flags.update(score.flags)
        learned_n = score.model.n if score.model else 0
        self.in_force_n = max(self.in_force_n, learned_n)
        self.trees_in_force_n = max(self.trees_in_force_n, (score.model.trees_n if score.model else None) or 0)
        self.stale += learned_n < self.required_n
        left_ms = self._left_ms.pop(score.transaction_id, None)
        if left_ms is not None:
            self.latencies_ms.append(score.scored_at_ms - left_ms)
        if self._keep(score):
            self.kept.append(score)
        self._on_score(score)

    def dead_lettered(self, payload: bytes | None) -> None:
        """Apply a record of `dead-letters`; only those of transactions count."""
        letter = _decoded(_dead_letters, payload)
        if letter is None:
            return
        if letter.source.topic == self._topics.transactions and self._dead.add(*_place(letter.source)):
            self.dead_fields[letter.field] += 1

    def counted(self, payload: bytes | None) -> None:
        """Apply the ledger's counts."""
        self.counts = _decoded(COUNTS, payload) or self.counts

    def published(self, payload: bytes | None) -> None:
        """Apply a record of `control`."""
        control = _decoded(CONTROL, payload)
        if isinstance(control, Publication):
            self.publications += 1
            self.learned_n = max(self.learned_n, control.n)
        elif isinstance(control, TreesPublication):
            self.trees_n = max(self.trees_n, control.n)

    def handlers(self) -> dict[str, Callable[[bytes | None, bytes | None], object]]:
        """By topic, the function to call with key and payload of a record."""
        topics = self._topics
        return {
            topics.scored: lambda _, payload: self.scored(payload),
            topics.dead_letters: lambda _, payload: self.dead_lettered(payload),
            topics.ledger: lambda key, payload: self.counted(payload) if key == COUNTS_KEY else None,
            topics.control: lambda _, payload: self.published(payload),
        }

    def latency_ms(self, quantile: float) -> float | None:
        """A quantile of the time from `leaves` to the score, or None before the first one."""
        return float(np.quantile(self.latencies_ms, quantile)) if self.latencies_ms else None


def _decoded(decoder: msgspec.json.Decoder[Message], payload: bytes | None) -> Message | None:
    try:
        return decode_with(decoder, payload)
    except InvalidRecord:
        return None


def _place(position: Position) -> tuple[int, int]:
    return position.partition, position.offset
