"""The console's read model: facts in any order of topics, receipts, moved alerts, and the texts made of them."""

from itertools import permutations

import msgspec
import pytest

from feedback_api.console.console import Console
from feedback_api.console.facts import Alerted, Learned, Reachable, TwinAlerted, fact_of
from feedback_api.console.receipt_view import receipt_of
from feedback_api.console.receipts import SLOW_MS, STAGES
from feedback_api.console.view import note_of, pace_of, race_of, top_of
from feedback_api.replies import PaymentKey
from tests.builders import DAY_MS, NOON_MS, a_label, a_scored_transaction, an_example
from tests.scorers import a_scorer
from tests.trees import some_trees, trees_published
from weir.artefact import pack, probability, sign
from weir.errors import InvalidRecord
from weir.messages import ModelRef, Publication, Reputation, TreesPublication, TwinFrozen, encode
from weir.topics import Topics

KEY = b"secret"
NOW = 3_000_000
TOPICS = Topics("live")


def a_publication(number, n, slope=1.0, key=KEY):
    artefact = pack(a_scorer(log_amount=slope))
    return Publication(
        publication=number,
        epoch=1,
        n=n,
        contender="champion",
        artefact=artefact,
        signature=sign(artefact, key),
        digest="d",
        published_at_ms=NOW,
    )


def an_alert(transaction_id, publication=None, **fields):
    model = None if publication is None else ModelRef(publication, 1, 1)
    scored = a_scored_transaction(
        transaction_id=transaction_id, decision="review", model=model, rules_log_odds=-2.0, **fields
    )
    return Alerted(scored)


def a_console(*facts):
    console = Console(KEY, iter(f"label-{number}" for number in range(99)).__next__)
    for fact in [a_publication(1, 10), an_alert("t1", 1), an_alert("t2", 1), *facts]:
        console.apply(fact, NOW)
    return console


def with_a_verdict(console):
    desk = console.desk("visitor")
    desk.keep(console.queue, NOW)
    request = desk.ask("fraud", None, NOW)
    return desk, a_label(label_id=request.label_id, transaction_id=request.transaction_id, labeler="visitor")


def learned(label, n=11):
    return Learned(
        1, n, an_example(transaction_id=label.transaction_id, label_id=label.label_id, labeler="visitor"), NOW
    )


def test_a_receipt_goes_from_sent_to_in_force():
    console = a_console()
    desk, label = with_a_verdict(console)
    stages = [desk.receipt.stage]
    console.accepted(label, NOW)
    stages.append(desk.receipt.stage)
    for fact in (learned(label), a_publication(2, 13), an_alert("t9", 2)):
        console.apply(fact, NOW + 800)
        stages.append(desk.receipt.stage)
    assert stages == list(STAGES)
    line = receipt_of(desk.receipt, NOW + 900)
    assert line.sentence == "Learned as example 11 (with 2 others) by model #2 in 0.8 s"
    assert [step.state for step in line.steps] == ["done"] * 4


def test_a_receipt_reaches_its_end_in_any_order_of_topics():
    for order in permutations(range(3)):
        console = a_console()
        desk, label = with_a_verdict(console)
        console.accepted(label, NOW)
        facts = [learned(label), a_publication(2, 11), an_alert("t9", 2)]
        for place in order:
            console.apply(facts[place], NOW)
        assert desk.receipt.stage == "in force", order


def test_an_open_alert_moved_if_its_score_differs_by_a_hundredth():
    console = a_console()
    _, label = with_a_verdict(console)
    console.accepted(label, NOW)
    console.apply(learned(label), NOW)
    console.apply(a_publication(2, 11, slope=1.5), NOW)
    line = receipt_of(console.desk("visitor").receipt, NOW)
    assert line.moved == "1 open alert moved (1 up, 0 down)"
    assert line.strongest == ["m1 0.51 → 0.83"]


def test_a_slow_part_is_named_and_the_verdict_is_called_safe():
    console = a_console()
    desk, label = with_a_verdict(console)
    console.accepted(label, NOW)
    assert receipt_of(desk.receipt, NOW + SLOW_MS).trouble is None
    assert "label join" in receipt_of(desk.receipt, NOW + SLOW_MS + 1).trouble
    console.apply(learned(label), NOW + SLOW_MS + 1)
    late = receipt_of(desk.receipt, NOW + 3 * SLOW_MS).trouble
    assert "learner" in late
    assert "verdict is safe" in late


