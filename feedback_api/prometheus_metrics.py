"""The metrics that `/metrics` serves."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

LATENCIES_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class Metrics:
    """The API's metrics, in a registry per application: several run in one process in tests."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.labels = Counter("weir_api_labels_accepted", "Labels accepted", ["verdict"], registry=self.registry)
        self.labels_in_flight = Gauge(
            "weir_api_labels_in_flight", "Labels waiting for the broker", registry=self.registry
        )
        self.label_latency = Histogram(
            "weir_api_label_seconds",
            "Seconds from a label request to its answer",
            buckets=LATENCIES_S,
            registry=self.registry,
        )
        self.decisions = Counter(
            "weir_api_decisions", "Decisions answered", ["source", "decision"], registry=self.registry
        )
        self.by_policy = Counter(
            "weir_api_decisions_by_policy", "Answers without a score", ["flag"], registry=self.registry
        )
        self.decision_latency = Histogram(
            "weir_api_decision_seconds",
            "Seconds from a decision request to its answer",
            buckets=LATENCIES_S,
            registry=self.registry,
        )
        self.user_events = Counter(
            "weir_api_user_events_accepted", "User events accepted with 202", registry=self.registry
        )
        self.refused = Counter(
            "weir_api_refused", "Requests answered with error, field and reason", ["status"], registry=self.registry
        )
