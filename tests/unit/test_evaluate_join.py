from operations.evaluate.pure_join import PureJoin
from tests.builders import DAY_MS, NOON_MS, a_label, a_scored_transaction
from weir.settings import LearningSettings

LEARNING = LearningSettings(clock="stream", maturity_horizon_s=2 * 86_400, retention_s=10 * 86_400, implicit_share=1.0)


def a_join(*awaited: str) -> tuple[PureJoin, set[str]]:
    left = set(awaited)
    return PureJoin(LEARNING, left.__contains__), left


def matured(join: PureJoin, days: float) -> list[str]:
    return [example.verdict for example in join.mature(NOON_MS + round(days * DAY_MS))]


def test_an_unlabelled_transaction_matures_once_and_its_features_go():
    join, _ = a_join()
    join.scored(a_scored_transaction())
    assert (matured(join, 1.9), matured(join, 2), matured(join, 9)) == ([], ["legitimate"], [])
    assert not join._states


def test_a_labelled_transaction_is_an_example_at_once_and_never_matures():
    join, awaited = a_join("t1")
    join.scored(a_scored_transaction())
    awaited.clear()
    assert [example.verdict for example in join.label(a_label())] == ["fraud"]
    assert not join._states
    assert matured(join, 9) == []


def test_a_label_after_maturity_is_a_revision():
    join, awaited = a_join("t1")
    join.scored(a_scored_transaction())
    assert matured(join, 2) == ["legitimate"]
    awaited.clear()
    assert [(example.outcome, example.verdict) for example in join.label(a_label())] == [("revision", "fraud")]


def test_a_label_after_the_retention_is_too_late():
    join, _ = a_join("t1")
    join.scored(a_scored_transaction())
    list(join.mature(NOON_MS + 11 * DAY_MS))
    assert (join.label(a_label()), join.labels_too_late) == ([], 1)


def test_an_id_stays_known_after_its_features_went():
    join, _ = a_join()
    join.scored(a_scored_transaction())
    matured(join, 2)
    assert join.knows("t1")
    assert not join.knows("t2")
