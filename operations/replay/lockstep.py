"""Send slices of transactions, and labels between them.

By default the replay runs in lockstep with the loop, so every score comes from a model that has learned all labels known
before the slice:

    labels known before the slice --> learned and in force --> transactions of the slice --> scored --> next slice

Trees that became due on the way are waited for, too (`operations.replay.trees_due`).

With a speed, event time runs that many times as fast as wall time, and the replay does not wait for the loop.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from operations.harness.kafka_traffic import TransactionSender, Watcher
from operations.harness.observed import Observed
from operations.harness.pacing import Clock, Sent, slices, unsettled
from operations.harness.standstill import POLL_S, SOME_S, wait_until
from operations.replay.label_schedule import LabelSchedule, label_body
from operations.replay.mapping import Labels
from operations.replay.rows import Row
from operations.replay.trees_due import TreesDue
from operations.runner.reconciliation import log_length
from weir.clock import now_ms
from weir.http_labels import LabelSender

MAX_IN_FLIGHT = 20_000
"""Bounds the backlog in Kafka: a slow loop slows the replay. A round number; not measured."""
LONGEST_TRAINING_S = 300.0
"""A training that takes longer, or keeps failing, is not waited for. A round number: 310,000 examples take 8 s of a slow
core."""
REPORT_EVERY = 500
"""Transactions between two reports and checks of the backlog. A round number; not measured."""


@dataclass
class Replay:
    """One run.

    `report` is called with the number of rows sent and the last event time in milliseconds, `waits` with what a wait of
    some seconds is for.
    """

    transactions: TransactionSender
    label: Labels | None
    labels: LabelSender | None
    watcher: Watcher
    observed: Observed
    schedule: LabelSchedule
    trees: TreesDue
    report: Callable[[int, int], None] = lambda _sent, _event_ms: None
    waits: Callable[[str], None] = lambda _what: None
    _event_ms: int = 0
    _required_trees_n: int = 0
    _given_up_n: int = -1  # below 0, so that the log is read to its end before any trees are due

    @property
    def sent(self) -> Sent:
        return Sent(self.transactions.sent, self.labels.sent if self.labels else 0)

    async def in_lockstep(self, rows: Iterable[Row], slice_ms: int) -> None:
        """Send each slice once the loop has caught up with all before it."""
        for start_ms, some in slices(rows, slice_ms):
            await self._send_labels(start_ms)
            await self._settle()
            await self._await_trees()
            await self._send_pilots(some)
            await self._send_rows(some)
        await self._finish()

    async def by_the_clock(self, rows: Iterable[Row], clock: Clock) -> None:
        """Send each slice at its wall time, with labels concurrently. Wait for the loop only at the end."""
        async with asyncio.TaskGroup() as sending:
            for start_ms, some in slices(rows, clock.tick_ms):
                await asyncio.sleep(max(0.0, clock.due_s(start_ms) - time.monotonic()))
                sending.create_task(self._send_labels(start_ms))
                await self._send_rows(some)
        await self._finish()

    async def _finish(self) -> None:
        """Send the labels that are known by the last transaction, and wait. Later labels are never due."""
        await self._send_labels(self._event_ms)
        await self._settle()

    async def _send_rows(self, rows: Iterable[Row]) -> None:
        """Send transactions, but keep no more than about `MAX_IN_FLIGHT` of them unscored."""
        for row in rows:
            self.observed.leaves(self.transactions.sent, row.transaction.transaction_id, now_ms())
            self.transactions.send(row.transaction)
            self.schedule.add(row)
            self._event_ms = row.event_time_ms
            if self.transactions.sent % REPORT_EVERY == 0:
                self.report(self.transactions.sent, self._event_ms)
                await self._wait_until(self._has_room, "scores")
        self.transactions.flush()
        self.report(self.transactions.sent, self._event_ms)

    async def _send_pilots(self, rows: Iterator[Row]) -> None:
        """Send one transaction at a time until a score shows that the detector uses the newest model.

        Publications and transactions reach the detector on separate topics, so a publication on `control` need not be
        in force yet.
        """
        while not self._newest_scores() and (pilot := next(rows, None)):
            await self._send_rows([pilot])
            await self._wait_until(lambda: self.observed.done >= self.transactions.sent, "a score")

    def _newest_scores(self) -> bool:
        observed = self.observed
        return observed.in_force_n >= observed.required_n and observed.trees_in_force_n >= self._required_trees_n

    async def _send_labels(self, now_event_ms: int) -> None:
        if self.labels is not None and self.label is not None:
            await self.labels.send([label_body(due, self.label) for due in self.schedule.due(now_event_ms)])

    async def _settle(self) -> None:
        """Wait until everything sent is scored, learned and in force."""
        if self.transactions.sent:
            await self._wait_until(lambda: self._unsettled() is None, "the loop")
            counts = self.observed.counts
            self.observed.required_n = log_length(counts) if counts else 0

    async def _await_trees(self) -> None:
        """Wait for the trees that are due, but not for ever: the loop scores without them, too."""
        begun_s, told = time.monotonic(), False
        while (what := self._missing_trees()) and self.trees.due_n > self._given_up_n:
            self.watcher.check()
            waited_s = time.monotonic() - begun_s
            if waited_s > LONGEST_TRAINING_S:
                self.waits(f"going on without the trees: {what}")
                self._given_up_n = self.trees.due_n
            elif waited_s > SOME_S and not told:
                self.waits(f"waiting for the trees: {what}")
                told = True
            await asyncio.sleep(POLL_S)
        self._required_trees_n = self.observed.trees_n

    def _missing_trees(self) -> str | None:
        return self.trees.missing(self.observed.required_n, self.observed.trees_n)

    def _unsettled(self) -> str | None:
        return unsettled(self.sent, self.observed.counts, self.observed.learned_n)

    def _has_room(self) -> bool:
        return self.transactions.sent - self.observed.done < MAX_IN_FLIGHT

    async def _wait_until(self, holds: Callable[[], bool], whom: str) -> None:
        await wait_until(holds, whom, self.observed, check=self.watcher.check, state=self._unsettled, waits=self.waits)
