"""The rules of the label join, for one transaction id."""

from typing import Any

import msgspec
import pytest

from learner.label_join import (
    MAX_LABELS,
    MAX_OTHERS,
    Joined,
    JoinState,
    LabelJoin,
    decode_join_state,
    encode_join_state,
    hash_share,
)
from tests.builders import DAY_MS, NOON_MS, a_label, a_scored_transaction
from weir.messages import Label, Position
from weir.settings import LearningSettings

SETTINGS = LearningSettings(
    clock="stream", maturity_horizon_s=30 * 86_400, retention_s=180 * 86_400, implicit_share=0.2
)
MATURE_MS = NOON_MS + 30 * DAY_MS
KEPT_ID = next(name for name in map(str, range(100)) if hash_share(name) < 0.2)
DROPPED_ID = next(name for name in map(str, range(100)) if hash_share(name) >= 0.2)


class Scenario:
    """The state of one id, encoded and decoded at each step, as in Flink."""

    def __init__(self) -> None:
        self.join, self._stored = LabelJoin(SETTINGS), encode_join_state(JoinState())

    @property
    def state(self) -> JoinState:
        return decode_join_state(self._stored)

    def _call(self, method: Any, *args: Any, **kwargs: Any) -> Joined:
        state = self.state
        joined = method(state, *args, **kwargs)
        self._stored = encode_join_state(state)
        return joined

    def scored(self, **fields: Any) -> Joined:
        return self._call(self.join.on_scored, a_scored_transaction(**fields))

    def label(self, label: Label | None = None, **fields: Any) -> Joined:
        source, label = Position("live.labels", 0, 9), label or a_label(**fields)
        return self._call(self.join.on_label, label, source=source, payload=b"original")

    def timer(self, watermark_ms: int) -> Joined:
        return self._call(self.join.on_timer, watermark_ms)

    @property
    def next_timer_ms(self) -> int | None:
        return self.join.next_timer_ms(self.state)


@pytest.fixture
def scenario():
    return Scenario()


def test_label_after_its_transaction_makes_an_example_with_the_features_as_scored(scenario):
    scenario.scored(features={"log_amount": 7.0}, score=0.25)
    (example,) = scenario.label().examples
    assert (example.outcome, example.verdict, example.weight, example.revision) == ("example", "fraud", 1.0, 0)
    assert (example.features, example.score, example.labeler) == ({"log_amount": 7.0}, 0.25, "ana")


def test_examples_name_what_the_transaction_named(scenario):
    named = {"merchant_id": "m1", "user_id": "u1", "device_id": "d1", "ip": "10.0.0.1", "card_id": "c1"}
    scenario.scored(**named)
    labelled = scenario.label(verdict="legitimate").examples[0]
    assert {name: getattr(labelled, name) for name in named} == named


def test_state_from_before_devices_addresses_and_cards_still_joins():
    state = JoinState()
    LabelJoin(SETTINGS).on_scored(state, a_scored_transaction(device_id="d1", ip="10.0.0.1", card_id="c1"))
    subject, *others = msgspec.msgpack.decode(encode_join_state(state))
    old = decode_join_state(msgspec.msgpack.encode([subject[:-5], *others]))
    assert (old.subject.user_id, old.subject.device_id, old.subject.card_id) == ("u1", None, None)


def test_label_before_its_transaction_waits(scenario):
    assert scenario.label() == Joined()
    assert [example.label_id for example in scenario.scored().examples] == ["l1"]


def test_waiting_labels_are_applied_in_order(scenario):
    scenario.label(label_id="l1", verdict="legitimate")
    scenario.label(label_id="l2", verdict="fraud")
    outcomes = [(example.label_id, example.outcome) for example in scenario.scored().examples]
    assert outcomes == [("l1", "example"), ("l2", "revision")]


def test_first_score_of_an_id_counts(scenario):
    scenario.scored(score=0.1)
    scenario.scored(score=0.9)
    assert scenario.label().examples[0].score == 0.1


def test_label_sent_twice_counts_once(scenario):
    scenario.scored()
    scenario.label()
    assert scenario.label() == Joined()


def test_label_with_the_same_verdict_is_a_confirmation_without_weight(scenario):
    scenario.scored()
    scenario.label(label_id="l1")
    (example,) = scenario.label(label_id="l2").examples
    assert (example.outcome, example.weight, example.revision) == ("confirmation", 0.0, 0)


def test_label_with_another_verdict_is_a_revision(scenario):
    scenario.scored()
    scenario.label(label_id="l1", verdict="fraud")
    (example,) = scenario.label(label_id="l2", verdict="legitimate").examples
    assert (example.outcome, example.revision, example.supersedes) == ("revision", 1, 0)
    assert (example.weight, example.superseded_weight) == (1.0, 1.0)


def test_unlabelled_transaction_becomes_legitimate_at_maturity(scenario):
    scenario.scored(transaction_id=KEPT_ID)
    assert scenario.next_timer_ms == MATURE_MS
    (example,) = scenario.timer(MATURE_MS).examples
    assert (example.verdict, example.weight, example.implicit) == ("legitimate", 5.0, True)


