"""From `weir up` to a label that changed a score, with real parts, kills, bad messages, and a second `weir up`.

The tests share one system and follow one another, as a day with it does.
"""

import time
from collections.abc import Iterator
from itertools import count

import httpx
import pytest

from tests.e2e.system import System
from tests.malformed import malformed_payloads
from tests.waiting import eventually
from weir.messages import Transaction, encode

pytestmark = pytest.mark.timeout(3600)
MALFORMED = 5_000
numbers = count()


@pytest.fixture(scope="module")
def system(tmp_path_factory) -> Iterator[System]:
    running = System(tmp_path_factory.mktemp("weir"))
    try:
        running.up()
        yield running
    finally:
        running.down()


def a_payment(**fields):
    """A new user's first payment now: each call the same but for ids and time."""
    number = next(numbers)
    now = {"transaction_id": f"e{number}", "user_id": f"user{number}", "event_time": int(time.time() * 1000)}
    return {**now, "amount": 420.0, "merchant_id": "m1", "device_id": "d1", **fields}


def is_reconciled(counts) -> bool:
    """Both equations of `weir.messages.Counts` with nothing under way."""
    transactions = counts["transactions_sent"] == counts["scored"] + counts["transactions_dead_lettered"]
    outcomes = ("label_examples", "label_revisions", "label_confirmations", "labels_dead_lettered", "labels_waiting")
    return transactions and counts["labels_accepted"] == sum(counts[name] for name in outcomes)


def test_every_part_is_healthy(system):
    unhealthy = {name: part for name, part in system.status()["parts"].items() if not part["healthy"]}
    assert unhealthy == {}


def test_transaction_from_kafka_is_scored_by_rules_before_the_first_model(system):
    payment = a_payment()
    system.send(system.topics.transactions, [encode(Transaction(**payment))])
    scored = system.scored(payment["transaction_id"])
    assert scored.model is None
    assert "no_model" in scored.flags


def test_status_shows_how_far_each_job_is_behind(system):
    eventually(lambda: _lags(system) == {"detector": 0, "label-join": 0}, deadline_s=60)


def _lags(system):
    topics = system.status()["topics"]
    return topics[system.topics.transactions]["lag"] | topics[system.topics.scored]["lag"]


def test_decision_service_answers_with_the_streams_decision(system):
    payment = a_payment()
    answer = system.pay(**payment).json()
    assert answer["source"] == "stream"
    assert answer["score"] == system.scored(payment["transaction_id"]).score


def test_label_changes_the_model_that_scores_the_next_one(system):
    before = system.pay(**a_payment()).json()
    label = system.label(before["transaction_id"], "fraud")
    assert label.status_code == 202
    after = eventually(lambda: _scored_by_a_model(system), deadline_s=60)
    receipt = eventually(lambda: _in_force(system, label.json()["label_id"]), deadline_s=60)
    assert receipt["n"] >= 1
    assert after["model"]["n"] >= 1
    assert after["score"] > before["score"]


def _in_force(system, label_id):
    receipt = system.receipt(label_id)
    return receipt if receipt["state"] == "in force" else None


def test_label_for_a_payment_that_nobody_sent_says_so(system):
    label_id = system.label("nobody's ", "fraud").json()["label_id"]
    says = eventually(lambda: _waits_in_vain(system, label_id), deadline_s=60)
    assert "begins or ends with a space" in says
    payment = a_payment(transaction_id="nobody's ")
    assert system.pay(**payment).json()["source"] == "stream"
    eventually(lambda: _in_force(system, label_id), deadline_s=60)


def _waits_in_vain(system, label_id):
    receipt = system.receipt(label_id)
    return receipt["says"] if "No such payment is known" in receipt["says"] else None


def _scored_by_a_model(system):
    answer = system.pay(**a_payment()).json()
    return answer if answer["model"] else None


def test_learner_and_detector_agree_on_the_model(system):
    model = eventually(lambda: _settled(system.status()["model"]), deadline_s=60)
    assert model["detector"]["publication"] >= 1


def _settled(model):
    learner, detector = model["learner"], model["detector"]
    return model if learner and detector and learner["publication"] == detector["publication"] else None


def test_mlflow_shows_the_version_with_its_alias_and_metrics(system):
    from mlflow import MlflowClient  # noqa: PLC0415 -- a slow import that only this test needs

    client = MlflowClient(system.addresses["MLflow"])
    version = eventually(lambda: _champion(client), deadline_s=120, every_s=1)
    assert int(version.tags["weir.n"]) >= 1
    assert client.get_run(version.run_id).data.metrics


def _champion(client):
    from mlflow.exceptions import MlflowException  # noqa: PLC0415

    try:
        return client.get_model_version_by_alias("weir-champion", "champion")
    except MlflowException:
        return None


def test_malformed_messages_are_dead_lettered_with_a_field_and_stop_nothing(system):
    system.send(system.topics.transactions, list(malformed_payloads("transaction", 3, MALFORMED)))
    system.send(system.topics.labels, list(malformed_payloads("label", 4, MALFORMED)))
    letters = system.dead_letters(2 * MALFORMED, deadline_s=120)
    assert all(letter.field and letter.reason for letter in letters)
    counts = eventually(lambda: _counted_dead(system, MALFORMED), deadline_s=60, every_s=1)
    assert is_reconciled(counts)
    assert system.pay(**a_payment()).json()["source"] == "stream"


def _counted_dead(system, expected):
    """Malformed labels that name the same ids count as one label and its repetitions."""
    counts = system.status()["counts"]
    labels = counts["labels_dead_lettered"] + counts["labels_repeated"]
    return counts if (counts["transactions_dead_lettered"], labels) == (expected, expected) else None


def test_counts_reconcile_after_kills_in_mid_stream(system):
    payments = [a_payment(amount=5.0 + number % 50) for number in range(3000)]
    sent = system.status()["counts"]["transactions_sent"]
    system.send(system.topics.transactions, [encode(Transaction(**payment)) for payment in payments[:1500]])
    system.kill(system.taskmanager_of("weir-live-detector"))
    system.kill("learner")
    for payment in payments[:40]:
        assert system.label(payment["transaction_id"], "legitimate").status_code == 202
    system.send(system.topics.transactions, [encode(Transaction(**payment)) for payment in payments[1500:]])
    counts = eventually(lambda: _all_counted(system, sent + len(payments)), deadline_s=180, every_s=1)
    assert counts["label_examples"] == 42
    assert counts["in_flight"] == 0
    assert system.status()["reconciliation"]["differences"] == []


def _all_counted(system, sent):
    counts = system.status()["counts"]
    return counts if counts["transactions_sent"] == sent and is_reconciled(counts) else None


def test_learner_goes_on_after_its_kill(system):
    n = eventually(lambda: _learned(system, 42), deadline_s=60)
    assert n == 42


def _learned(system, at_least):
    learner = system.status()["model"]["learner"]
    return learner["n"] if learner and learner["n"] >= at_least else None


def test_next_up_goes_on_from_the_kept_state(system):
    before = system.status()
    system.down()
    system.up()
    after = system.status()
    assert after["counts"]["scored"] == before["counts"]["scored"]
    assert after["model"]["learner"]["n"] == before["model"]["learner"]["n"]
    answer = eventually(lambda: _scored_by_a_model(system), deadline_s=60)
    assert answer["model"]["n"] == before["model"]["learner"]["n"]


def test_api_refuses_with_the_field_that_is_wrong(system):
    refused = httpx.post(f"{system.addresses['API']}/v1/decisions", json=a_payment(amount="much"))
    assert refused.status_code == 422
    assert refused.json()["field"] == "amount"
