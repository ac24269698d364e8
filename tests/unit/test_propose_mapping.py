"""`weir map` proposes a mapping with which the file passes its check, and says why."""

import gzip
import tomllib

import pandas as pd
import pyarrow as pa
import pytest

from operations.replay.mapping import parse_mapping
from operations.replay.proposing.guesses import guess_label
from tests.checking import a_file, command
from tests.public_samples import SAMPLES

PLAIN = a_file(12)
GERMAN = "".join(
    [
        "Umsatz;Konto\nStand;1\n\n",
        "id;kunde;user;date;amount;merchant;fraud\n",
        *(f'r{n};x;u{n};{n:02d}.03.2024 10:00;"{n}.234,50";s;{n % 2}\n' for n in range(10, 20)),
    ]
)


def proposal_for(tmp_path, data: str | bytes, name: str = "data.csv") -> tuple[str, dict]:
    """The text of the proposal, and what it says; the file passes its check with it."""
    file, mapping = tmp_path / name, tmp_path / "proposed.toml"
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    assert command("map", str(file), "--output", str(mapping)).exit_code == 0
    checked = command("check", str(file), "--mapping", str(mapping))
    assert checked.exit_code == 0, checked.output
    text = mapping.read_text()
    parse_mapping(text)
    return text, tomllib.loads(text)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_public_data_sets_are_mapped(tmp_path, name):
    proposal_for(tmp_path, SAMPLES[name])


@pytest.mark.parametrize(
    ("data", "file"),
    [
        (PLAIN, {}),
        (PLAIN.replace(",", ";"), {"delimiter": ";"}),
        (PLAIN.replace(",", "\t"), {"delimiter": "\t"}),
        (PLAIN.replace(",", "|"), {"delimiter": "|"}),
        ("A note\n\n" + PLAIN, {"skip_lines": 2}),
        (a_file(12, amount='"20,{n}0"'), {"decimal": ","}),
        (a_file(12, amount='"1,2{n:02d}.50"'), {"thousands": ","}),
        (GERMAN, {"delimiter": ";", "skip_lines": 3, "thousands": ".", "decimal": ","}),
        (a_file(12, id="'t{n}'", user="'u{n}'", merchant="'s'"), {"quote": "'"}),
        (a_file(12, user="é{n}").encode("cp1252"), {"encoding": "cp1252"}),
        (a_file(12).encode("utf-16"), {"encoding": "utf-16"}),
        (gzip.compress(PLAIN.encode(), mtime=0), {}),
        (PLAIN + "x,u,2024-01-01,1,s,0\n", {"sort": True}),
    ],
)
def test_the_way_a_file_is_written_is_found(tmp_path, data, file):
    assert proposal_for(tmp_path, data)[1].get("file", {}) == file


@pytest.mark.parametrize(
    ("time", "source"),
    [
        ("2024-03-{n:02d}", "time"),
        ("17100630{n:02d}", {"column": "time", "unit": "s"}),
        ("17100630{n:02d}000", "time"),
        ("17100630{n:02d}000000", {"column": "time", "unit": "us"}),
        ("202403{n:02d}", {"column": "time", "format": "%Y%m%d"}),
        ("{n:02d}/03/2024 10:15", {"column": "time", "format": "%d/%m/%Y %H:%M"}),
        ("03/{n:02d}/2024", {"column": "time", "format": "%m/%d/%Y"}),
        ("{n:02d}.03.2024 10:15:30", {"column": "time", "format": "%d.%m.%Y %H:%M:%S"}),
        ("{n}", {"column": "time", "unit": "s", "origin": "2020-01-01"}),
    ],
)
def test_times_are_found(tmp_path, time, source):
    assert proposal_for(tmp_path, a_file(15, time=time))[1]["transaction"]["event_time"] == source


def test_an_open_order_of_day_and_month_is_said(tmp_path):
    text, _ = proposal_for(tmp_path, a_file(9, time="0{n}/03/2024"))
    assert "%m/%d/%Y would read the sampled values, too" in text


def test_a_symbol_is_stripped(tmp_path):
    found = proposal_for(tmp_path, a_file(9, amount="€{n}.50"))[1]
    assert found["transaction"]["amount"] == {"column": "amount", "strip": "€"}


