"""The topics of a namespace, and how each of them is kept.

A replay or an accelerated demo has its own namespace and so never mixes with live traffic.
"""

from dataclasses import dataclass, field

LARGE_MESSAGE_BYTES = 16 * 1024 * 1024
DAY_MS = 24 * 3600 * 1000

COUNTS_KEY, FROZEN_KEY = b"counts", b"frozen"
"""The keys of the ledger's counts on `ledger`, and of the twin's `TwinFrozen` on `twin-alerts`."""


@dataclass(frozen=True)
class Topic:
    """A topic: its full name, partitions and configuration as the broker wants it."""

    name: str
    partitions: int
    config: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Topics:
    """The names of a namespace's topics. `partitions` spreads the keyed ones; ordered ones have one."""

    namespace: str
    partitions: int = 4

    def _name(self, topic: str) -> str:
        return f"{self.namespace}.{topic}"

    @property
    def transactions(self) -> str:
        """Transactions, keyed by user."""
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
        """Scored transactions with a decision other than approve, keyed by transaction."""
        return self._name("alerts")

    @property
    def twin_alerts(self) -> str:
        """What the frozen twin alerts on, and the record that says when it froze."""
        return self._name("twin-alerts")

    @property
    def replies(self) -> str:
        """Scores of the transactions that asked for a reply, keyed by who waits."""
        return self._name("decision-replies")

    @property
    def dead_letters(self) -> str:
        """Records that could not be used, with the reason."""
        return self._name("dead-letters")

    @property
    def labels(self) -> str:
        """Accepted labels, keyed by transaction."""
        return self._name("labels")

    @property
    def learning_log(self) -> str:
        """Numbered examples: one ordered partition, written exactly once, kept for ever."""
        return self._name("learning-log")

    @property
    def control(self) -> str:
        """Publications and reputation: one compacted partition."""
        return self._name("control")

    @property
    def snapshots(self) -> str:
        """What the learner knew at its last publication: one compacted partition."""
        return self._name("learner-snapshots")

    @property
    def ledger(self) -> str:
        """The counts and the ledger's own snapshot: one compacted partition."""
        return self._name("ledger")

    def all(self) -> list[Topic]:
        """Every topic with its configuration, in a fixed order."""
        spread, large = self.partitions, {"max.message.bytes": str(LARGE_MESSAGE_BYTES)}
        week = {"retention.ms": str(7 * DAY_MS)}
        kept = {"retention.ms": "-1"}
        compacted = {"cleanup.policy": "compact", "min.compaction.lag.ms": str(DAY_MS), **large}
        return [
            Topic(self.transactions, spread, week),
            Topic(self.user_events, spread, week),
            Topic(self.scored, spread, week),
            Topic(self.alerts, 1, week),
            Topic(self.twin_alerts, 1, week),
            Topic(self.replies, 1, {"retention.ms": str(3600 * 1000)}),
            Topic(self.dead_letters, spread, {"retention.ms": str(90 * DAY_MS), **large}),
            Topic(self.labels, spread, kept),
            Topic(self.learning_log, 1, kept),
            Topic(self.control, 1, compacted),
            Topic(self.snapshots, 1, compacted),
            Topic(self.ledger, 1, {"cleanup.policy": "compact", "segment.bytes": str(64 * 1024 * 1024), **large}),
        ]
