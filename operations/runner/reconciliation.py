"""Check whether the counts of a namespace reconcile, and separate real differences from work on its way."""

from msgspec import Struct

from weir.messages import Counts


class LogProgress(Struct, frozen=True):
    """How far the learning log goes (`last_n`), and how far the ledger had read it when it counted (`read_n`)."""

    last_n: int
    read_n: int


class Reconciliation(Struct, frozen=True):
    """The result, in complete sentences. Work on its way is normal and does not affect `reconciles`."""

    reconciles: bool
    differences: list[str]
    on_their_way: list[str]


def reconcile(counts: Counts, log: LogProgress | None) -> Reconciliation:
    """Check one commit of the ledger; `log` is None when its counts and the log's numbers cannot be compared.

    A ledger that is catching up can read an entry before its label. The two numbers then differ for a moment.
    """
    found = differences(counts)
    if log is not None and log_length(counts) != log.read_n:
        counted = amount(log_length(counts), "entry")
        found.append(f"The learning log has number {log.read_n:,}, but the ledger counted {counted} up to it.")
    return Reconciliation(not found, found, list(_on_their_way(counts, log)))


def differences(counts: Counts) -> list[str]:
    """The sums that do not add up within the counts: transactions against their outcomes, and labels against theirs."""
    found = []
    ended = counts.scored + counts.transactions_dead_lettered + counts.in_flight
    if counts.transactions_sent != ended:
        found.append(
            f"{amount(counts.transactions_sent, 'transaction')} arrived, but {counts.scored:,} scored, "
            f"{counts.transactions_dead_lettered:,} dead-lettered and {counts.in_flight:,} in flight make {ended:,}."
        )
    labels = labels_in_log(counts) + counts.labels_dead_lettered + counts.labels_waiting
    if counts.labels_accepted != labels:
        found.append(
            f"{amount(counts.labels_accepted, 'label')} arrived, but {labels_in_log(counts):,} in the learning log, "
            f"{counts.labels_dead_lettered:,} dead-lettered and {counts.labels_waiting:,} waiting make {labels:,}."
        )
    return found


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


def _on_their_way(counts: Counts, log: LogProgress | None) -> list[str]:
    found = []
    if counts.in_flight:
        found.append(f"The detector has yet to score {amount(counts.in_flight, 'transaction')}.")
    if counts.labels_waiting:
        found.append(f"The label join waits for the transaction of {amount(counts.labels_waiting, 'label')}.")
    if log is not None and log.last_n > log.read_n:
        uncounted = amount(log.last_n - log.read_n, "entry")
        found.append(f"The ledger has yet to count {uncounted} of the learning log.")
    return found
