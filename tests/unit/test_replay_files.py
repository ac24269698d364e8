from pathlib import Path

import pandas as pd
import pytest
from msgspec import structs

from operations.replay.checking.file_check import CheckedFile, check_file
from operations.replay.mapping import FileOptions, Mapping, parse_mapping
from operations.replay.period import Extent, Period
from operations.replay.selected_rows import extent, read_rows
from tests.builders import DAY_MS, HOUR_MS, NOON_MS
from weir.clock import now_ms
from weir.errors import DeploymentError
from weir.settings import Settings, load_settings

DATA = Path(__file__).parents[3] / "shared" / "data"
EXAMPLES = Path(__file__).parents[2] / "examples"
MAPPING = parse_mapping(
    '[transaction]\ntransaction_id="id"\nuser_id="who"\nevent_time="at"\namount="price"\n'
    '[label]\ncolumn="bad"\nfraud=[1]\nlegitimate=[0]\n'
)
HOURS = pd.to_datetime([NOON_MS + hour * HOUR_MS for hour in range(4)], unit="ms")
TABLE = pd.DataFrame(
    {
        "id": ["001", "002", "003", "004"],
        "who": [1, 1, 2, 2],
        "at": HOURS,
        "price": [1.0, 2.5, 3.0, 4.0],
        "bad": [0.0, 1.0, None, 0.0],
    }
)


def checked(file: Path, mapping: Mapping = MAPPING) -> CheckedFile:
    return check_file(file, mapping, Settings(), now_ms=NOON_MS + DAY_MS)


@pytest.fixture(params=["parquet", "csv"])
def file(request, tmp_path):
    found = tmp_path / f"data.{request.param}"
    if request.param == "csv":
        TABLE.to_csv(found, index=False)
    else:
        TABLE.to_parquet(found)
    return found


def test_parquet_and_csv_give_the_same_rows(file):
    rows = list(read_rows(checked(file), Period(), None))
    assert [row.transaction.transaction_id for row in rows] == ["001", "002", "003", "004"]
    assert [row.verdict for row in rows] == ["legitimate", "fraud", None, "legitimate"]
    assert [(row.event_time_ms - NOON_MS) // HOUR_MS for row in rows] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("period", "limit", "expected"),
    [
        (Period(), None, ["001", "002", "003", "004"]),
        (Period(), 2, ["001", "002"]),
        (Period(first_ms=NOON_MS + HOUR_MS), 2, ["002", "003"]),
        (Period(stop_ms=NOON_MS + HOUR_MS), None, ["001"]),
        (Period(first_ms=NOON_MS + 1, stop_ms=NOON_MS + 3 * HOUR_MS), None, ["002", "003"]),
    ],
)
def test_period_and_limit_select_rows_and_measure_counts_the_same(file, period, limit, expected):
    rows = list(read_rows(checked(file), period, limit))
    assert [row.transaction.transaction_id for row in rows] == expected
    assert extent(checked(file), period, limit) == Extent(len(expected), rows[0].event_time_ms, rows[-1].event_time_ms)


def test_a_period_without_rows_is_refused(file):
    with pytest.raises(DeploymentError, match="no rows in that period"):
        extent(checked(file), Period(stop_ms=NOON_MS), None)


def test_rows_that_were_left_out_are_not_read(tmp_path):
    TABLE.assign(price=["1", "two", "3", "4"]).to_csv(tmp_path / "data.csv", index=False)
    rows = list(read_rows(checked(tmp_path / "data.csv"), Period(), None))
    assert [row.transaction.transaction_id for row in rows] == ["001", "003", "004"]


@pytest.mark.parametrize(
    ("period", "limit", "expected"),
    [
        (Period(), None, ["001", "002", "003", "004"]),
        (Period(first_ms=NOON_MS + HOUR_MS), 2, ["002", "003"]),
        (Period(stop_ms=NOON_MS + HOUR_MS), None, ["001"]),
    ],
)
def test_a_file_out_of_order_is_sorted_if_the_mapping_says_so(tmp_path, period, limit, expected):
    TABLE.iloc[[3, 1, 0, 2]].to_csv(tmp_path / "data.csv", index=False)
    sorting = structs.replace(MAPPING, file=FileOptions(sort=True))
    rows = list(read_rows(checked(tmp_path / "data.csv", sorting), period, limit))
    assert [row.transaction.transaction_id for row in rows] == expected


def test_a_zone_of_the_event_time_is_that_of_the_customers_clocks(file):
    berlin = structs.replace(MAPPING.sources["event_time"], zone="Europe/Berlin")
    mapping = structs.replace(MAPPING, transaction={**MAPPING.transaction, "event_time": berlin})
    first = next(read_rows(checked(file, mapping), Period(), None))
    assert (first.transaction.event_time_ms, first.transaction.utc_offset_ms) == (first.event_time_ms, 2 * HOUR_MS)
    assert first.event_time_ms == NOON_MS - 2 * HOUR_MS


def test_a_missing_column_is_named(tmp_path):
    TABLE.drop(columns="price").to_parquet(tmp_path / "data.parquet")
    with pytest.raises(DeploymentError, match="no column 'price'"):
        checked(tmp_path / "data.parquet")


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "data.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(DeploymentError, match="Check that it is a Parquet or CSV file"):
        checked(tmp_path / "data.parquet")


@pytest.mark.skipif(not DATA.is_dir(), reason="the external data is not here")
@pytest.mark.parametrize(
    ("mapping", "file", "rows"),
    [
        ("handbook", "handbook_raw_public_to_0814", 1_303_778),
        ("aws_fraud_detector", "aws_afd_transactions_2k", 1_611),
    ],
)
def test_the_examples_read_their_files(mapping, file, rows):
    described, path = parse_mapping((EXAMPLES / f"{mapping}.toml").read_text()), DATA / f"{file}.parquet"
    settings = load_settings(**described.loop, namespace="example")
    found = check_file(path, described, settings, now_ms=now_ms())
    assert (len(found.bad_rows), found.repeated, extent(found, Period(), None).rows) == (0, 0, rows)
    assert len(list(read_rows(found, Period(), 1000))) == 1000
