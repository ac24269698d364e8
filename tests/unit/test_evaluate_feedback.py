from operations.evaluate.feedback import AlertLabels, EveryLabel
from operations.replay.rows import Row
from tests.builders import DAY_MS, HOUR_MS, a_transaction

MIDNIGHT = 20_000 * DAY_MS


def a_row(name: str, user: str, hours: float = 0, verdict: str | None = "fraud", delay_hours: float = 48) -> Row:
    at_ms = MIDNIGHT + round(hours * HOUR_MS)
    transaction = a_transaction(transaction_id=name, user_id=user, event_time=at_ms)
    return Row(at_ms, transaction, verdict, at_ms + round(delay_hours * HOUR_MS))


def ids(feedback, hours: float) -> list[str]:
    return [due.transaction_id for due in feedback.due(MIDNIGHT + round(hours * HOUR_MS))]


def test_every_label_comes_back_when_it_is_known():
    feedback = EveryLabel("all")
    feedback.add(a_row("a", "u", 0), 0.1)
    feedback.add(a_row("b", "u", 1, verdict="legitimate"), 0.9)
    assert (ids(feedback, 47.9), ids(feedback, 48), ids(feedback, 50)) == ([], ["a"], ["b"])


def test_verdicts_that_the_mapping_does_not_send_are_never_awaited():
    feedback = EveryLabel("fraud")
    feedback.add(a_row("a", "u"), 0.1)
    feedback.add(a_row("b", "u", verdict="legitimate"), 0.1)
    feedback.add(a_row("c", "u", verdict=None), 0.1)
    assert [name for name in "abc" if feedback.awaits(name)] == ["a"]
    assert len(feedback) == 1


def test_only_the_cards_with_the_highest_scores_of_a_day_get_their_labels():
    feedback = AlertLabels("all", budget=1)
    for row, score in ((a_row("a", "u", 1), 0.2), (a_row("b", "v", 2), 0.9), (a_row("c", "v", 3), 0.1)):
        feedback.add(row, score)
    assert ids(feedback, 1000) == ["b", "c"]
    assert not feedback.awaits("a")


def test_each_day_has_its_own_budget():
    feedback = AlertLabels("all", budget=1)
    feedback.add(a_row("a", "u", 1), 0.9)
    feedback.add(a_row("b", "v", 25), 0.1)
    assert ids(feedback, 1000) == ["a", "b"]


def test_no_label_is_known_before_its_day_is_over():
    feedback = AlertLabels("all", budget=1)
    feedback.add(a_row("a", "u", 1, delay_hours=1), 0.9)
    assert feedback.awaits("a")
    assert (ids(feedback, 23.9), ids(feedback, 24)) == ([], ["a"])


def test_a_transaction_outside_the_budget_is_awaited_until_its_day_is_over():
    feedback = AlertLabels("all", budget=1)
    feedback.add(a_row("a", "u", 1), 0.9)
    feedback.add(a_row("b", "v", 2), 0.1)
    assert feedback.awaits("b")
    feedback.due(MIDNIGHT + DAY_MS)
    assert not feedback.awaits("b")
