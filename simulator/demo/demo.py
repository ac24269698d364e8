"""One run of the demo: a week of history at full speed, then live traffic, and later a new attack.

simulator --payments--> Kafka ==> the loop ==> scores, twin's alerts, learning log, counts --> counted here
simulated analysts <--alerts-- API <--labels-- simulated analysts, chargebacks
"""

import asyncio
import time
from collections.abc import Callable
from itertools import takewhile

import msgspec
from msgspec import Struct

from operations.harness.kafka_traffic import Handler, TransactionSender, Watcher
from operations.harness.observed import Observed, ObservedScore
from operations.harness.pacing import Clock, Sent, slices, unsettled
from operations.harness.standstill import wait_until
from operations.runner.kafka_admin import end_offsets, lag
from simulator.analysts.http_analysts import Analysts
from simulator.analysts.planned_labels import PlannedLabels
from simulator.demo.label_times import LabelTimes
from simulator.demo.scorecard import Scorecard
from simulator.demo.timeline import Timeline
from simulator.world.payment import Payment
from simulator.world.traffic import traffic
from simulator.world.truth import Truth
from weir.clock import now_ms
from weir.http_labels import LabelSender
from weir.messages import EntryNumber
from weir.settings import Settings
from weir.topics import FROZEN_KEY

# How many payments of the history may be unscored, so that analysts see alerts while they are recent. A round number:
# two thirds of a day of event time at the demo's rate.
HISTORY_IN_FLIGHT = 2000

# How far live traffic may run ahead of its scores before event time waits for them: four seconds of the default rate. On
# a machine that cannot keep up, an attack would otherwise be over before the first of its labels is learned.
LIVE_IN_FLIGHT = 200

# After every so many live payments a broken till sends an amount as text, which the detector must dead-letter. A round
# number: about one in 6 s at the demo's rate.
BROKEN_EVERY = 300


class _TwinAlert(Struct):
    transaction_id: str
    event_time_ms: int


class _LearnedLabel(Struct):
    label_id: str | None = None


_twin_alerts = msgspec.json.Decoder(_TwinAlert)
_learned = msgspec.json.Decoder(_LearnedLabel)


