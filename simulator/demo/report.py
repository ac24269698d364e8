"""The figures of a demo and the problems that they show."""

from collections.abc import Iterator

from msgspec import Struct

from operations.harness.pacing import Sent
from simulator.demo.demo import Demo
from weir.messages import Counts, is_alert


class Report(Struct, frozen=True, kw_only=True):
    """Latencies are those of live payments, from the producer's call to the detector's score.

    The attacks, the false-alert rates and all figures of the frozen twin cover payments since the attack began, judged
    by the simulator's truth. `lost` counts records without an outcome, `doubled` payments that were scored twice.
    """

    seed: int
    live_s: float
    first_score_s: float | None
    transactions_scored: int
    transactions_dead_lettered: int
    alerts: int
    labels_accepted: int
    examples_learned: int
    model_sequence_learner: int
    model_sequence_detector: int
    mlflow_versions: int
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    label_to_model_p95_s: float | None
    new_attack_caught_live: int
    new_attack_caught_frozen: int
    new_attack_total: int
    known_attacks_caught_live: int
    known_attacks_caught_frozen: int
    known_attacks_total: int
    false_alert_rate: float
    false_alert_rate_frozen: float
    lost: int
    doubled: int


def report(demo: Demo, *, started_s: float, mlflow_versions: int) -> Report:
    """Collect the figures as of now; `started_s` is the wall time at which the command started."""
    seen, card, counts = demo.observed, demo.scorecard, demo.observed.counts
    first_score_s = None if demo.first_score_at_s is None else round(demo.first_score_at_s - started_s, 1)
    decisions, dead = dict(seen.decisions), dict(seen.dead_fields)  # copies: the watcher's thread goes on counting
    return Report(
        seed=demo.timeline.seed,
        live_s=round(demo.live_s, 1),
        first_score_s=first_score_s,
        transactions_scored=sum(decisions.values()),
        transactions_dead_lettered=sum(dead.values()),
        alerts=sum(number for decision, number in decisions.items() if is_alert(decision)),
        labels_accepted=counts.labels_accepted if counts else 0,
        examples_learned=seen.learned_n,
        model_sequence_learner=seen.learned_n,
        model_sequence_detector=seen.in_force_n,
        mlflow_versions=mlflow_versions,
        latency_p50_ms=_rounded(seen.latency_ms(0.5), 1),
        latency_p99_ms=_rounded(seen.latency_ms(0.99), 1),
        label_to_model_p95_s=_rounded(demo.times.quantile_s(0.95), 3),
        new_attack_caught_live=card.new_caught,
        new_attack_caught_frozen=card.new_caught_frozen,
        new_attack_total=card.new_attack,
        known_attacks_caught_live=card.known_caught,
        known_attacks_caught_frozen=card.known_caught_frozen,
        known_attacks_total=card.known_kinds,
        false_alert_rate=round(card.false_alert_rate, 5),
        false_alert_rate_frozen=round(card.false_alert_rate_frozen, 5),
        lost=lost(demo.sent, counts) if counts else demo.sent.transactions,
        doubled=counts.scored_twice if counts else 0,
    )


def lost(sent: Sent, counts: Counts) -> int:
    """Count the records without an outcome once everything has settled.

    The visitor's own records may make the counts exceed what was sent here; that is no loss.
    """
    ended = counts.label_examples + counts.label_revisions + counts.label_confirmations + counts.labels_dead_lettered
    unsent = max(0, sent.transactions - counts.transactions_sent) + max(0, sent.labels - counts.labels_accepted)
    return unsent + counts.in_flight + abs(counts.labels_accepted - ended)


def problems(figures: Report, *, twin_frozen: bool) -> Iterator[str]:
    """Yield a sentence for each part of the loop that carried nothing, and for lost and doubled records."""
    carried = {
        "no transaction was scored": figures.transactions_scored,
        "no broken transaction was dead-lettered": figures.transactions_dead_lettered,
        "there were no alerts": figures.alerts,
        "no label was accepted": figures.labels_accepted,
        "no example was learned": figures.examples_learned,
        "no model reached the detector": figures.model_sequence_detector,
        "MLflow has no model version": figures.mlflow_versions,
        "no label came into force": figures.label_to_model_p95_s is not None,
        "the twin did not freeze": twin_frozen,
        "the new attack did not begin": figures.new_attack_total,
    }
    yield from (sentence for sentence, count in carried.items() if not count)
    if figures.lost:
        yield f"records lost: {figures.lost}"
    if figures.doubled:
        yield f"payments scored twice: {figures.doubled}"


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
