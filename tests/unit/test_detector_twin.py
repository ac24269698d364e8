"""The frozen twin: the detector's own code that stops learning at one moment of event time."""

import msgspec
import pytest

from detector import kafka_twin
from detector.twin import Twin
from tests.builders import MINUTE_MS, NOON_MS, a_reputation, a_transaction
from tests.scorers import a_scorer
from tests.trees import trees_published
from weir.artefact import pack, sign, sign_reputation
from weir.messages import SCORED, TWIN_FROZEN, ModelRef, Publication, TwinFrozen, encode
from weir.records import Inbound, Outbound
from weir.settings import DetectorSettings, Settings
from weir.topics import FROZEN_KEY, Topics

TOPICS, KEY, FREEZE_MS = Topics("t"), b"key", NOON_MS + 10 * MINUTE_MS
HARSH, MILD = 9.0, -9.0


def a_twin(frozen: TwinFrozen | None = None) -> Twin:
    return Twin(DetectorSettings(), TOPICS, KEY, FREEZE_MS, frozen)


def a_publication(number: int, intercept: float) -> bytes:
    artefact = pack(a_scorer(intercept=intercept))
    return encode(
        Publication(
            publication=number,
            epoch=1,
            n=10 * number,
            contender="champion",
            artefact=artefact,
            signature=sign(artefact, KEY),
            digest="d",
            published_at_ms=NOON_MS,
        )
    )


def pay(twin: Twin, minutes: int, topic: str = TOPICS.transactions) -> list[Outbound]:
    payment = a_transaction(transaction_id=f"t{minutes}", event_time=NOON_MS + minutes * MINUTE_MS)
    return twin.process(Inbound(None, encode(payment), topic, 0, minutes), NOON_MS + 60 * MINUTE_MS)


def test_before_it_freezes_nothing_leaves():
    twin = a_twin()
    twin.learn(a_publication(1, HARSH))
    assert pay(twin, 1) == []


def test_when_it_freezes_it_writes_the_model_it_keeps():
    twin = a_twin()
    twin.learn(a_publication(3, MILD))
    [said] = pay(twin, 10)
    frozen = TWIN_FROZEN.decode(said.payload)
    assert (said.topic, said.kafka_key) == (TOPICS.twin_alerts, FROZEN_KEY)
    assert (frozen.event_time_ms, frozen.model and frozen.model.publication) == (FREEZE_MS, 3)


def test_a_later_publication_changes_no_score():
    twin = a_twin()
    twin.learn(a_publication(1, MILD))
    pay(twin, 10)
    twin.learn(a_publication(2, HARSH))
    assert pay(twin, 11) == []


def test_what_it_keeps_leaves_out_withdrawn_reputations():
    twin, kept, gone = a_twin(), a_reputation(entity="card", entity_id="c1"), a_reputation(entity_id="m2")
    for reputation in (kept, gone):
        twin.learn(encode(sign_reputation(reputation, KEY)))
    twin.learn(None, gone.control_key.encode())
    frozen = TWIN_FROZEN.decode(pay(twin, 10)[0].payload)
    assert frozen.control == [encode(sign_reputation(kept, KEY))]
    again = a_twin(frozen)
    assert list(again._knowledge.reputation) == [kept.key]


def test_alerts_go_to_the_twins_own_topic():
    twin = a_twin()
    twin.learn(a_publication(1, HARSH))
    _, alert = pay(twin, 10)
    scored = SCORED.decode(alert.payload)
    assert alert.topic == TOPICS.twin_alerts
    assert (scored.transaction_id, scored.decision) == ("t10", "block")


def test_a_restart_continues_with_the_frozen_model():
    twin = a_twin()
    twin.learn(a_publication(1, HARSH))
    frozen = TWIN_FROZEN.decode(pay(twin, 10)[0].payload)
    again = a_twin(frozen)
    again.learn(a_publication(2, MILD))
    [alert] = pay(again, 11)
    model = SCORED.decode(alert.payload).model
    assert model is not None
    assert model.publication == 1


def test_it_freezes_both_voices():
    twin = a_twin()
    for record in (a_publication(1, HARSH), encode(trees_published(5, KEY))):
        twin.learn(record)
    frozen = TWIN_FROZEN.decode(pay(twin, 10)[0].payload)
    twin.learn(encode(trees_published(9, KEY)))
    again = a_twin(frozen)
    for one in (twin, again):
        [alert] = pay(one, 11)
        assert SCORED.decode(alert.payload).model == frozen.model == ModelRef(1, 1, 10, 5)
    assert len(frozen.control) == 2


def test_without_a_model_the_rules_continue_alone():
    [said] = pay(a_twin(), 10)
    assert TWIN_FROZEN.decode(said.payload).model is None


def test_a_record_that_is_no_payment_writes_nothing_and_freezes_nothing():
    twin = a_twin()
    assert twin.process(Inbound(None, b"{", TOPICS.transactions, 0, 0), NOON_MS) == []
    assert pay(twin, 10, TOPICS.user_events) == []
    assert twin.frozen is None


@pytest.mark.parametrize("signature", ["0", "ü"])
def test_a_forged_model_is_not_followed(signature):
    twin = a_twin()
    forged = msgspec.json.decode(a_publication(1, HARSH), type=Publication, strict=False)
    twin.learn(encode(msgspec.structs.replace(forged, signature=signature)))
    pay(twin, 10)
    assert pay(twin, 11) == []


class ARecord:
    def __init__(self, value: bytes | None) -> None:
        self.key, self.value, self.offset = lambda: FROZEN_KEY, lambda: value, lambda: 0


@pytest.mark.parametrize("value", [None, b"", b"{}", b"\xff", encode(TwinFrozen(event_time_ms=10**30, frozen_at_ms=1))])
def test_a_restart_finds_its_freeze_behind_foreign_records(monkeypatch, value):
    frozen = TwinFrozen(event_time_ms=FREEZE_MS, frozen_at_ms=NOON_MS)
    records = [ARecord(encode(frozen)), ARecord(value)]
    monkeypatch.setattr(kafka_twin, "read_to_end", lambda *_: iter(records))
    assert kafka_twin._last_frozen(Settings()) == frozen
