"""The label join over a file: states and timers in memory, each forgotten as soon as nothing more can come of it."""

import heapq
from collections.abc import Callable, Iterator

from learner.label_join import JoinState, LabelJoin, decode_join_state, encode_join_state
from operations.evaluate.pure_detector import NOWHERE
from weir.messages import Example, Label, ScoredTransaction
from weir.settings import LearningSettings


class PureJoin:
    """Turns scores and labels into examples; `awaits` says whether a transaction's label may still come.

    States are kept encoded, as in the stream. The features of a transaction go once it has its verdict and awaits no
    other; its id stays, so that a repetition is known.
    """

    def __init__(self, settings: LearningSettings, awaits: Callable[[str], bool]) -> None:
        self._join, self._awaits = LabelJoin(settings), awaits
        self._states: dict[str, bytes] = {}
        self._finished = set[str]()
        self._timers: list[tuple[int, str]] = []
        self.labels_too_late = 0

    def knows(self, transaction_id: str) -> bool:
        """Whether the id was scored before."""
        return transaction_id in self._states or transaction_id in self._finished

    def scored(self, scored: ScoredTransaction) -> None:
        """Wait for the label or the maturity of a transaction."""
        state = JoinState()
        self._join.on_scored(state, scored)
        self._keep(scored.transaction_id, state)
        self._wait(scored.transaction_id, state)

    def label(self, label: Label) -> list[Example]:
        """Join a label; none comes of it where retention has ended."""
        payload = self._states.get(label.transaction_id)
        if payload is None:
            self.labels_too_late += 1
            return []
        state = decode_join_state(payload)
        joined = self._join.on_label(state, label, source=NOWHERE, payload=b"")
        self._keep(label.transaction_id, state)
        return joined.examples

    def mature(self, watermark_ms: int) -> Iterator[Example]:
        """Let every timer up to the watermark go off, in order."""
        while self._timers and self._timers[0][0] <= watermark_ms:
            due_ms, transaction_id = heapq.heappop(self._timers)
            payload = self._states.get(transaction_id)
            if payload is not None:
                state = decode_join_state(payload)
                yield from self._join.on_timer(state, due_ms).examples
                self._keep(transaction_id, state)
                self._wait(transaction_id, state)

    def _keep(self, transaction_id: str, state: JoinState) -> None:
        settled = state.matured or state.verdict is not None
        if state.is_empty or (settled and not self._awaits(transaction_id)):
            self._states.pop(transaction_id, None)
            self._finished.add(transaction_id)
        else:
            self._states[transaction_id] = encode_join_state(state)

    def _wait(self, transaction_id: str, state: JoinState) -> None:
        due_ms = self._join.next_timer_ms(state)
        if due_ms is not None and transaction_id in self._states:
            heapq.heappush(self._timers, (due_ms, transaction_id))
