"""Values as they stand in real files: each kind is read, or refused with its row, column, value and what to do."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from operations.replay.columns.numbers import LIMITS, NumberReader
from operations.replay.columns.texts import TextReader
from operations.replay.columns.times import NO_TIME, Bounds, TimeReader, parsed_ms
from operations.replay.mapping import FileOptions, Source
from tests.checking import a_file, a_mapping, check, rows
from weir.messages import LAST_MS


def number_of(text: str, strip: str | list[str] | None = None, **file: str) -> float | str:
    """The amount that a text becomes, or what to do about it."""
    reader = NumberReader(Source(column="a", strip=strip), FileOptions(**file), LIMITS["amount"])
    numbers, faults = reader.read({"a": pa.array([text])}, 1)
    return faults[0].remedy if faults else float(numbers[0])


def time_of(value: object, **source: object) -> str:
    """The time that a value becomes in UTC, or what to do about it."""
    values = pa.array([value], pa.timestamp("ms") if isinstance(value, pd.Timestamp) else None)
    reader = TimeReader(Source(column="t", **source), Bounds(1_800_000_000_000, required=True))
    times, faults = reader.read({"t": values})
    return faults[0].remedy if faults else str(np.datetime64(int(times[0]), "ms")).removesuffix(".000")


@pytest.mark.parametrize(
    ("text", "options", "amount"),
    [
        ("12.50", {}, 12.5),
        ("12", {}, 12.0),
        ("-12.50", {}, -12.5),
        ("+12.50", {}, 12.5),
        (" 12.50 ", {}, 12.5),
        ("\u22121.50", {}, -1.5),
        ("(12.50)", {}, -12.5),
        ("12.50-", {}, -12.5),
        ("1.25e3", {}, 1250.0),
        (".5", {}, 0.5),
        ("1,234.50", {"thousands": ","}, 1234.5),
        ("12,34,567.50", {"thousands": ","}, 1234567.5),
        ("-1,234,567", {"thousands": ","}, -1234567.0),
        ("(1,234.50)", {"thousands": ","}, -1234.5),
        ("1'234.50", {"thousands": "'"}, 1234.5),
        ("1\u2019234.50", {"thousands": "'"}, 1234.5),
        ("1 234,50", {"thousands": " ", "decimal": ","}, 1234.5),
        ("1\u00a0234,50", {"thousands": " ", "decimal": ","}, 1234.5),
        ("1\u202f234,50", {"thousands": " ", "decimal": ","}, 1234.5),
        ("1.234,50", {"thousands": ".", "decimal": ","}, 1234.5),
        ("20,50", {"decimal": ","}, 20.5),
        ("$134.09", {"strip": "$"}, 134.09),
        ("$-77.00", {"strip": "$"}, -77.0),
        ("-$77.00", {"strip": "$"}, -77.0),
        ("($77.00)", {"strip": "$"}, -77.0),
        ("$1,128.44", {"strip": "$", "thousands": ","}, 1128.44),
        ("12,50 \u20ac", {"strip": "\u20ac", "decimal": ","}, 12.5),
        ("EUR 12.50", {"strip": ["EUR", "USD"]}, 12.5),
        ("12.50 USD", {"strip": ["EUR", "USD"]}, 12.5),
        ('"12.50"', {"strip": '"'}, 12.5),
    ],
)
def test_an_amount_is_read_as_the_mapping_says(text, options, amount):
    assert number_of(text, **options) == amount


@pytest.mark.parametrize(
    ("text", "options", "remedy"),
    [
        ("1,234.50", {}, 'Add thousands = ","'),
        ("1.234,50", {}, 'Add thousands = "." and decimal = ","'),
        ("20,50", {}, 'Add decimal = ","'),
        ("1'234.50", {}, 'Add thousands = "\'"'),
        ("1 234,50", {}, 'Add thousands = " " and decimal = ","'),
        ("$12.50", {}, 'Add strip = "$"'),
        ("12.50 EUR", {}, 'Add strip = "EUR"'),
        ("'12.50'", {}, 'Add quote = "\'"'),
        ('"12.50"', {}, 'Add strip = "\\""'),
        ("NA", {}, 'add null_values = ["NA"]'),
        ("null", {}, 'add null_values = ["null"]'),
        ("nan", {}, 'add null_values = ["nan"]'),
        ("ten", {}, "Correct it"),
        ("inf", {}, "Correct it"),
        ("0x1F", {}, "Correct it"),
        ("1.2.3", {}, "Correct it"),
        ("1e13", {}, "Correct it"),
        ("1.50", {"thousands": ".", "decimal": ","}, "Correct it"),
        ("1,50", {"thousands": ","}, 'Add decimal = ","'),
        ("20.50", {"decimal": ","}, "Correct it"),
        ("", {}, "Fill it in"),
        ("$", {"strip": "$"}, "Fill it in"),
    ],
)
def test_a_text_that_is_no_amount_is_refused_with_what_to_do(text, options, remedy):
    assert remedy in number_of(text, **options)


def test_a_single_odd_amount_is_no_reason_to_change_the_mapping(tmp_path):
    result = check(tmp_path, a_file() + rows(1, id="t9", amount='"20,50"', time="2024-03-09"))
    assert "decimal" not in result.output
    assert "row 5 (line 6), column 'amount': '20,50'" in result.text


@pytest.mark.parametrize(
    ("value", "source", "time"),
    [
        ("2024-03-10", {}, "2024-03-10T00:00:00"),
        ("2024-03-10 09:30:00", {}, "2024-03-10T09:30:00"),
        ("2024-03-10T09:30", {}, "2024-03-10T09:30:00"),
        ("2024-03-10T09:30:00.250", {}, "2024-03-10T09:30:00.250"),
        ("2024-03-10T09:30:00.123456Z", {}, "2024-03-10T09:30:00.123"),
        ("2024-03-10T09:30:00+02:00", {}, "2024-03-10T07:30:00"),
        ("20240310T093000", {}, "2024-03-10T09:30:00"),
        ("2024-W10-7", {}, "2024-03-10T00:00:00"),
        ("2024W107", {}, "2024-03-10T00:00:00"),
        (" 2024-03-10 ", {}, "2024-03-10T00:00:00"),
        ("1710063000000", {}, "2024-03-10T09:30:00"),
        ("1710063000", {"unit": "s"}, "2024-03-10T09:30:00"),
        ("1710063000.5", {"unit": "s"}, "2024-03-10T09:30:00.500"),
        ("1710063000.0", {"unit": "s"}, "2024-03-10T09:30:00"),
        (1_710_063_000, {"unit": "s"}, "2024-03-10T09:30:00"),
        (1_710_063_000.0, {"unit": "s"}, "2024-03-10T09:30:00"),
        ("1710063000000000", {"unit": "us"}, "2024-03-10T09:30:00"),
        ("1710063000000000000", {"unit": "ns"}, "2024-03-10T09:30:00"),
        ("28501050", {"unit": "min"}, "2024-03-10T09:30:00"),
        ("5", {"unit": "h", "origin": "2024-03-10"}, "2024-03-10T05:00:00"),
        ("5", {"unit": "s", "scale": 3600, "origin": "2024-03-10"}, "2024-03-10T05:00:00"),
        ("0", {"unit": "d", "origin": "2024-03-10T09:30:00+01:00"}, "2024-03-10T08:30:00"),
        ("1", {"unit": "h", "origin": "2024-03-10", "zone": "Europe/Berlin"}, "2024-03-10T00:00:00"),
        ("45361.5", {"unit": "d", "origin": "1899-12-30"}, "2024-03-10T12:00:00"),
        ("15/01/2024 14:22", {"format": "%d/%m/%Y %H:%M"}, "2024-01-15T14:22:00"),
        ("01/15/2024", {"format": "%m/%d/%Y"}, "2024-01-15T00:00:00"),
        ("5/1/2024 9:05", {"format": "%d/%m/%Y %H:%M"}, "2024-01-05T09:05:00"),
        ("15.01.2024 14:22:33", {"format": "%d.%m.%Y %H:%M:%S"}, "2024-01-15T14:22:33"),
        ("15.01.2024 14:22:33.250", {"format": "%d.%m.%Y %H:%M:%S.%f"}, "2024-01-15T14:22:33.250"),
        ("Jan 15, 2024 02:22 PM", {"format": "%b %d, %Y %I:%M %p"}, "2024-01-15T14:22:00"),
        ("15/Jan/2024:14:22:00 +0200", {"format": "%d/%b/%Y:%H:%M:%S %z"}, "2024-01-15T12:22:00"),
        ("20240310", {"format": "%Y%m%d"}, "2024-03-10T00:00:00"),
        ("20240310.0", {"format": "%Y%m%d"}, "2024-03-10T00:00:00"),
        (20_240_310, {"format": "%Y%m%d"}, "2024-03-10T00:00:00"),
        ("20240310093000", {"format": "%Y%m%d%H%M%S"}, "2024-03-10T09:30:00"),
        ("2024-07-10 09:30:00", {"zone": "Europe/Berlin"}, "2024-07-10T07:30:00"),
        ("15/07/2024 09:30", {"zone": "Europe/Berlin", "format": "%d/%m/%Y %H:%M"}, "2024-07-15T07:30:00"),
        ("2024-10-27 02:30:00", {"zone": "Europe/Berlin"}, "2024-10-27T00:30:00"),
        ("2024-03-31 02:30:00", {"zone": "Europe/Berlin"}, "2024-03-31T01:00:00"),
        ("2024-07-10T09:30:00Z", {"zone": "Europe/Berlin"}, "2024-07-10T09:30:00"),
        ("2024-03-10 09:30:00 UTC", {"strip": "UTC"}, "2024-03-10T09:30:00"),
        (pd.Timestamp("2024-03-10 09:30"), {}, "2024-03-10T09:30:00"),
        (pd.Timestamp("2024-07-10 09:30"), {"zone": "Europe/Berlin"}, "2024-07-10T07:30:00"),
    ],
)
def test_a_time_is_read_as_the_mapping_says(value, source, time):
    assert time_of(value, **source) == time


@pytest.mark.parametrize(
    ("value", "source", "remedy"),
    [
        ("1546300818", {}, 'looks like seconds: add unit = "s"'),
        ("1546300818.0", {}, 'looks like seconds: add unit = "s"'),
        (1_546_300_818, {}, 'looks like seconds: add unit = "s"'),
        ("20240110", {}, 'looks like a date: add format = "%Y%m%d"'),
        ("20240110", {"unit": "s"}, 'add format = "%Y%m%d", and remove `unit`'),
        ("20240110093000", {}, 'add format = "%Y%m%d%H%M%S"'),
        ("202401100930", {}, 'add format = "%Y%m%d%H%M"'),
        ("1546300818000000", {}, 'add unit = "us"'),
        ("1546300818000000000", {}, 'add unit = "ns"'),
        ("1546300818000", {"unit": "s"}, "Correct `unit`"),
        ("12", {}, "add origin, unit and scale"),
        ("12", {"unit": "s", "scale": 3600}, "add origin, unit and scale"),
        ("45361.5", {}, 'add unit = "d" and origin = "1899-12-30"'),
        ("12", {"unit": "h", "origin": "1960-01-01"}, "Correct `origin`"),
        ("15/01/2024 14:22", {}, 'Add format = "%d/%m/%Y %H:%M"'),
        ("01/15/2024", {}, 'Add format = "%m/%d/%Y"'),
        ("01/02/2024", {}, 'Add format = "%d/%m/%Y" or format = "%m/%d/%Y"'),
        ("15-Jan-2024", {}, 'Add format = "%d-%b-%Y"'),
        ("2024/01/15 14:22:00", {}, 'Add format = "%Y/%m/%d %H:%M:%S"'),
        ("01/15/2024", {"format": "%d/%m/%Y"}, "Correct it or `format`"),
        ("2024-01-15", {"format": "%d/%m/%Y"}, "Correct it or `format`"),
        ("31/02/2024", {"format": "%d/%m/%Y"}, "Correct it or `format`"),
        ("now", {"format": "%d/%m/%Y"}, "Correct it or `format`"),
        ("2024-02-30", {}, "Correct it"),
        ("2024-13-01", {}, "Correct it"),
        ("yesterday", {}, "Correct it"),
        ("14:22:00", {}, "lacks the day"),
        ("2024-03-10 09:30:00 UTC", {}, 'Add strip = "UTC"'),
        ("NaT", {}, 'add null_values = ["NaT"]'),
        ("2099-01-01", {}, "Correct it"),
        ("1965-01-01", {}, "Correct it"),
        ("2024-01-15", {"unit": "s"}, "Remove `unit`"),
        ("1710063000000", {"zone": "Europe/Berlin"}, "Remove `zone`"),
        (pd.Timestamp("2024-03-10"), {"unit": "s"}, "Remove `unit`"),
        (pd.Timestamp("2024-03-10"), {"format": "%Y"}, "Remove `unit`"),
        (True, {}, "Correct it"),
        ("", {}, "Correct it"),
        (None, {}, "Fill it in"),
    ],
)
def test_a_time_that_cannot_be_meant_is_refused_with_what_to_do(value, source, remedy):
    assert remedy in time_of(value, **source)


def test_one_odd_time_among_others_is_still_read():
    values = pa.array(["2024-03-10", "2024-W10-7", "1710063000000", None, "?"])
    times, faults = TimeReader(Source(column="t"), Bounds(LAST_MS, required=False)).read({"t": values})
    midnight = parsed_ms("2024-03-10")
    assert times.tolist() == [midnight, midnight, 1_710_063_000_000, NO_TIME, NO_TIME]
    assert [fault.rows.tolist() for fault in faults] == [[4]]


@pytest.mark.parametrize("zone", ["Z", "+00:00", "+02:00", ""])
@pytest.mark.parametrize("fraction", ["", ".5", ".250", ".123456"])
def test_a_column_of_one_form_is_read_as_each_value_alone(zone, fraction):
    texts = [f"2024-03-10T09:30:0{second}{fraction}{zone}" for second in range(3)]
    times, faults = TimeReader(Source(column="t"), Bounds(LAST_MS, required=True)).read({"t": pa.array(texts)})
    assert (times.tolist(), faults) == ([parsed_ms(text) for text in texts], [])


def test_a_time_is_composed_of_columns():
    columns = {"y": pa.array([2016.0]), "m": pa.array(["9"]), "d": pa.array([1]), "t": pa.array(["06:21"])}
    source = Source(columns=["y", "m", "d", "t"], format="%Y %m %d %H:%M")
    times, faults = TimeReader(source, Bounds(LAST_MS, required=True)).read(columns)
    assert (times.tolist(), faults) == ([parsed_ms("2016-09-01T06:21")], [])


def test_columns_of_day_and_time_make_iso_8601():
    columns = {"day": pa.array(["2016-09-01"]), "t": pa.array(["06:21:30"])}
    times, _ = TimeReader(Source(columns=["day", "t"]), Bounds(LAST_MS, required=True)).read(columns)
    assert times.tolist() == [parsed_ms("2016-09-01T06:21:30")]


def texts_of(values: list, **source: object) -> list[str | None]:
    found, _ = TextReader(Source(column="x", **source)).read({"x": pa.array(values)}, np.arange(1, len(values) + 1))
    return found.to_pylist()


@pytest.mark.parametrize(
    ("values", "source", "texts"),
    [
        (["007", "7"], {}, ["007", "7"]),
        (["123.0", "7.50"], {}, ["123", "7.50"]),
        ([123.0, 7.5], {}, ["123", "7.5"]),
        ([3527213246127876953], {}, ["3527213246127876953"]),
        (["null", "NA", "None", "nan", "NULL", "n/a"], {}, ["null", "NA", "None", "nan", "NULL", "n/a"]),
        (["", "  ", None], {}, [None, None, None]),
        (["'C100'", "O'Neil"], {"strip": "'"}, ["C100", "O'Neil"]),
        (["USD usd"], {"strip": "USD"}, ["usd"]),
        (["a", "b", None], {"map": {"a": "x"}}, ["x", "b", None]),
        (["a", "b"], {"map": {"a": ""}}, [None, "b"]),
        (["7", None], {"prefix": "u-"}, ["u-7", None]),
    ],
)
def test_a_text_stays_as_it_is_but_for_what_the_mapping_says(values, source, texts):
    assert texts_of(values, **source) == texts


def test_an_id_of_several_columns_is_missing_where_a_part_is():
    columns = {"a": pa.array(["1", "1", None]), "b": pa.array([2.0, None, 3.0])}
    found, faults = TextReader(Source(columns=["a", "b"], join="/"), required=True).read(columns, np.arange(3))
    assert found.to_pylist() == ["1/2", None, None]
    assert [(fault.reason, fault.rows.tolist()) for fault in faults] == [("is empty", [1, 2])]


def test_an_id_can_be_the_number_of_the_row(tmp_path):
    mapping = a_mapping(transaction_id='{ row_number = true, prefix = "x" }')
    result = check(tmp_path, a_file(id="same"), mapping)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("user", ["null", "NA", "None", "nan", "NULL", "N/A", "0", "007", "-"])
def test_a_user_may_have_any_name(tmp_path, user):
    assert check(tmp_path, a_file(user=user)).exit_code == 0


@pytest.mark.parametrize("null", ["NA", "-", "null", "\\\\N"])
def test_null_values_are_missing_in_every_column(tmp_path, null):
    plain = null.replace("\\\\", "\\")
    data = (
        a_file() + rows(1, id="t9", user=plain, time="2024-03-09") + rows(1, id="t10", amount=plain, time="2024-03-10")
    )
    result = check(tmp_path, data, a_mapping(f'null_values = ["{null}"]'))
    assert "row 5 (line 6), column 'user'" in result.text
    assert "row 6 (line 7), column 'amount'" in result.text
    assert result.text.count("is empty") == 2


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [
        ("id", "", ""),
        ("user", "", ""),
        ("user", "   ", ""),
        ("time", "", ""),
        ("time", "soon", ": 'soon'"),
        ("amount", "", ""),
        ("amount", "ten", ": 'ten'"),
        ("fraud", "2", ": '2'"),
        ("fraud", "maybe", ": 'maybe'"),
        ("id", "x" * 129, f": '{'x' * 60}...'"),
    ],
)
@pytest.mark.parametrize("place", [1, 3, 5])
def test_a_bad_value_in_any_row_is_listed_with_row_column_and_value(tmp_path, column, value, shown, place):
    lines = a_file(id="t{n}", time="2024-03-01").splitlines(keepends=True)
    lines.insert(place, rows(1, **{"id": "bad", "time": "2024-03-01", column: value}))
    result = check(tmp_path, "".join(lines))
    assert result.exit_code == 1
    assert f"row {place} (line {place + 1}), column '{column}'{shown}\n" in result.output
    assert result.last_line == f"1 of 5 rows is wrong: {column}."


@pytest.mark.parametrize(
    ("value", "fraud"),
    [("1", "[1]"), ("1.0", "[1]"), ("1", '["1"]'), ("true", "[1]"), ("True", "[true]"), ("Y", '["Y"]'), (" 1 ", "[1]")],
)
def test_verdicts_are_equal_however_they_are_written(tmp_path, value, fraud):
    label = f'[label]\ncolumn = "fraud"\nfraud = {fraud}\nlegitimate = [0]\n'
    result = check(tmp_path, a_file(fraud=value), a_mapping(label=label))
    assert "fraud │ 4" in result.text, result.output


def test_odd_optional_values_are_warnings_with_their_counts(tmp_path):
    mapping = a_mapping(currency='"merchant"', country='"user"').replace('merchant_id = "merchant"', "")
    result = check(tmp_path, a_file(merchant="usd", user="USA"), mapping)
    assert result.exit_code == 0
    assert "Column 'merchant', 4 rows: is written in another way than usual" in result.text
    assert "'usd as USD'" in result.text
    assert "Column 'user', 4 rows: is no country, so the detector leaves it out" in result.text
    assert "currencies │ USD 4" in result.text


def test_a_currency_that_cannot_be_read_is_wrong(tmp_path):
    mapping = a_mapping(currency='"merchant"').replace('merchant_id = "merchant"', "")
    result = check(tmp_path, a_file(merchant="EURO"), mapping)
    assert (result.exit_code, result.last_line) == (1, "4 of 4 rows are wrong: merchant.")


def test_a_currency_without_a_rate_is_a_warning(tmp_path):
    result = check(tmp_path, a_file(), a_mapping(currency='{ constant = "XAU" }'))
    assert result.exit_code == 0
    assert "has XAU in 4 rows, which has no exchange rate: scored without the amount" in result.text


@pytest.mark.parametrize("degrees", ["abc", "91", "-1000"])
def test_an_odd_position_is_left_out_with_a_warning(tmp_path, degrees):
    mapping = a_mapping(latitude='"merchant"', longitude='"fraud"').replace('merchant_id = "merchant"', "")
    result = check(tmp_path, a_file(merchant=degrees), mapping)
    assert result.exit_code == 0
    assert "Column 'merchant', 4 rows" in result.text


def test_refunds_are_counted_and_not_refused(tmp_path):
    result = check(tmp_path, a_file() + rows(2, id="r{n}", amount="-20", time="2024-03-1{n}"))
    assert result.exit_code == 0
    assert "money back │ 2 rows" in result.text


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1, 0, 1, 0], pa.int8()),
        pa.array([True, False, True, False]),
        pa.array(["1", "0", "1", "0"]).dictionary_encode(),
        pa.array([1.0, 0.0, 1.0, 0.0]),
        pa.array(["1", "0", "1", "0"], pa.large_string()),
    ],
    ids=str,
)
def test_parquet_may_hold_values_of_any_type(tmp_path, column):
    table = pa.table(
        {
            "id": pa.array([1, 2, 3, 4]),
            "user": pa.array(["a", "b", "a", "b"]).dictionary_encode(),
            "time": pa.array(pd.to_datetime(["2024-03-01"] * 4).date),
            "amount": pa.array([Decimal("1.50")] * 4),
            "merchant": pa.nulls(4),
            "fraud": column,
        }
    )
    pa.parquet.write_table(table, tmp_path / "made.parquet")
    result = check(tmp_path, (tmp_path / "made.parquet").read_bytes(), a_mapping(), "data.parquet")
    assert result.exit_code == 0, result.output
    assert "fraud │ 2" in result.text


@pytest.mark.parametrize("key", ['delimiter = ";"', 'encoding = "utf-8"', "skip_lines = 0", 'quote = "\'"'])
def test_a_key_of_texts_has_no_effect_on_parquet_and_is_refused(tmp_path, key):
    pd.DataFrame({"id": ["a"]}).to_parquet(tmp_path / "made.parquet")
    result = check(tmp_path, (tmp_path / "made.parquet").read_bytes(), a_mapping(key), "data.parquet")
    assert result.exit_code == 2
    assert f"[file] '{key.split()[0]}' has no effect on a Parquet file" in result.text


@pytest.mark.parametrize(
    ("text", "strip"), [("12:50", ":"), ("12\u20ac50", "\u20ac"), ("1/2", "/"), ("3 EUR 50", "EUR")]
)
def test_nothing_is_stripped_from_between_two_digits(text, strip):
    assert isinstance(number_of(text, strip=strip), str)


@pytest.mark.parametrize(
    ("text", "options", "remedy"),
    [
        ("1.234,50 \u20ac", {"strip": "\u20ac"}, 'Add thousands = "." and decimal = ","'),
        ("1\u202f234,50", {}, 'Add thousands = " " and decimal = ","'),
        ("Rs. 1,200.50", {}, 'Add strip = "Rs."'),
        ("12.50 CR", {}, "Correct it"),
        ("12:50", {}, "Correct it"),
        ("\u0661\u0662", {}, "Correct it"),
        ("5\u200b", {}, r'Add strip = "\u200b"'),
        ("#N/A", {}, "null_values"),
    ],
)
def test_a_hint_leads_to_the_amount(text, options, remedy):
    assert remedy in number_of(text, **options)


@pytest.mark.parametrize(
    ("amounts", "warned"), [("1.2{n}0", True), ("1.234.5{n}0", False), ("12.{n}", False), ("{n}", False)]
)
def test_amounts_that_may_have_points_for_thousands_are_pointed_out(tmp_path, amounts, warned):
    assert ("If the point separates thousands" in check(tmp_path, a_file(9, amount=amounts)).text) is warned


@pytest.mark.parametrize(
    ("value", "source", "remedy"),
    [
        ("1710063000", {"unit": "ms"}, 'unit = "s"'),
        ("2024-3-1", {}, 'format = "%Y-%m-%d"'),
        ("2024-03-10 9:15 PM", {}, 'format = "%Y-%m-%d %I:%M %p"'),
        ("Sun, 10 Mar 2024 09:15:30", {}, "%a, %d %b %Y %H:%M:%S"),
        ("10 mars 2024", {}, "in English"),
        ("20240310091530123", {}, "Correct it"),
    ],
)
def test_a_hint_leads_to_the_time(value, source, remedy):
    assert remedy in time_of(value, **source)


@pytest.mark.parametrize("user", ["4.53988E+15", "1.152921504606847e+18", "4,5E+15"])
def test_ids_that_lost_their_last_digits_are_refused(tmp_path, user):
    result = check(tmp_path, a_file(user=f'"{user}"'))
    assert result.exit_code == 1
    assert "lost its last digits" in result.text


@pytest.mark.parametrize("kind", [pa.decimal128(20, 0), pa.decimal128(38, 10), pa.decimal256(50, 0)])
def test_ids_that_are_decimals_stay_apart(tmp_path, kind):
    ids = pa.array([Decimal(2**61 + n) for n in range(4)], kind)
    table = pa.table({"id": ids, "user": ids, "time": ["2024-03-01"] * 4, "amount": [1.0] * 4})
    pq.write_table(table, tmp_path / "data.parquet")
    mapping = a_mapping(label="").replace('merchant_id = "merchant"', "")
    result = check(tmp_path, (tmp_path / "data.parquet").read_bytes(), mapping, "data.parquet")
    assert "\u2502 users \u2502 4 \u2502" in result.text


def test_a_verdict_that_is_a_time_is_in_neither_list(tmp_path):
    table = pa.table({"id": ["t"], "user": ["u"], "time": ["2024-03-01"], "amount": [1.0], "merchant": ["m"]})
    pq.write_table(table.append_column("fraud", pa.array([0], pa.timestamp("ms"))), tmp_path / "data.parquet")
    result = check(tmp_path, (tmp_path / "data.parquet").read_bytes(), name="data.parquet")
    assert "is in neither list" in result.text
