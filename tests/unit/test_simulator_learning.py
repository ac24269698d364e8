import pytest

from simulator.world.payment import NEW_KIND
from simulator.world.traffic import START_MS, TrafficSettings
from simulator.world.users import DAY_MS, HOUR_MS
from tests.pure_loop import OLD_KINDS, Result, run

ATTACK_MS, END_MS = START_MS + 4 * DAY_MS + 16 * HOUR_MS, START_MS + 6 * DAY_MS


@pytest.fixture(scope="module")
def result() -> Result:
    """A development seed with a history of four days and 16 hours."""
    return run(TrafficSettings(seed=1), ATTACK_MS, END_MS)


def test_the_live_detector_catches_at_least_twice_as_much_of_a_new_kind_as_its_frozen_twin(result):
    live, twin = result.live.alerted[NEW_KIND], result.twin.alerted[NEW_KIND]
    assert live >= max(10, 2 * twin)


def test_learning_does_not_stop_more_good_customers():
    """Three seeds that nothing was tuned on; each side stops about ten of some 11,000 legitimate payments."""
    results = [run(TrafficSettings(seed=seed), ATTACK_MS, END_MS) for seed in (301, 302, 303)]
    live = sum(result.live.alerted[None] for result in results)
    twin = sum(result.twin.alerted[None] for result in results)
    assert live <= twin + 3


def test_both_catch_the_known_kinds(result):
    assert result.live.rate(*OLD_KINDS) > 0.8
    assert result.twin.rate(*OLD_KINDS) > 0.8


def test_neither_alerts_on_more_than_three_in_a_thousand_legitimate_payments(result):
    assert result.live.rate(None) < 0.003
    assert result.twin.rate(None) < 0.003
