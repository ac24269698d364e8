"""Check whether the counts of a namespace reconcile, and separate real differences from work on its way."""

from msgspec import Struct

from ledger.counting import LedgerSnapshot
from weir.messages import Counts, EntryNumber


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


def reconcile(counts: Counts, snapshot: LedgerSnapshot, lags: Lags, last: EntryNumber | None) -> Reconciliation:
    """Check one commit of the ledger: its counts and their snapshot. `last` is the last entry of the learning log.

    To find no false difference, read what the jobs committed before the ledger's commit, and the rest after it.
    """
    found, coming = [], []
    all_scored = lags.detector == 0 and not lags.ledger_is_behind
    all_joined = all_scored and lags.label_join == 0
    if counts.in_flight and all_scored:
        found.append(
            f"The detector read every transaction, but {counts.in_flight:,} got neither score nor dead letter."
        )
    elif counts.in_flight:
        coming.append(f"The detector has yet to score {amount(counts.in_flight, 'transaction')}.")
    unknown = overdue_labels(counts) if all_joined else 0
    if unknown:
        coming.append(
            f"No transaction has come for {amount(unknown, 'label')}, although every transaction and label has been "
            "read. Check their transaction ids; the label join waits until their retention ends."
        )
    if waiting := counts.labels_waiting - unknown:
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
    """Labels that wait although their transaction can still come.

    The label of a dead-lettered transaction waits until its retention ends, so one may wait for each dead letter.
    """
    return max(counts.labels_waiting - counts.transactions_dead_lettered, 0)


def amount(number: int, noun: str) -> str:
    """A number with its noun.

    >>> amount(1, "entry"), amount(1200, "entry"), amount(2, "label")
    ('1 entry', '1,200 entries', '2 labels')
    """
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


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
            f"Epoch {epoch} of the learning log has number {last_n:,}, "
            f"but the ledger counted {amount(held, 'entry')} up to it."
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