def test_transaction_outside_the_sub_sample_makes_no_example(scenario):
    scenario.scored(transaction_id=DROPPED_ID)
    assert scenario.timer(MATURE_MS) == Joined()


def test_labelled_transaction_makes_no_implicit_example(scenario):
    scenario.scored(transaction_id=KEPT_ID)
    scenario.label(transaction_id=KEPT_ID)
    assert scenario.timer(MATURE_MS) == Joined()


def test_timer_before_maturity_does_nothing(scenario):
    scenario.scored(transaction_id=KEPT_ID)
    assert scenario.timer(MATURE_MS - 1) == Joined()


def test_transaction_matures_once(scenario):
    scenario.scored(transaction_id=KEPT_ID)
    scenario.timer(MATURE_MS)
    assert scenario.timer(MATURE_MS) == Joined()


def test_fraud_label_after_maturity_revises_the_implicit_example(scenario):
    scenario.scored(transaction_id=KEPT_ID)
    scenario.timer(MATURE_MS)
    (example,) = scenario.label(transaction_id=KEPT_ID).examples
    assert (example.outcome, example.supersedes, example.superseded_weight) == ("revision", 0, 5.0)


def test_fraud_label_after_maturity_is_the_first_example_outside_the_sub_sample(scenario):
    scenario.scored(transaction_id=DROPPED_ID)
    scenario.timer(MATURE_MS)
    (example,) = scenario.label(transaction_id=DROPPED_ID).examples
    assert (example.outcome, example.revision, example.weight) == ("example", 0, 1.0)


def test_state_is_dropped_at_the_end_of_retention(scenario):
    scenario.scored()
    scenario.timer(MATURE_MS)
    assert scenario.next_timer_ms == NOON_MS + 180 * DAY_MS
    scenario.timer(NOON_MS + 180 * DAY_MS)
    assert scenario.state.is_empty
    assert scenario.next_timer_ms is None


def test_label_without_a_transaction_is_dead_lettered_with_its_bytes(scenario):
    scenario.label(labelled_at_ms=NOON_MS, as_of_ms=None)
    assert scenario.next_timer_ms == NOON_MS + 180 * DAY_MS
    (letter,) = scenario.timer(NOON_MS + 180 * DAY_MS).dead_letters
    assert (letter.field, letter.payload) == ("transaction_id", b"original")
    assert scenario.state.is_empty


def test_waiting_is_measured_on_the_transactions_clock_if_the_label_has_it(scenario):
    scenario.label(as_of_ms=NOON_MS - DAY_MS)
    assert scenario.next_timer_ms == NOON_MS + 179 * DAY_MS


def test_each_waiting_label_expires_by_itself(scenario):
    scenario.label(label_id="l1", as_of_ms=NOON_MS)
    scenario.label(label_id="l2", as_of_ms=NOON_MS + 1)
    assert len(scenario.timer(NOON_MS + 180 * DAY_MS).dead_letters) == 1
    assert [example.label_id for example in scenario.scored().examples] == ["l2"]


def test_labels_beyond_the_limit_are_dead_lettered(scenario):
    for number in range(MAX_LABELS):
        assert not scenario.label(label_id=f"l{number}").dead_letters
    (letter,) = scenario.label(label_id="one-too-many").dead_letters
    assert f"{MAX_LABELS} labels" in letter.reason
    assert len(scenario.state.label_ids) == MAX_LABELS


def test_sub_sample_is_evenly_spread():
    assert sum(hash_share(f"t{number}") < 0.2 for number in range(10_000)) == pytest.approx(2000, rel=0.05)


def test_the_verdict_made_last_stands_whichever_arrives_last(scenario):
    scenario.scored()
    scenario.label(label_id="won", verdict="legitimate", labelled_at_ms=NOON_MS + DAY_MS)
    joined = scenario.label(label_id="delayed", verdict="fraud", labelled_at_ms=NOON_MS)
    assert (joined.examples, scenario.state.verdict) == ([], "legitimate")
    assert joined.dead_letters[0].field == "labelled_at_ms"
    assert joined.dead_letters[0].reason == "was made 86,400 s before the verdict in force, which says otherwise"
    again = scenario.label(label_id="newer", verdict="fraud", labelled_at_ms=NOON_MS + DAY_MS)
    assert (again.examples[0].outcome, scenario.state.verdict) == ("revision", "fraud")


def test_an_earlier_confirmation_does_not_make_the_verdict_older(scenario):
    scenario.scored()
    scenario.label(label_id="a", verdict="fraud", labelled_at_ms=NOON_MS + 2)
    assert scenario.label(label_id="b", verdict="fraud", labelled_at_ms=NOON_MS).examples[0].outcome == "confirmation"
    assert scenario.label(label_id="c", verdict="legitimate", labelled_at_ms=NOON_MS + 1).examples == []


def test_maturity_gives_way_to_a_label_that_was_made_before_it(scenario):
    scenario.scored(transaction_id=KEPT_ID)
    scenario.timer(MATURE_MS)
    joined = scenario.label(verdict="fraud", labelled_at_ms=NOON_MS)
    assert joined.examples[0].outcome == "revision"