class Demo:
    """One run on a loop that is up. Handlers run in the watcher's thread, everything else in the event loop's."""

    def __init__(self, settings: Settings, timeline: Timeline) -> None:
        self.settings, self.timeline = settings, timeline
        self.truth, self.times = Truth(), LabelTimes()
        self.scorecard = Scorecard(self.truth, timeline.attack_ms)
        self.observed = Observed(settings.topics, on_score=self._scored)
        self.transactions = TransactionSender(settings)
        self.labels = LabelSender(settings.api_url, on_accepted=self._accepted)
        self.first_score_at_s: float | None = None
        self.twin_frozen = False
        self.now_event_ms = 0
        self.live_since_s: float | None = None
        self._live_ended_s: float | None = None
        self._twin_records = 0
        self._planned = PlannedLabels(self.truth, timeline.seed)
        self._payments = traffic(timeline.traffic)
        self._number = 0

    async def run(self, for_s: float | None, announce: Callable[[str], None]) -> None:
        """Play without end, or until `for_s` seconds of live traffic are scored, labelled and learned.

        Raises:
            PartUnavailable: a part of the loop does not answer or makes no progress.
        """
        stop = asyncio.Event()
        analysts = Analysts(self.settings.api_url, self._planned, self.labels, lambda: self.now_event_ms)
        with Watcher(self.settings, self._handlers()) as watcher:
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(analysts.work(stop))
                    announce(f"sending {self.timeline.history_days} days of history at full speed")
                    await self._history(watcher)
                    announce(f"live traffic: a day of event time takes {86400 / self.timeline.speed:.0f} s")
                    await self._live(for_s, watcher)
                    self._live_ended_s = time.monotonic()
                    self.transactions.flush()
                    stop.set()
                announce("waiting until everything sent is scored and learned")
                await self._settle(watcher)
                await self._settle_twin(watcher)
            except BaseExceptionGroup as group:
                raise group.exceptions[0] from None
            finally:
                self.transactions.close()
                await self.labels.close()

    @property
    def live_s(self) -> float:
        """Seconds of live traffic so far; 0 during the history."""
        return 0.0 if self.live_since_s is None else (self._live_ended_s or time.monotonic()) - self.live_since_s

    @property
    def sent(self) -> Sent:
        return Sent(self.transactions.sent, self.labels.sent)

    async def _history(self, watcher: Watcher) -> None:
        end_ms = self.timeline.history_end_ms
        for payment in takewhile(lambda one: one.event_time_ms < end_ms, self._payments):
            self._send(payment)
            if self.transactions.sent % 100 == 0:
                await self._until(lambda: self._in_flight < HISTORY_IN_FLIGHT, watcher, "scores")
        self.transactions.flush()
        await self._settle(watcher)

    async def _live(self, for_s: float | None, watcher: Watcher) -> None:
        """Send by the clock, which stands still while the loop is too far behind; `for_s` counts what the clock shows."""
        self.live_since_s = time.monotonic()
        clock, stood_s = Clock(self.timeline.speed, self.timeline.history_end_ms, self.live_since_s), 0.0
        for start_ms, payments in slices(self._payments, clock.tick_ms):
            due_s = clock.due_s(start_ms)
            if for_s is not None and due_s - self.live_since_s > for_s:
                return
            await asyncio.sleep(max(0.0, due_s + stood_s - time.monotonic()))
            watcher.check()
            since_s = time.monotonic()
            await self._until(lambda: self._in_flight < LIVE_IN_FLIGHT, watcher, "scores")
            stood_s += time.monotonic() - since_s
            for payment in payments:
                self.observed.leaves(self.transactions.sent, payment.transaction.transaction_id, now_ms())
                self._send(payment)
                self._send_broken(payment)

    def _send(self, payment: Payment) -> None:
        self.truth.remember(payment)
        self.transactions.send(payment.transaction)

    def _send_broken(self, payment: Payment) -> None:
        self._number += 1
        if self._number % BROKEN_EVERY == 0:
            user = payment.transaction.user_id
            broken = {"transaction_id": f"till-{self._number}", "user_id": user, "event_time": 1, "amount": "12,50"}
            self.transactions.send_bytes(msgspec.json.encode(broken), user.encode())

    @property
    def _in_flight(self) -> int:
        return self.transactions.sent - self.observed.done

    async def _settle(self, watcher: Watcher) -> None:
        """Wait until every payment is scored and its score seen here, and every label is learned and in force."""
        await self._until(lambda: self._unsettled() is None and self._in_flight <= 0, watcher, "the loop")

    async def _settle_twin(self, watcher: Watcher) -> None:
        """Wait until the twin has scored everything and its alerts are counted here."""
        topics, servers = self.settings.topics, self.settings.bootstrap_servers
        by_name = {topic.name: topic for topic in topics.all()}

        def scored_all() -> bool:
            return lag(servers, self.settings.twin_group, [by_name[topics.transactions]]) == {topics.transactions: 0}

        await self._until(scored_all, watcher, "the twin")
        written = sum(end_offsets(servers, [by_name[topics.twin_alerts]]).values())
        await self._until(lambda: self._twin_records >= written, watcher, "the twin's alerts")

    def _unsettled(self) -> str | None:
        return unsettled(self.sent, self.observed.counts, self.observed.learned_n)

    async def _until(self, holds: Callable[[], bool], watcher: Watcher, awaited: str) -> None:
        await wait_until(holds, awaited, self.observed, check=watcher.check, state=self._unsettled)

    def _handlers(self) -> dict[str, Handler]:
        topics = self.settings.topics
        return self.observed.handlers() | {
            topics.twin_alerts: self._twin_alerted,
            topics.learning_log: self._joined,
        }

    def _scored(self, score: ObservedScore) -> None:
        if self.first_score_at_s is None:
            self.first_score_at_s = time.time()
        self.now_event_ms = max(self.now_event_ms, score.event_time_ms)
        self.scorecard.scored(score.transaction_id, score.event_time_ms, score.decision)
        self._planned.plan_chargeback(score.transaction_id, score.event_time_ms, score.decision)
        if score.model is not None:
            self.times.scored(score.model.n, score.scored_at_ms)

    def _twin_alerted(self, key: bytes | None, payload: bytes) -> None:
        self._twin_records += 1
        if key == FROZEN_KEY:
            self.twin_frozen = True
            return
        alert = _twin_alerts.decode(payload)
        self.scorecard.twin_alerted(alert.transaction_id, alert.event_time_ms)

    def _accepted(self, label_id: str) -> None:
        """Time live labels only: those of the history come faster than any analyst works."""
        if self.live_since_s is not None:
            self.times.accepted(label_id, now_ms())

    def _joined(self, key: bytes | None, payload: bytes) -> None:
        label_id = _learned.decode(payload).label_id
        if label_id is not None:
            self.times.joined(label_id, EntryNumber.parse(key).n)
