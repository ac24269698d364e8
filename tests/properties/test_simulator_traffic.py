from itertools import islice

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.world.traffic import START_MS, TrafficSettings, traffic
from simulator.world.users import DAY_MS

WORLDS = st.builds(
    TrafficSettings,
    seed=st.integers(0, 10_000),
    rate_per_s=st.floats(0.05, 4.0),
    fraud_share=st.floats(0.0, 0.3),
    new_kind_from_ms=st.none() | st.integers(START_MS, START_MS + 10 * DAY_MS),
    new_kind_per_day=st.none() | st.floats(0.0, 50.0),
)


@settings(max_examples=25, deadline=None)
@given(WORLDS)
def test_any_traffic_is_ordered_unique_and_repeatable(world):
    payments = list(islice(traffic(world), 150))
    order = [(payment.event_time_ms, payment.transaction.transaction_id) for payment in payments]
    assert order == sorted(order)
    assert len({transaction_id for _, transaction_id in order}) == len(order)
    assert payments == list(islice(traffic(world), 150))
