"""The fold over the learning log: order, evaluation, merchants, publication."""

import pytest

from learner.fold import Fold
from tests.builders import DAY_MS, NOON_MS, an_example
from tests.learning_stream import a_learning_stream, numbered
from weir.artefact import probability, unpack
from weir.errors import BrokenLog
from weir.settings import LearningSettings

KEY = b"a signing key"


@pytest.fixture
def fold():
    return Fold(LearningSettings(epoch=3))


def learn(fold, *examples):
    for example in examples:
        fold.learn(3, fold.n + 1, example)
    return fold


@pytest.mark.parametrize("entry", [(3, 2), (3, 0), (2, 1), (4, 1)])
def test_entry_out_of_order_is_a_broken_log(fold, entry):
    with pytest.raises(BrokenLog, match="goes from 3:0"):
        fold.learn(*entry, an_example())


def test_repeated_entry_is_a_broken_log(fold):
    learn(fold, an_example())
    with pytest.raises(BrokenLog, match="from 3:1 to 3:1"):
        fold.learn(3, 1, an_example())


def test_fraud_raises_the_score_of_similar_payments(fold):
    before = fold.model.predict_proba_one({"device_missing": 1.0})[True]
    learn(fold, an_example(features={"device_missing": 1.0}))
    assert fold.model.predict_proba_one({"device_missing": 1.0})[True] > before


def test_confirmation_teaches_nothing(fold):
    learn(fold, an_example())
    digest, metrics = fold.digest(), fold.metrics()
    learn(fold, an_example(outcome="confirmation", weight=0.0, label_id="l2"))
    assert (fold.digest(), fold.metrics()) == (digest, metrics)


def test_revision_is_learned_as_another_example(fold):
    learn(fold, an_example())
    digest = fold.digest()
    learn(fold, an_example(outcome="revision", verdict="legitimate", revision=1, supersedes=0, superseded_weight=1.0))
    assert fold.digest() != digest


def test_frauds_that_look_honest_do_not_make_everybody_suspect(fold):
    """Regression: frauds are labelled before legitimate payments mature; a night of them made everybody suspect."""
    learn(fold, *a_learning_stream(1000))
    honest = {"log_amount": 3.0, "count_1h": 1.0, "device_new": 0.0}
    attack = honest | {"merchant_known_frauds": 1.1, "merchant_fraud_run": 1.1, "merchant_run_days": 0.5}
    learn(fold, *[an_example(transaction_id=f"a{number}", features=attack) for number in range(30)])
    assert fold.model.predict_proba_one(honest)[True] < 0.1
    assert fold.model.predict_proba_one(attack)[True] > 0.4


def test_publication_carries_the_model_that_scores(fold):
    learn(fold, *a_learning_stream(200))
    publication = fold.publication(7, NOON_MS, KEY)
    scorer = unpack(publication.artefact, publication.signature, KEY)
    features = {"log_amount": 5.0, "device_missing": 1.0}
    assert probability(scorer.log_odds(features)) == pytest.approx(fold.model.predict_proba_one(features)[True])
    assert (publication.publication, publication.epoch, publication.n) == (7, 3, 200)
    assert publication.clock_ms == max(example.event_time_ms for example in a_learning_stream(200))


def test_trust_counts_the_learned_verdicts(fold):
    frauds = [an_example(transaction_id=f"f{number}") for number in range(20)]
    legitimate = [an_example(transaction_id=f"l{number}", verdict="legitimate") for number in range(99)]
    learn(fold, *frauds, *legitimate)
    publication = fold.publication(1, NOON_MS, KEY)
    assert unpack(publication.artefact, publication.signature, KEY).trust == pytest.approx(0.25)


def test_scores_are_judged_as_given(fold):
    learn(fold, an_example(score=0.9, decision="block"))
    learn(fold, an_example(transaction_id="t2", verdict="legitimate", score=0.2))
    metrics = fold.metrics()
    assert metrics["log_loss"] == pytest.approx(0.164, abs=0.001)
    assert (metrics["roc_auc"], metrics["average_precision"]) == (1.0, 1.0)
    assert (metrics["precision_alerts"], metrics["recall_alerts"]) == (1.0, 1.0)


def test_present_model_is_judged_before_it_learns(fold):
    learn(fold, an_example(features={"device_missing": 1.0}))
    assert fold.metrics()["log_loss_current"] == pytest.approx(5.0067, abs=0.0001)


def test_revision_replaces_the_superseded_verdict_in_the_metrics(fold):
    learn(fold, an_example(score=0.9, decision="block"))
    learn(fold, an_example(score=0.9, decision="block", outcome="revision", verdict="legitimate", supersedes=0))
    assert (fold.metrics()["window"], fold.metrics()["precision_alerts"]) == (1.0, 0.0)


def test_metrics_weight_implicit_examples(fold):
    learn(fold, an_example(), an_example(transaction_id="t2", verdict="legitimate", label_id=None, weight=4.0))
    assert fold.metrics()["fraud_rate"] == pytest.approx(0.2)


def test_label_delay_is_measured_on_the_transactions_clock(fold):
    learn(fold, an_example(as_of_ms=NOON_MS + 2 * DAY_MS, labelled_at_ms=NOON_MS + 900 * DAY_MS))
    assert fold.metrics()["label_delay_s"] == 2 * 86_400


def test_ranking_metrics_need_both_verdicts(fold):
    learn(fold, an_example())
    assert "roc_auc" not in fold.metrics()


def test_evaluation_window_is_bounded(fold):
    learn(fold, *a_learning_stream(2500))
    assert fold.metrics()["window"] == 2000


def test_changed_reputation_is_published_once(fold):
    learn(fold, an_example(merchant_id="m1"), an_example(transaction_id="t2", merchant_id="m2"))
    assert [reputation.entity_id for reputation in fold.changed_reputation()] == ["m1", "m2"]
    assert fold.changed_reputation() == []


def test_withdrawn_reputation_is_named_once_by_its_control_key(fold):
    learn(fold, an_example(device_id="d1"))
    fold.changed_reputation()
    learn(fold, an_example(transaction_id="t2", merchant_id=None, event_time_ms=NOON_MS + 91 * DAY_MS))
    assert fold.withdrawn_reputation() == ["reputation:m1", "device-reputation:d1"]
    assert (fold.withdrawn_reputation(), fold.changed_reputation()) == ([], [])


def test_drift_is_found_in_a_changed_stream_only(fold):
    learn(fold, *[an_example(transaction_id=f"a{n}", verdict="legitimate", score=0.05) for n in range(400)])
    assert fold.publication(1, NOON_MS, KEY).drift == []
    learn(fold, *[an_example(transaction_id=f"b{n}", verdict="fraud", score=0.05) for n in range(200)])
    findings = fold.publication(2, NOON_MS, KEY).drift
    assert {finding.signal for finding in findings} == {"log_loss", "fraud_rate"}
    assert "rose from" in findings[0].text


def test_drift_is_published_once_and_stays_counted(fold):
    learn(fold, *[an_example(transaction_id=f"a{n}", verdict="legitimate", score=0.05) for n in range(400)])
    learn(fold, *[an_example(transaction_id=f"b{n}", verdict="legitimate", score=0.9) for n in range(200)])
    fold.publication(1, NOON_MS, KEY)
    again = fold.publication(2, NOON_MS, KEY)
    assert again.drift == []
    assert again.metrics["drift_detected_mean_score"] >= 1


def test_numbered_stream_is_dense(fold):
    for n, example in numbered(a_learning_stream(50)):
        fold.learn(3, n, example)
    assert fold.n == 50