def test_labels_that_waited_are_weighed_alike(scenario):
    scenario.label(label_id="won", verdict="legitimate", labelled_at_ms=NOON_MS + 1)
    scenario.label(label_id="delayed", verdict="fraud", labelled_at_ms=NOON_MS)
    joined = scenario.scored()
    assert ([example.verdict for example in joined.examples], len(joined.dead_letters)) == (["legitimate"], 1)


WALL = LabelJoin(LearningSettings(maturity_horizon_s=86_400, retention_s=3 * 86_400, implicit_share=1.0))


def scored_on_the_wall(event_time_ms, scored_at_ms):
    state = JoinState()
    WALL.on_scored(state, a_scored_transaction(event_time_ms=event_time_ms, scored_at_ms=scored_at_ms))
    return decode_join_state(encode_join_state(state))


def test_on_the_wall_clock_a_payment_of_last_year_waits_for_its_label_from_its_score_on():
    state = scored_on_the_wall(NOON_MS - 400 * DAY_MS, NOON_MS)
    assert WALL.next_timer_ms(state) == NOON_MS + DAY_MS
    assert WALL.on_timer(state, NOON_MS + DAY_MS - 1).examples == []
    assert [example.verdict for example in WALL.on_timer(state, NOON_MS + DAY_MS).examples] == ["legitimate"]
    assert WALL.next_timer_ms(state) == NOON_MS + 3 * DAY_MS


def test_on_the_wall_clock_a_fast_sender_does_not_make_a_payment_mature_early():
    assert WALL.next_timer_ms(scored_on_the_wall(NOON_MS + 60_000, NOON_MS)) == NOON_MS + 60_000 + DAY_MS


def test_on_the_streams_clock_the_time_of_the_score_does_not_matter():
    state = JoinState()
    LabelJoin(SETTINGS).on_scored(state, a_scored_transaction(scored_at_ms=NOON_MS + 400 * DAY_MS))
    assert LabelJoin(SETTINGS).next_timer_ms(state) == MATURE_MS


def ends(joined):
    """The customers and verdicts of what came of an event, and the reasons of its dead letters."""
    verdicts = [(example.user_id, example.merchant_id, example.verdict) for example in joined.examples]
    return verdicts, [letter.reason for letter in joined.dead_letters]


@pytest.fixture
def two_customers(scenario):
    """Ana's and Ben's shops number their invoices alike."""
    scenario.scored(user_id="ana", merchant_id="m1")
    scenario.scored(user_id="ben", merchant_id="m2")
    return scenario


def test_a_label_that_may_mean_two_customers_payments_is_refused(two_customers):
    verdicts, [reason] = ends(two_customers.label(label_id="l1"))
    assert verdicts == []
    assert "2 customers have payments with this id; say whose is meant with user_id" in reason


def test_a_label_with_its_customer_is_learned_with_that_customers_payment(two_customers):
    assert ends(two_customers.label(label_id="l1", user_id="ben"))[0] == [("ben", "m2", "fraud")]
    assert ends(two_customers.label(label_id="l2", user_id="ana", verdict="legitimate"))[0] == [
        ("ana", "m1", "legitimate")
    ]
    assert [
        one.revision for one in two_customers.label(label_id="l3", user_id="ben", verdict="legitimate").examples
    ] == [1]


def test_a_label_for_a_customer_whose_payment_has_not_come_waits_for_it(scenario):
    scenario.scored(user_id="ana", merchant_id="m1")
    assert ends(scenario.label(label_id="l1", user_id="ben")) == ([], [])
    assert ends(scenario.scored(user_id="ben", merchant_id="m2"))[0] == [("ben", "m2", "fraud")]


def test_a_label_that_waited_for_one_customer_is_not_learned_with_anothers_payment(scenario):
    scenario.label(label_id="l1", user_id="ben")
    assert ends(scenario.scored(user_id="ana", merchant_id="m1")) == ([], [])
    assert ends(scenario.scored(user_id="ben", merchant_id="m2"))[0] == [("ben", "m2", "fraud")]


def test_each_customers_payment_matures_and_is_forgotten_in_its_own_time(scenario):
    scenario.scored(transaction_id=KEPT_ID, user_id="ana")
    scenario.scored(transaction_id=KEPT_ID, user_id="ben", event_time_ms=NOON_MS + 10 * DAY_MS)
    assert [one.user_id for one in scenario.timer(MATURE_MS).examples] == ["ana"]
    assert [one.user_id for one in scenario.timer(MATURE_MS + 10 * DAY_MS).examples] == ["ben"]
    scenario.timer(NOON_MS + 180 * DAY_MS)
    assert (scenario.state.subject.user_id, scenario.state.others) == ("ben", [])
    assert ends(scenario.label(label_id="l9"))[0] == [("ben", "m1", "fraud")]
    scenario.timer(NOON_MS + 190 * DAY_MS)
    assert scenario.state == JoinState()


def test_scores_of_ever_more_customers_do_not_grow_the_state(scenario):
    for number in range(50):
        scenario.scored(user_id=f"u{number}")
    assert len(scenario.state.others) == MAX_OTHERS