def test_a_receipts_steps_show_the_stages_reached_and_the_next_one():
    console = a_console()
    desk, label = with_a_verdict(console)
    seen = [[step.state for step in receipt_of(desk.receipt, NOW).steps]]
    for fact in (learned(label), a_publication(2, 11)):
        console.apply(fact, NOW)
        seen.append([step.state for step in receipt_of(desk.receipt, NOW).steps])
    assert seen == [
        ["here", "open", "open", "open"],
        ["done", "done", "here", "open"],
        ["done", "done", "done", "here"],
    ]


def test_a_publication_that_fails_verification_changes_nothing_and_is_reported():
    console = a_console(a_publication(2, 11, key=b"another"))
    assert console.champions.current.publication.publication == 1
    assert "Model #2 failed verification" in top_of(console, NOW, "EUR").trouble


def test_without_a_signing_key_no_publication_verifies():
    console = Console(None, lambda: "x")
    console.apply(a_publication(1, 1, key=b""), NOW)
    assert console.champions.current is None


def test_kafka_is_reported_until_it_answers_again():
    console = a_console(Reachable(NOW))
    assert top_of(console, NOW, "EUR").trouble == "Kafka has not answered since 00:50:00 UTC"
    console.apply(Reachable(None), NOW)
    assert top_of(console, NOW, "EUR").trouble is None


def test_an_accepted_label_closes_its_alert_before_it_is_learned():
    console = a_console()
    console.accepted(a_label(transaction_id="t1"), NOW)
    assert [alert.scored.transaction_id for alert in console.queue] == ["t2"]


def test_a_case_that_somebody_else_labels_gets_a_note():
    console = a_console()
    desk, _ = with_a_verdict(console)
    example = an_example(transaction_id=desk.case.transaction_id, decision="review", labeler="ana")
    assert note_of(console, desk, NOW) is None
    console.apply(Learned(1, 12, example, NOW), NOW)
    assert note_of(console, desk, NOW) == "ana marked this payment fraud."


def test_a_lease_that_somebody_else_took_over_gets_a_note():
    console = a_console()
    desk, _ = with_a_verdict(console)
    console.queue.lease("ana", 9, until_ms=NOW + 10**9, now_ms=NOW + 10**8)
    assert note_of(console, desk, NOW + 10**8) == "Your lease ended and ana took this case."


def test_the_latest_verdicts_are_kept():
    console = a_console(*(Learned(1, n, an_example(labeler="ana", label_id=f"l{n}"), NOW) for n in range(20)))
    assert [given.n for given in console.latest_verdicts] == list(range(14, 20))


def test_desks_are_bounded():
    console = a_console()
    first = console.desk("0")
    for number in range(1, 101):
        console.desk(str(number))
    assert console.desk("0") is not first


