"""The last publication, the last entry of the learning log, and the last commit of the ledger, for `weir status`."""

import msgspec
from confluent_kafka import Message

from ledger.counting import LedgerSnapshot
from ledger.kafka_ledger import SNAPSHOT_KEY
from operations.runner.kafka_tail import last_that
from operations.runner.reconciliation import LogProgress
from weir.messages import CONTROL, COUNTS, Counts, EntryNumber, Publication, decode_with
from weir.settings import Settings
from weir.topics import COUNTS_KEY

_SNAPSHOT = msgspec.msgpack.Decoder(LedgerSnapshot)


def last_publication(settings: Settings) -> Publication | None:
    def found(record: Message) -> Publication | None:
        message = decode_with(CONTROL, record.value()) if record.value() is not None else None
        return message if isinstance(message, Publication) else None

    return last_that(settings.bootstrap_servers, settings.topics.control, found)


def last_entry(settings: Settings) -> EntryNumber | None:
    """The number of the learning log's last committed entry."""
    topic = settings.topics.learning_log
    return last_that(settings.bootstrap_servers, topic, lambda record: EntryNumber.parse(record.key()))


def last_commit(settings: Settings) -> tuple[Counts, LedgerSnapshot] | None:
    """The ledger's counts and the snapshot behind them. One transaction writes both, the counts last."""
    snapshots: list[bytes] = []

    def found(record: Message) -> tuple[Counts, LedgerSnapshot] | None:
        if record.key() == SNAPSHOT_KEY:
            snapshots.append(record.value())
        if record.key() != COUNTS_KEY or not snapshots:
            return None
        return decode_with(COUNTS, record.value()), _SNAPSHOT.decode(snapshots[-1])

    return last_that(settings.bootstrap_servers, settings.topics.ledger, found)


def progress(snapshot: LedgerSnapshot, last: EntryNumber | None) -> LogProgress | None:
    """How far the ledger has read the learning log. Read `last` after the commit, or it may lie before it.

    None after the first epoch: label counts cover all epochs, but each epoch numbers its entries from 1.
    """
    if last is None or set(snapshot.learned) - {last.epoch}:
        return None
    intervals = snapshot.learned.get(last.epoch)
    return LogProgress(last.n, intervals[-1][1] - 1 if intervals else 0)
