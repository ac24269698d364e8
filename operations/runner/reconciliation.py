"""Check whether the counts of a namespace reconcile, and separate real differences from work on its way."""

from collections.abc import Callable
from datetime import UTC, datetime

from msgspec import Struct

from ledger.counting import LedgerSnapshot
from ledger.intervals import Intervals
from weir.messages import Counts, EntryNumber, WaitingLabel

Place = tuple[int, int]
"""Partition and offset of a transaction."""


class Lags(Struct, frozen=True):
    """How far the readers are behind.

    `detector` and `label_join` are the records that the ledger has counted and the job had not yet committed. A job
    commits a record only once its output is on Kafka. The ledger is behind if it has yet to count any record.
    """

    detector: int = 0
    label_join: int = 0
    ledger_is_behind: bool = False


class Reconciliation(Struct, frozen=True):
    """The result, in complete sentences. Work on its way is normal and does not affect `reconciles`."""

    reconciles: bool
    differences: list[str]
    on_their_way: list[str]


def reconcile(
    counts: Counts,
    snapshot: LedgerSnapshot,
    lags: Lags,
    last: EntryNumber | None,
    sent_ms: Callable[[Place], int | None] = lambda _: None,
) -> Reconciliation:
    """Check one commit of the ledger: its counts and their snapshot.

    `last` is the last entry of the learning log. `sent_ms` looks up when the transaction at a place was sent; it is asked
    only for one that is missing.

    To find no false difference, read what the jobs committed before the ledger's commit, and the rest after it.
    """
    found, coming = [], []
    all_scored = lags.detector == 0 and not lags.ledger_is_behind
    all_joined = all_scored and lags.label_join == 0
    if counts.in_flight and all_scored:
        found.append(
            f"The detector read every transaction, but {counts.in_flight:,} got neither score nor dead letter"
            f"{_first(first_unscored(snapshot), sent_ms)}."
        )
    elif counts.in_flight:
        coming.append(f"The detector has yet to score {amount(counts.in_flight, 'transaction')}.")
    unknown = overdue_labels(counts) if all_joined else 0
    if unknown:
        coming.append(
            f"No transaction has come for {amount(unknown, 'label')}, although every transaction and label has been "
            f"read: {_named(counts.longest_waiting, unknown)}. Check their transaction ids; the label join waits until "
            "their retention ends."
        )
    if counts.labels_of_refused:
        coming.append(
            f"The transaction of {amount(counts.labels_of_refused, 'label')} is a dead letter. Send it corrected, and the "
            "label join joins them."
        )
    if waiting := overdue_labels(counts) - unknown:
        coming.append(f"The label join waits for the transaction of {amount(waiting, 'label')}.")
    found += _log_differences(counts, snapshot, lags)
    if last is not None and (uncounted := last.n - _last_read(snapshot, last.epoch)) > 0:
        coming.append(f"The ledger has yet to count {amount(uncounted, 'entry')} of the learning log.")
    return Reconciliation(not found, found, coming)


def labels_in_log(counts: Counts) -> int:
    """Labels that became an entry of the learning log."""
    return counts.label_examples + counts.label_revisions + counts.label_confirmations


def log_length(counts: Counts) -> int:
    """Entries of the learning log. They are numbered densely from 1, so this is also the last one's number."""
    return labels_in_log(counts) + counts.implicit_examples


def overdue_labels(counts: Counts) -> int:
    """Labels that wait although their transaction can still come; that of a refused one waits until its retention ends."""
    return counts.labels_waiting - counts.labels_of_refused


def first_unscored(snapshot: LedgerSnapshot) -> Place | None:
    """The first transaction, by partition, without score or dead letter."""
    for partition, sent in sorted(snapshot.sent.items()):
        scored, dead = (Intervals(some.get(partition, ())) for some in (snapshot.scored, snapshot.dead))
        if (offset := Intervals(sent).first_outside(scored, dead)) is not None:
            return partition, offset
    return None


def amount(number: int, noun: str) -> str:
    """A number with its noun.

    >>> amount(1, "entry"), amount(1200, "entry"), amount(2, "label")
    ('1 entry', '1,200 entries', '2 labels')
    """
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def _first(place: Place | None, sent_ms: Callable[[Place], int | None]) -> str:
    if place is None:
        return ""
    at_ms = sent_ms(place)
    return f"; the first is {place[0]}:{place[1]}{'' if at_ms is None else f', sent at {_utc(at_ms)}'}"


def _named(waiting: list[WaitingLabel], unknown: int) -> str:
    """Name the labels that have waited longest.

    >>> _named([WaitingLabel("l1", "t1", 1_718_000_000_000)], 5)
    'label l1 for transaction t1 since 2024-06-10 06:13:20 UTC, and 4 more'
    """
    names = [
        f"label {label.label_id or 'without a readable id'} for transaction {label.transaction_id or '?'} "
        f"since {_utc(label.since_ms)}"
        for label in waiting
    ]
    more = [f"and {unknown - len(names):,} more"] if unknown > len(names) else []
    return ", ".join([*names, *more])


def _utc(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _log_differences(counts: Counts, snapshot: LedgerSnapshot, lags: Lags) -> list[str]:
    """The differences within the newest epoch that the ledger has read. Each epoch numbers its entries from 1.

    An epoch holds each label at most once. Label counts cover all epochs, so a later one may hold fewer labels.
    """
    epoch = max(snapshot.learned, default=0)
    held = sum(stop - start for start, stop in snapshot.learned.get(epoch, []))
    of_labels, distinct = held - snapshot.implicit.get(epoch, 0), labels_in_log(counts)
    found = []
    if (last_n := _last_read(snapshot, epoch)) != held:
        found.append(
            f"Epoch {epoch} of the learning log has number {last_n:,}, but the ledger counted {amount(held, 'entry')} "
            f"up to it; the first that is missing is {_first_missing(snapshot, epoch):,}."
        )
    if of_labels > distinct and not lags.ledger_is_behind:
        found.append(
            f"Epoch {epoch} of the learning log has {amount(of_labels, 'entry')} for labels, but only {distinct:,} of "
            "them for different labels that arrived."
        )
    return found


def _last_read(snapshot: LedgerSnapshot, epoch: int) -> int:
    """The number of the last entry that the ledger has read, 0 if it has read none of this epoch."""
    intervals = snapshot.learned.get(epoch)
    return intervals[-1][1] - 1 if intervals else 0


def _first_missing(snapshot: LedgerSnapshot, epoch: int) -> int:
    start, stop = snapshot.learned[epoch][0]
    return 1 if start > 1 else stop
