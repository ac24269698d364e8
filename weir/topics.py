"""The topics of a namespace and their retention.

A replay or a demo has a namespace of its own, so it never mixes with live traffic.
"""

from dataclasses import dataclass, field

LARGE_MESSAGE_BYTES = 16 * 1024 * 1024
"""Kafka's default of 1 MB is too small even for a small forest (docs/platform-notes.md#message-size)."""

MINUTE_MS = 60 * 1000
DAY_MS = 24 * 60 * MINUTE_MS

COUNTS_KEY, FROZEN_KEY = b"counts", b"frozen"
"""The key of `Counts` on `ledger`, and of `TwinFrozen` on `twin-alerts`."""


@dataclass(frozen=True)
class Topic:
    """A topic: its full name, its partitions and its configuration for the broker."""

    name: str
    partitions: int
    config: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Topics:
    """The topics of a namespace. `partitions` is for keyed topics; ordered topics have one partition."""

    namespace: str
    partitions: int = 4

    def _name(self, topic: str) -> str:
        return f"{self.namespace}.{topic}"

    @property
    def transactions(self) -> str:
        """Keyed by user."""
        return self._name("transactions")

    @property
    def user_events(self) -> str:
        """Challenge outcomes, confirmed trips and devices, keyed by user."""
        return self._name("user-events")

    @property
    def scored(self) -> str:
        """Scored transactions, keyed by transaction."""
        return self._name("scored-transactions")

    @property
    def alerts(self) -> str:
        """Scored transactions with a decision other than approve, in one partition, keyed by transaction."""
        return self._name("alerts")

    @property
    def twin_alerts(self) -> str:
        """The frozen twin's alerts, and the record of when it froze."""
        return self._name("twin-alerts")

    @property
    def replies(self) -> str:
        """Scores of transactions that asked for a reply, keyed by the client that waits."""
        return self._name("decision-replies")

    @property
    def dead_letters(self) -> str:
        """Records that could not be used, with the reason (`weir.dead_letters`)."""
        return self._name("dead-letters")

    @property
    def labels(self) -> str:
        """Accepted labels, keyed by transaction."""
        return self._name("labels")

    @property
    def learning_log(self) -> str:
        """Numbered examples in one partition, written exactly once and kept for ever."""
        return self._name("learning-log")

    @property
    def control(self) -> str:
        """Publications and reputations in one compacted partition."""
        return self._name("control")

    @property
    def snapshots(self) -> str:
        """The learner's snapshots in one compacted partition."""
        return self._name("learner-snapshots")

    @property
    def ledger(self) -> str:
        """The counts and the ledger's snapshot in one compacted partition."""
        return self._name("ledger")

    def all(self) -> list[Topic]:
        """Return every topic, in a fixed order. Retention times are round numbers; not measured."""
        spread, large = self.partitions, {"max.message.bytes": str(LARGE_MESSAGE_BYTES)}
        # A new epoch of the learning log reaches back as far as scored transactions are kept (docs/adr/0010).
        week = {"retention.ms": str(7 * DAY_MS)}
        # A client waits ten seconds at most.
        hour = {"retention.ms": str(3600 * 1000)}
        # Longer than payments: time to find a producer's error, fix it and send the records again.
        quarter = {"retention.ms": str(90 * DAY_MS)}
        # Verdicts cannot be made again, and a learning log only while its scored transactions are kept.
        for_ever = {"retention.ms": "-1"}
        # What a reader reads when it starts: the latest record of each key, what is younger than the lag, and the active
        # segment, which Kafka never compacts (docs/adr/0022). A segment must hold the longest message.
        control = _compacted(segment_mib=4, message_mib=2, lag_ms=MINUTE_MS)
        snapshots = _compacted(segment_mib=32, message_mib=16)
        ledger = _compacted(segment_mib=64, message_mib=16)
        return [
            Topic(self.transactions, spread, week),
            Topic(self.user_events, spread, week),
            Topic(self.scored, spread, week),
            Topic(self.alerts, 1, week),
            # The record of the twin's freeze holds every reputation in force.
            Topic(self.twin_alerts, 1, week | large),
            Topic(self.replies, 1, hour),
            Topic(self.dead_letters, spread, quarter | large),
            Topic(self.labels, spread, for_ever),
            Topic(self.learning_log, 1, for_ever),
            Topic(self.control, 1, control),
            Topic(self.snapshots, 1, snapshots),
            Topic(self.ledger, 1, ledger),
        ]


def _compacted(segment_mib: int, message_mib: int, lag_ms: int = 0) -> dict[str, str]:
    """Return the configuration of a topic that Kafka compacts once a tenth of it is new; the share is not measured."""
    return {
        "cleanup.policy": "compact",
        "segment.bytes": str(segment_mib * 1024 * 1024),
        "max.message.bytes": str(message_mib * 1024 * 1024),
        "min.compaction.lag.ms": str(lag_ms),
        "min.cleanable.dirty.ratio": "0.1",
    }
