from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from operations.replay.arrow_file import Batch
from operations.replay.mapping import parse_mapping
from operations.replay.rows import Row, RowBlock, RowReader
from tests.builders import DAY_MS, NOON_MS
from weir.errors import DeploymentError

EXAMPLES = Path(__file__).parents[2] / "examples"
TRANSACTION = '[transaction]\ntransaction_id="id"\nuser_id="who"\nevent_time="at"\namount="price"\n'
LABEL = '[label]\ncolumn="bad"\nfraud=[1]\nlegitimate=[0]\n'


def block_of(mapping: str, **columns: list) -> RowBlock:
    defaults = {"id": ["a"], "who": ["u"], "at": [NOON_MS], "price": [2.0]}
    arrays = {name: pa.array(values, from_pandas=True) for name, values in {**defaults, **columns}.items()}
    numbers = np.arange(1, len(arrays["id"]) + 1)
    return RowReader(parse_mapping(mapping)).read(Batch(numbers, arrays, []))


def rows_of(mapping: str, **columns: list) -> list[Row]:
    block = block_of(mapping, **columns)
    assert block.faults == []
    return list(block.rows(np.arange(len(block.numbers))))


def faults_of(mapping: str, **columns: list) -> list[tuple[str, str, tuple]]:
    return [(fault.column, fault.reason, fault.shown) for fault in block_of(mapping, **columns).faults]


def row_of(mapping: str, **columns: list) -> Row:
    return rows_of(mapping, **columns)[0]


def test_columns_become_a_transaction():
    transaction = row_of(TRANSACTION).transaction
    assert (transaction.transaction_id, transaction.user_id) == ("a", "u")
    assert (transaction.event_time, transaction.amount) == (NOON_MS, 2.0)


def test_ids_that_are_numbers_become_text_with_their_prefix():
    mapping = TRANSACTION.replace('user_id="who"', 'user_id={column="who", prefix="customer-"}')
    assert row_of(mapping, who=[7.0], id=[12]).transaction.user_id == "customer-7"
    assert row_of(mapping, who=[7], id=[12]).transaction.transaction_id == "12"


def test_an_amount_in_cents_is_scaled():
    mapping = TRANSACTION.replace('amount="price"', 'amount={column="price", scale=0.01}')
    assert row_of(mapping, price=[1999]).transaction.amount == pytest.approx(19.99)


def test_a_missing_value_is_a_missing_field_never_a_zero():
    mapping = TRANSACTION + 'latitude="lat"\ncountry="land"\n'
    found = [row.transaction for row in rows_of(mapping, lat=[float("nan")], land=[None])]
    assert (found[0].latitude, found[0].country) == (None, None)


def test_a_constant_fills_every_row():
    mapping = TRANSACTION + 'currency={constant="EUR"}\n'
    two = {"id": ["a", "b"], "who": ["u", "u"], "at": [NOON_MS, NOON_MS], "price": [1.0, 2.0]}
    assert [row.transaction.currency for row in rows_of(mapping, **two)] == ["EUR", "EUR"]


def test_attributes_keep_numbers_as_numbers():
    mapping = TRANSACTION + '[attributes]\nbin="card_bin"\nrisk="points"\n'
    assert row_of(mapping, card_bin=["0042"], points=[3]).transaction.attributes == {"bin": "0042", "risk": 3.0}


@pytest.mark.parametrize(
    ("unit", "value"),
    [
        ("", NOON_MS),
        (', unit="ms"', NOON_MS),
        (', unit="s"', NOON_MS / 1000),
        ("", "2025-06-15T15:06:40"),
        ("", "2025-06-15T17:06:40+02:00"),
    ],
)
def test_event_times_are_read_in_every_format(unit, value):
    mapping = TRANSACTION.replace('event_time="at"', f'event_time={{column="at"{unit}}}')
    assert row_of(mapping, at=[value]).event_time_ms == NOON_MS


def test_a_label_is_known_after_its_delay():
    row = row_of(TRANSACTION + LABEL + "delay_s=86400\n", bad=[1])
    assert (row.verdict, row.known_ms) == ("fraud", NOON_MS + DAY_MS)


def test_a_label_with_a_time_is_known_then_but_not_before_its_transaction():
    mapping = TRANSACTION + LABEL + 'time="seen"\n'
    assert row_of(mapping, bad=[0], seen=[NOON_MS + 5]).known_ms == NOON_MS + 5
    assert row_of(mapping, bad=[0], seen=[NOON_MS - 5]).known_ms == NOON_MS


@pytest.mark.parametrize(
    ("value", "verdict"), [(1.0, "fraud"), (True, "fraud"), (0, "legitimate"), (float("nan"), None), (None, None)]
)
def test_verdict_values_are_compared_as_numbers_and_empty_means_unlabelled(value, verdict):
    assert row_of(TRANSACTION + LABEL, bad=[value]).verdict == verdict


def test_verdict_values_can_be_text():
    mapping = TRANSACTION + '[label]\ncolumn="bad"\nfraud=["F"]\nlegitimate=["N"]\n'
    assert [row_of(mapping, bad=[value]).verdict for value in ("F", "N")] == ["fraud", "legitimate"]


def test_a_verdict_value_that_the_mapping_does_not_list_is_a_fault():
    assert faults_of(TRANSACTION + LABEL, bad=[2]) == [("bad", "is in neither list of the mapping's [label]", ("2",))]


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ({"at": [None]}, ("at", "is empty", ())),
        ({"at": ["yesterday"]}, ("at", "is not a time", ("yesterday",))),
        ({"price": ["ten"]}, ("price", "is not a number", ("ten",))),
        ({"price": [None]}, ("price", "is empty", ())),
        ({"who": [""]}, ("who", "is empty", ())),
    ],
)
def test_an_invalid_value_is_a_fault_of_its_column(columns, fault):
    assert faults_of(TRANSACTION, **columns) == [fault]


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        ("[transaction", "Expected ']'"),
        (TRANSACTION.replace('amount="price"', ""), "has no 'amount'"),
        (TRANSACTION + 'colour="c"', "'colour' is not a field"),
        (TRANSACTION + 'country={column="c", constant="FR"}', "either a column or a constant"),
        (TRANSACTION + 'country={colum="c"}', "unknown field `colum`"),
        (TRANSACTION.replace('event_time="at"', "event_time={constant=3}"), "'event_time' must be a column"),
        (TRANSACTION + LABEL.replace("legitimate=[0]", "legitimate=[0, 1]"), "both fraud and legitimate"),
        (TRANSACTION + LABEL.replace("fraud=[1]", "fraud=[]"), "'fraud' names no value"),
        (TRANSACTION + LABEL + "delay_s=-1", "delay_s"),
        (TRANSACTION + LABEL + 'send="some"', "send"),
        ("slice_s=0\n" + TRANSACTION, "slice_s"),
        (TRANSACTION + "[labels]\n", "unknown field `labels`"),
    ],
)
def test_an_invalid_mapping_is_refused_with_the_problem(mapping, sentence):
    with pytest.raises(DeploymentError, match=sentence):
        parse_mapping(mapping)


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.toml")), ids=lambda file: file.stem)
def test_the_examples_are_valid_mappings(file):
    assert parse_mapping(file.read_text()).title