def test_rows_without_an_id_are_numbered(tmp_path):
    text, found = proposal_for(tmp_path, a_file(id="same", time="2024-03-01 10:{n:02d}"))
    assert found["transaction"]["transaction_id"] == {"row_number": True}
    assert "row_number = true } # no column has an id of its own for each row" in text


@pytest.mark.parametrize(
    ("values", "fraud"), [("01", ["1"]), ("NY", ["Y"]), (["No", "Yes"], ["Yes"]), (["genuine", "fraud"], ["fraud"])]
)
def test_verdicts_are_found(tmp_path, values, fraud):
    data = a_file(8, fraud=values[0]) + f"x,u,2024-03-20,1,s,{values[1]}\n"
    label = proposal_for(tmp_path, data)[1]["label"]
    assert (label["column"], label["fraud"], label["legitimate"]) == ("fraud", fraud, [values[0]])


def test_the_columns_that_are_not_used_are_named(tmp_path):
    data = PLAIN.replace("\n", ",7\n").replace("fraud,7", "fraud,odd")
    assert "# Not used: odd" in proposal_for(tmp_path, data)[0]


@pytest.mark.parametrize("name", ["a\x08b", '"a\nb"', "a\x7fb", "é", "'a'", "#", ""])
def test_columns_may_have_any_name(tmp_path, name):
    proposal_for(tmp_path, PLAIN.replace("merchant", name))


def test_parquet_is_mapped(tmp_path):
    table = pd.DataFrame({"ref": [1, 2], "user": ["a", "b"], "at": pd.to_datetime(["2024-03-01", "2024-03-02"])})
    table.assign(amount=[1.0, 2.0], fraud=[0, 1]).to_parquet(tmp_path / "made.parquet")
    found = proposal_for(tmp_path, (tmp_path / "made.parquet").read_bytes(), "data.parquet")[1]
    assert found["transaction"]["event_time"] == "at"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("", "is empty"),
        ("id,time,amount\n", "has a header but no rows"),
        ("a,b\nx,y\n", "No column looks like amounts."),
        ("id,amount\nx,1\n", "No column looks like times."),
    ],
)
def test_a_file_without_payments_ends_with_a_sentence(tmp_path, data, sentence):
    (tmp_path / "data.csv").write_text(data)
    result = command("map", str(tmp_path / "data.csv"))
    assert result.exit_code == 2
    assert sentence in result.text


def test_a_mapping_is_never_overwritten(tmp_path):
    (tmp_path / "data.csv").write_text(PLAIN)
    (tmp_path / "mine.toml").write_text("mine")
    result = command("map", str(tmp_path / "data.csv"), "--output", str(tmp_path / "mine.toml"))
    assert (result.exit_code, (tmp_path / "mine.toml").read_text()) == (2, "mine")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (PLAIN.split("\n", 1)[1], "where the names of its columns should stand"),
        (PLAIN.replace("\n", ",\n").replace("fraud,", "fraud", 1), "where the names of its columns should stand"),
        (gzip.compress(PLAIN.encode(), mtime=0)[:-30], "is damaged"),
        (b"PAR1" + bytes(50), "is damaged"),
        (PLAIN.replace("shop", "sh\0op"), "is no text in UTF-8"),
        (a_file(12, amount="x"), "No column looks like amounts"),
        (PLAIN.replace(",", "^"), "one column"),
    ],
)
def test_a_file_that_cannot_be_mapped_is_refused_with_the_cause(tmp_path, data, sentence):
    file = tmp_path / "data.csv"
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    result = command("map", str(file))
    assert result.exit_code == 2
    assert sentence in result.text


@pytest.mark.parametrize(
    ("values", "fraud", "legitimate"),
    [
        (("fraud", "legit", "suspected"), ["fraud"], ["legit"]),
        (("0", "1", "2"), ["1"], ["0"]),
        (("good", "fraud"), ["fraud"], ["good"]),
        (("0", "7"), ["7"], ["0"]),
    ],
)
def test_a_verdict_that_is_unclear_is_not_taken_for_legitimate(values, fraud, legitimate):
    found = guess_label({"fraud": pa.array([*values] * 3)}, 0)
    assert found is not None
    assert (found[0].fraud, found[0].legitimate) == (fraud, legitimate)


def test_a_row_of_sums_hides_no_column(tmp_path):
    (tmp_path / "data.csv").write_text(PLAIN + "Total,,,300.0,,\n")
    assert 'event_time = "time"' in command("map", str(tmp_path / "data.csv")).output
