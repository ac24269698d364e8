"""Trees are trained at positions that follow from known frauds and event time."""

from collections.abc import Iterable

from learner.training_schedule import TrainingSchedule
from tests.builders import DAY_MS, an_example
from weir.messages import Example


def day(number: float, count: int = 1, **fields) -> list[Example]:
    return [an_example(event_time_ms=round(number * DAY_MS), **fields)] * count


def legitimate(number: float) -> list[Example]:
    return day(number, verdict="legitimate")


def due(examples: Iterable[Example]) -> list[int]:
    """The numbers of the examples at which training is due, counted from 1."""
    schedule = TrainingSchedule()
    return [n for n, example in enumerate(examples, 1) if schedule.is_due(example)]


def test_the_first_training_is_due_at_the_thirtieth_known_fraud():
    assert due([*legitimate(1), *day(1, 29)]) == []
    assert due([*legitimate(1), *day(1, 40)]) == [31]


def test_nothing_is_trained_while_only_frauds_are_known():
    assert due([*day(1, 40), *legitimate(1)]) == [41]


def test_a_tenth_more_frauds_are_worth_a_training_from_the_next_day_on():
    begin = [*legitimate(1), *day(1, 30)]
    assert due([*begin, *day(1, 10), *legitimate(2)]) == [31, 42]
    assert due([*begin, *day(1, 2), *legitimate(2), *day(2, 10), *legitimate(3)]) == [31, 45]


def test_after_a_week_the_trees_are_trained_whatever_is_known():
    days = [legitimate(number) for number in range(2, 10)]
    assert due([*legitimate(1), *day(1, 30), *(example for one in days for example in one)]) == [31, 38]


def test_an_event_of_an_earlier_day_makes_nothing_due():
    begin = [*legitimate(3), *day(3, 30)]
    assert due([*begin, *day(2, 50)]) == [31]


def test_a_revision_and_a_confirmation_count_as_the_verdict_in_force():
    taken_back = day(1, 10, verdict="legitimate", outcome="revision")
    confirmed = day(1, 10, outcome="confirmation", weight=0.0)
    schedule = TrainingSchedule()
    for example in [*legitimate(1), *day(1, 20), *taken_back, *confirmed]:
        schedule.is_due(example)
    assert (schedule.known_frauds, schedule.known_legitimate) == (10, 11)


def test_the_clock_is_the_latest_event_time():
    schedule = TrainingSchedule()
    for example in [*day(3), *day(2)]:
        schedule.is_due(example)
    assert schedule.clock_ms == 3 * DAY_MS
