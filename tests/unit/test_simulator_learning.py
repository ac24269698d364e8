import pytest

from simulator.payment import NEW_KIND
from simulator.traffic import START_MS, TrafficSettings
from simulator.users import DAY_MS, HOUR_MS
from tests.pure_loop import OLD_KINDS, Result, run

ATTACK_MS, END_MS = START_MS + 4 * DAY_MS + 16 * HOUR_MS, START_MS + 6 * DAY_MS


@pytest.fixture(scope="module")
def result() -> Result:
    """A development seed in a world half as big, with a shorter history."""
    return run(TrafficSettings(seed=1, rate_per_s=25), ATTACK_MS, END_MS)


def test_the_live_detector_catches_at_least_twice_as_much_of_a_new_kind_as_its_frozen_twin(result):
    live, twin = result.live.alerted[NEW_KIND], result.twin.alerted[NEW_KIND]
    assert live >= max(10, 2 * twin)


def test_what_learning_catches_is_not_paid_by_good_customers():
    """Three seeds that nothing was tuned on, in half a world: counts of about thirty differ by a few for no reason."""
    alerts = [
        (result.live.alerted[None], result.twin.alerted[None])
        for seed in (301, 302, 303)
        for result in [run(TrafficSettings(seed=seed, rate_per_s=25), ATTACK_MS, END_MS)]
    ]
    live, twin = (sum(side) for side in zip(*alerts, strict=True))
    assert live <= 1.15 * twin


def test_both_catch_the_old_kinds(result):
    assert result.live.rate(*OLD_KINDS) > 0.6
    assert result.twin.rate(*OLD_KINDS) > 0.6


def test_neither_alerts_on_more_than_three_in_a_hundred_legitimate_payments(result):
    assert result.live.rate(None) < 0.03
    assert result.twin.rate(None) < 0.03
