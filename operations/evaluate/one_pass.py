"""The pass: rows in event time through every lane, slice by slice, and what comes out to the judge."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from operations.evaluate.judge import Judge
from operations.evaluate.lane import Lane
from operations.harness.pacing import slices
from operations.replay.rows import Row
from weir.errors import InvalidRecord
from weir.messages import Transaction, encode
from weir.payments import read_payment

REPORT_EVERY = 500
"""Transactions between two moves of the progress bar."""


class OnePass:
    """One run over a file; `report` hears the number of rows and the event time."""

    def __init__(
        self, lanes: Sequence[Lane], judge: Judge, report: Callable[[int, int], None] = lambda _rows, _event_ms: None
    ) -> None:
        self._lanes, self._judge, self._report = lanes, judge, report
        self.transactions = self.repeated = 0
        self.dead_letters: Counter[str] = Counter()

    def run(self, rows: Iterable[Row], slice_ms: int) -> None:
        """Score every row with what was known at the start of its slice of event time."""
        for start_ms, some in slices(rows, slice_ms):
            for lane in self._lanes:
                lane.begin_slice(start_ms)
            for row in some:
                self._process(row)

    def _process(self, row: Row) -> None:
        self._judge.passes(row)
        self.transactions += 1
        try:
            self._score(row, as_the_detector_reads(row.transaction))
        except InvalidRecord as error:
            self.dead_letters[error.field] += 1
        if self.transactions % REPORT_EVERY == 0:
            self._report(self.transactions, row.event_time_ms)

    def _score(self, row: Row, transaction: Transaction) -> None:
        outcomes = [lane.score(row, transaction) for lane in self._lanes]
        scored = [outcome for outcome in outcomes if outcome is not None]
        if not scored:
            self.repeated += 1
            return
        seen, _ = scored[0]
        self._judge.add(row, seen.amount or 0.0, [one for _, assessments in scored for one in assessments])


def as_the_detector_reads(transaction: Transaction) -> Transaction:
    """The transaction after its way through Kafka.

    Raises:
        InvalidRecord: the detector would refuse it.
    """
    return read_payment(encode(transaction)).transaction
