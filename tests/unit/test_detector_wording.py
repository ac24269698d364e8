import pytest

from detector.wording import DAY_S, HOUR_S, MINUTE_S, duration, plural
from tests.builders import MINUTE_MS
from tests.detecting import User, a_champion


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 payments"), (1, "1 payment"), (1.0000000002, "1 payment"), (2, "2 payments")]
)
def test_only_one_is_singular(count, words):
    assert plural(count, "payment") == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (MINUTE_S - 1, "less than a minute"),
        (MINUTE_S, "1 minute"),
        (2 * HOUR_S - MINUTE_S, "119 minutes"),
        (2 * HOUR_S, "2 hours"),
        (2 * DAY_S, "2 days"),
    ],
)
def test_a_duration_has_the_largest_unit_of_which_there_are_two(seconds, words):
    assert duration(seconds) == words


def test_a_reason_counts_one_payment_in_the_singular():
    user = User(a_champion(trust=1.0, intercept=1.0, count_1h=2.0))
    user.pay(at_ms=-MINUTE_MS)
    assert user.pay().reasons[0].text == "1 payment in the previous hour; 1.0 a day is usual"