def test_the_page_shows_the_pace_of_a_compressed_stream_only():
    console = a_console()
    for second in range(12):
        event_ms = NOON_MS + second * DAY_MS // 60
        console.apply(an_alert(f"f{second}", event_time_ms=event_ms, scored_at_ms=2 * 10**12 + second * 1000), NOW)
    console.apply(Learned(1, 12, an_example(event_time_ms=NOON_MS, as_of_ms=NOON_MS + DAY_MS // 12), NOW), NOW)
    now = 2 * 10**12 + 11_000
    assert pace_of(console, now) == "1 minute here = 1 day of payments; labels follow after 5 seconds"
    assert pace_of(a_console(), NOW) is None


def test_the_race_has_a_text_for_every_state():
    console = a_console()
    assert race_of(console).headline == "No frozen twin yet"
    console.apply(TwinFrozen(event_time_ms=NOON_MS, frozen_at_ms=NOW, model=ModelRef(7, 1, 1)), NOW)
    assert "with model #7" in race_of(console).headline
    fraud = an_example(fraud_type="mule_shops", event_time_ms=NOON_MS + 1, transaction_id="t9", decision="review")
    console.apply(Learned(1, 12, fraud, NOW), NOW)
    console.apply(TwinAlerted(PaymentKey("", "t9")), NOW)
    race = race_of(console)
    assert race.headline == "New attack: labelled frauds caught"
    assert (race.standing.frozen, race.standing.live, race.standing.known) == ("1", "1", "1")
    assert "mule shops" in race.sentence


def the_score(console):
    return console.champions.score_now(an_alert("t1").scored)


def test_an_alert_is_scored_again_by_both_voices():
    console, features = a_console(), an_alert("t1").scored.features
    alone = the_score(console)
    console.apply(fact_of(TOPICS, TOPICS.control, b"model:trees", encode(trees_published(9, KEY)), NOW), NOW)
    both = (a_scorer(log_amount=1.0).log_odds(features) + some_trees().log_odds(features)) / 2
    assert the_score(console) == pytest.approx(probability(both), abs=1e-6)
    assert the_score(console) != alone


def test_older_and_forged_trees_change_no_score():
    console = a_console(trees_published(9, KEY))
    before = the_score(console)
    for trees in (trees_published(8, KEY, clock_ms=0), trees_published(10, b"another", clock_ms=0)):
        console.apply(trees, NOW)
    assert the_score(console) == before


def test_moved_alerts_are_moved_by_the_verdict_and_not_by_new_trees():
    console = a_console()
    desk, label = with_a_verdict(console)
    for fact in (trees_published(9, KEY), learned(label), a_publication(2, 11)):
        console.apply(fact, NOW)
    assert desk.receipt.moved == []


def test_a_publication_with_a_signature_beyond_ascii_is_refused():
    forged = msgspec.structs.replace(a_publication(2, 20), signature="ü")
    console = a_console(fact_of(TOPICS, TOPICS.control, b"model:champion", encode(forged), NOW))
    assert (console.champions.refused, console.champions.current.publication.publication) == (2, 1)


@pytest.mark.parametrize(
    ("topic", "key", "message", "kind"),
    [
        (TOPICS.alerts, b"t1", a_scored_transaction(), Alerted),
        (TOPICS.learning_log, b"1:12", an_example(), Learned),
        (TOPICS.control, b"champion", a_publication(1, 1), Publication),
        (TOPICS.control, b"model:trees", trees_published(1, KEY), TreesPublication),
        (TOPICS.ledger, b"snapshot", an_example(), type(None)),
        (TOPICS.twin_alerts, b"frozen", TwinFrozen(event_time_ms=1, frozen_at_ms=1), TwinFrozen),
        (TOPICS.twin_alerts, b"t1", a_scored_transaction(), TwinAlerted),
    ],
)
def test_records_become_facts_by_topic_and_key(topic, key, message, kind):
    assert type(fact_of(TOPICS, topic, key, encode(message), NOW)) is kind


def test_reputation_and_tombstones_are_not_facts():
    reputation = Reputation(entity_id="m", epoch=1, n=1, known_frauds=1, known_legitimate=1, fraud_rate=0.1)
    assert fact_of(TOPICS, TOPICS.control, b"m", encode(reputation), NOW) is None
    assert fact_of(TOPICS, TOPICS.control, b"m", None, NOW) is None


def test_a_record_that_does_not_fit_its_topic_is_refused():
    with pytest.raises(InvalidRecord):
        fact_of(TOPICS, TOPICS.alerts, b"t1", b"{}", NOW)
    with pytest.raises(InvalidRecord):
        fact_of(TOPICS, TOPICS.learning_log, b"no number", encode(an_example()), NOW)


def matured(transaction_id, n=11):
    implicit = an_example(transaction_id=transaction_id, verdict="legitimate", label_id=None, decision="review")
    return Learned(1, n, implicit, NOW)


def test_maturity_closes_an_alert_only_if_nobody_holds_it():
    console = a_console()
    case = console.desk("visitor")
    case.keep(console.queue, NOW)
    for transaction_id in ("t1", "t2"):
        console.apply(matured(transaction_id), NOW)
    assert [alert.scored.transaction_id for alert in console.queue] == [case.case.transaction_id]
