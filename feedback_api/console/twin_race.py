"""The frozen twin against the live model, which keeps learning. Counted are labelled frauds of new kinds.

    ---- labels name kinds of fraud ----|-- freeze --|---- a kind that no label named before the freeze ---->
                                                          Weir caught it: its decision was not approve
                                                          the twin caught it: it is among the twin's alerts

Memory is bounded: past a limit the oldest entry is dropped and counted in `dropped`.
"""

from collections import OrderedDict
from typing import NamedTuple

from feedback_api.replies import PaymentKey
from weir.messages import Example, ModelRef, TwinFrozen

MOST_KINDS = 1000  # labelers enter kinds as free text


class KnownFraud(NamedTuple):
    """A fraud whose label names its kind."""

    event_time_ms: int
    kind: str
    caught: bool


class Step(NamedTuple):
    """Frauds caught up to and including one fraud of a new kind, in order of event time."""

    event_time_ms: int
    live: int
    twin: int


class TwinRace:
    """Collects labelled frauds and the twin's alerts. `steps` counts on demand and caches the result."""

    def __init__(self, limit: int = 10_000) -> None:
        self._limit = limit
        self._frauds: OrderedDict[PaymentKey, KnownFraud] = OrderedDict()
        self._twin_alerts: OrderedDict[PaymentKey, None] = OrderedDict()
        self._first_seen: dict[str, int] = {}
        self._frozen: TwinFrozen | None = None
        self._steps: list[Step] | None = None
        self.dropped = 0

    @property
    def frozen_at_ms(self) -> int | None:
        """The event time at which the twin stopped learning. None while it still learns, or without a twin."""
        return None if self._frozen is None else self._frozen.event_time_ms

    @property
    def frozen_model(self) -> ModelRef | None:
        return None if self._frozen is None else self._frozen.model

    def freeze(self, frozen: TwinFrozen) -> None:
        self._frozen, self._steps = frozen, None

    def twin_alerted(self, payment: PaymentKey) -> None:
        self._twin_alerts[payment], self._steps = None, None
        self._bound(self._twin_alerts)

    def apply(self, example: Example) -> None:
        """Apply an entry of the learning log. A later verdict of legitimate removes the fraud."""
        payment = PaymentKey(example.user_id or "", example.transaction_id)
        if example.verdict != "fraud":
            if self._frauds.pop(payment, None) is not None:
                self._steps = None
        elif example.fraud_type:
            caught = example.is_alert
            self._know(payment, KnownFraud(example.event_time_ms, example.fraud_type, caught))

    def new_kinds(self) -> list[str]:
        """The kinds that no label has given to an event before the freeze."""
        freeze_ms = self.frozen_at_ms
        return [] if freeze_ms is None else [kind for kind, ms in self._first_seen.items() if ms >= freeze_ms]

    def steps(self) -> list[Step]:
        """One step per known fraud of a new kind, in order of event time."""
        if self._steps is None:
            self._steps = self._count()
        return self._steps

    def _know(self, payment: PaymentKey, fraud: KnownFraud) -> None:
        if fraud.kind not in self._first_seen and len(self._first_seen) >= MOST_KINDS:
            self.dropped += 1
            return
        self._frauds[payment], self._steps = fraud, None
        first_ms = self._first_seen.get(fraud.kind, fraud.event_time_ms)
        self._first_seen[fraud.kind] = min(first_ms, fraud.event_time_ms)
        self._bound(self._frauds)

    def _count(self) -> list[Step]:
        kinds = set(self.new_kinds())
        known = sorted((fraud.event_time_ms, payment) for payment, fraud in self._frauds.items() if fraud.kind in kinds)
        steps, live, twin = [], 0, 0
        for event_time_ms, payment in known:
            live += self._frauds[payment].caught
            twin += payment in self._twin_alerts
            steps.append(Step(event_time_ms, live, twin))
        return steps

    def _bound(self, kept: OrderedDict[PaymentKey, KnownFraud] | OrderedDict[PaymentKey, None]) -> None:
        if len(kept) > self._limit:
            kept.popitem(last=False)
            self.dropped += 1
