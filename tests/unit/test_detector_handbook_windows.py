"""Compare windows with those of the fraud-detection handbook, which counts a payment in its own windows."""

from pathlib import Path

import pytest

from tests.builders import NOON_MS
from tests.detecting import User

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "handbook_transformed_public_to_0814.parquet"

pytestmark = pytest.mark.skipif(not DATA.exists(), reason=f"external data is not here: {DATA.name}")


@pytest.fixture(scope="module")
def payments():
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = ["TX_DATETIME", "CUSTOMER_ID", "TX_AMOUNT"]
    windows = [f"CUSTOMER_ID_{what}_{days}DAY_WINDOW" for what in ("NB_TX", "AVG_AMOUNT") for days in (1, 7, 30)]
    table = parquet.read_table(DATA, columns=[*columns, *windows], filters=[("CUSTOMER_ID", "in", [1, 2, 3])])
    return table.to_pandas().sort_values("TX_DATETIME")


@pytest.fixture(scope="module")
def compared(payments):
    """Each row of the handbook with the windows just before it."""
    pairs = []
    for _, rows in payments.groupby("CUSTOMER_ID"):
        user = User()
        for row in rows.itertuples():
            at_ms = int(row.TX_DATETIME.timestamp() * 1000)
            pairs.append((row, user.facts(at_ms - NOON_MS)))
            user.pay(row.TX_AMOUNT, event_time=at_ms)
    return pairs


def test_the_day_is_exactly_the_handbooks(compared):
    assert len(compared) > 500
    assert all(ours.count_24h + 1 == row.CUSTOMER_ID_NB_TX_1DAY_WINDOW for row, ours in compared)


def test_sums_are_the_handbooks(compared):
    ours = [windows.amount_24h + row.TX_AMOUNT for row, windows in compared]
    theirs = [row.CUSTOMER_ID_NB_TX_1DAY_WINDOW * row.CUSTOMER_ID_AVG_AMOUNT_1DAY_WINDOW for row, _ in compared]
    assert ours == pytest.approx(theirs)


@pytest.mark.parametrize("days", [7, 30])
def test_longer_windows_are_the_handbooks_within_half_a_pane(compared, days):
    """These customers make at most about nine payments in half a day; the mean error is far below one."""
    name = f"CUSTOMER_ID_NB_TX_{days}DAY_WINDOW"
    errors = [getattr(windows, f"count_{days}d") + 1 - getattr(row, name) for row, windows in compared]
    assert max(map(abs, errors)) <= 9
    assert abs(sum(errors) / len(errors)) < 0.3
