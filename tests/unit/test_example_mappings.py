"""Each mapping in examples/ reads a made sample with the header and the forms of the data set that it is for."""

from pathlib import Path

import numpy as np
import pytest

from operations.replay.checking.file_check import check_file
from operations.replay.label_schedule import require_horizon
from operations.replay.mapping import read_mapping
from operations.replay.period import Period
from operations.replay.rows import Row
from operations.replay.selected_rows import read_rows
from tests.public_samples import SAMPLES
from weir.clock import now_ms
from weir.messages import encode
from weir.payments import read_payment
from weir.settings import load_settings

EXAMPLES = Path(__file__).parents[2] / "examples"

FIRST = {
    "ulb_credit_card": ("ulb-1", "unknown-1", "2013-09-01T00:00:00", 149.62),
    "sparkov": ("0b242abb623afc578575680df30655b9", "2703186189652095", "2019-01-01T00:00:18", 4.97),
    "paysim": ("paysim-1", "C1231006815", "2017-01-01T01:00:00", 9839.64),
    "banksim": ("banksim-1", "C1093826151", "2012-11-01T00:00:00", 4.55),
    "ieee_cis": ("2987000", "13926", "2017-12-02T00:00:00", 68.5),
    "tabformer": ("tabformer-3", "1", "2002-09-01T06:20:00", 1128.44),
    "handbook": ("hb-0", "customer-596", "2018-04-01T00:00:31", 57.16),
    "aws_fraud_detector": ("1caa", "490-56-4431", "2022-11-07T15:18:25", 17.34),
}

VERDICTS = {
    "ulb_credit_card": ["legitimate", "legitimate", "fraud"],
    "sparkov": ["legitimate", "fraud"],
    "paysim": ["legitimate", "fraud", "fraud"],
    "banksim": ["legitimate", "legitimate", "fraud"],
    "ieee_cis": ["legitimate", "fraud"],
    "tabformer": ["legitimate", "legitimate", "fraud"],
    "handbook": ["legitimate", "fraud"],
    "aws_fraud_detector": ["legitimate", None],
}


@pytest.fixture
def rows(request, tmp_path) -> list[Row]:
    file = tmp_path / "sample.csv"
    file.write_text(SAMPLES[request.param])
    mapping = read_mapping(EXAMPLES / f"{request.param}.toml")
    settings = load_settings(**mapping.loop, namespace="example")
    require_horizon(mapping, settings.learning.maturity_horizon_s)
    checked = check_file(file, mapping, settings, now_ms())
    assert [(one.column, one.reason) for one in checked.findings if one.fatal] == []
    return list(read_rows(checked, Period(), None))


every_example = pytest.mark.parametrize(
    ("rows", "name"), [(name, name) for name in SAMPLES], indirect=["rows"], ids=list(SAMPLES)
)


def test_every_mapping_has_a_sample():
    assert {file.stem for file in EXAMPLES.glob("*.toml")} == set(SAMPLES)


@every_example
def test_the_first_row_is_the_first_payment(rows, name):
    transaction_id, user_id, time, amount = FIRST[name]
    found = min(rows, key=lambda row: row.event_time_ms)
    assert (found.transaction.transaction_id, found.transaction.user_id) == (transaction_id, user_id)
    assert str(np.datetime64(found.event_time_ms, "ms"))[:19] == time
    assert found.transaction.amount == amount


@every_example
def test_verdicts_are_read(rows, name):
    assert [row.verdict for row in rows] == VERDICTS[name]


@pytest.mark.parametrize("rows", list(SAMPLES), indirect=True)
def test_the_detector_understands_every_value(rows):
    assert [read_payment(encode(row.transaction)).flags for row in rows] == [[] for _ in rows]


@pytest.mark.parametrize("rows", ["tabformer"], indirect=True)
def test_tabformer_is_read_as_it_is_downloaded(rows):
    found = [
        (row.transaction.amount, row.transaction.card_id, row.transaction.channel, row.transaction.merchant_category)
        for row in rows
    ]
    assert found == [
        (1128.44, "1-2", "chip", "5300"),
        (134.09, "0-0", "swipe", "5300"),
        (-99.0, "0-0", "online", "4900"),
    ]


@pytest.mark.parametrize("rows", ["ieee_cis"], indirect=True)
def test_a_card_of_several_columns_is_missing_where_a_part_is(rows):
    assert [row.transaction.card_id for row in rows] == [None, "2755-404-150-102-325"]


@pytest.mark.parametrize("rows", ["ulb_credit_card"], indirect=True)
def test_components_are_numbers(rows):
    assert rows[0].transaction.attributes == {"V14": -0.14, "V4": -0.04, "V12": -0.12, "V10": -0.1}
