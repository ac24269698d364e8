"""Rows beside each other: ids that come again, order, label delays; and what replay and evaluate do with wrong rows."""

import pytest

from operations.replay.arrow_file import BATCH_ROWS
from tests.checking import HEADER, LABEL, a_file, a_mapping, check, command, rows

TWICE = rows(1, id="again", time="2024-03-05")


def test_an_equal_row_is_left_out_and_counted(tmp_path):
    result = check(tmp_path, a_file() + TWICE * 3)
    assert result.exit_code == 0
    assert "equal to an earlier row, left out │ 2 rows" in result.text
    assert result.last_line == "The file is fine: 5 rows can be replayed."


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"fraud": "1"}, "has the id of an earlier row, but another verdict"),
        ({"fraud": ""}, "has the id of an earlier row, but another verdict"),
        ({"time": "2024-03-06"}, "has the id of an earlier row, but other values"),
        ({"amount": "99"}, "has the id of an earlier row, but other values"),
        ({"user": "other"}, "has the id of an earlier row, but other values"),
    ],
)
def test_an_id_with_other_content_is_listed_with_both_rows(tmp_path, other, reason):
    result = check(tmp_path, a_file() + TWICE + rows(1, **{"id": "again", "time": "2024-03-05", **other}))
    assert (result.exit_code, result.last_line) == (1, "1 of 6 rows is wrong: id.")
    assert f"Column 'id', 1 row: {reason}" in result.text
    assert "row 6 (line 7), column 'id': as in row 5" in result.text


def test_ids_far_apart_are_compared(tmp_path):
    many = a_file(BATCH_ROWS + 1, time="2024-03-01")
    result = check(tmp_path, many + rows(1, time="2024-03-02"))
    assert f"row {BATCH_ROWS + 2} (line {BATCH_ROWS + 3}), column 'id': as in row 1" in result.text


def test_a_row_that_is_wrong_itself_does_not_claim_its_id(tmp_path):
    result = check(tmp_path, HEADER + rows(1, id="again", amount="?") + rows(1, id="again"))
    assert result.last_line == "1 of 2 rows is wrong: amount."


def test_columns_that_the_mapping_does_not_read_may_differ_in_equal_rows(tmp_path):
    mapping = a_mapping().replace('merchant_id = "merchant"\n', "")
    assert check(tmp_path, a_file() + TWICE + TWICE.replace("shop-1", "shop-2"), mapping).exit_code == 0


def test_rows_out_of_order_are_listed(tmp_path):
    result = check(
        tmp_path, a_file() + rows(2, id="early{n}", time="2024-02-0{n}") + rows(1, id="late", time="2024-03-09")
    )
    assert (result.exit_code, result.last_line) == (1, "2 of 7 rows are wrong: time.")
    assert "is earlier than a row above it. Add sort = true to [file]" in result.text
    assert "row 6 (line 7), column 'time'" in result.text


def test_a_time_in_the_future_does_not_put_the_rows_after_it_out_of_order(tmp_path):
    result = check(tmp_path, HEADER + rows(1, id="typo", time="2204-03-01") + rows(3))
    assert result.last_line == "1 of 4 rows is wrong: time."


def test_a_mapping_can_sort(tmp_path):
    result = check(tmp_path, a_file() + rows(2, id="early{n}", time="2024-02-0{n}"), a_mapping("sort = true"))
    assert (result.exit_code, result.last_line) == (0, "The file is fine: 6 rows can be replayed.")
    assert "first payment (UTC) │ 2024-02-01" in result.text


def label_known(days: int) -> str:
    """A fraud of the first of March that is known some days later, and a file that goes on for 400 days."""
    known = f"2024-{3 + days // 28:02d}-{1 + days % 28:02d}"
    return (
        HEADER.replace("\n", ",known\n")
        + f"f,u,2024-03-01,1,s,1,{known}\n"
        + "g,u,2024-03-02,1,s,0,\n"
        + "h,u,2025-04-05,1,s,0,\n"
    )


TIMED = LABEL + 'time = "known"\n'


def test_a_label_after_the_retention_is_refused_with_what_to_set(tmp_path):
    result = check(tmp_path, label_known(200), a_mapping(label=TIMED))
    assert (result.exit_code, result.last_line) == (1, "1 of 3 rows is wrong: known.")
    assert "row 1 (line 2), column 'known'" in result.text
    least = result.text.split("retention_s to at least ")[1].split()[0]
    learning = f"[loop.learning]\nretention_s = {least}\n"
    assert check(tmp_path, label_known(200), a_mapping(label=TIMED + learning)).exit_code == 0


def test_a_label_that_is_not_due_within_the_file_is_never_too_late(tmp_path):
    short = label_known(200).rsplit("h,", 1)[0]
    assert check(tmp_path, short, a_mapping(label=TIMED)).exit_code == 0


def test_a_legitimate_verdict_that_is_not_sent_is_never_too_late(tmp_path):
    label = TIMED.replace('send = "all"', 'send = "fraud"')
    assert check(tmp_path, label_known(200).replace("1,s,1", "1,s,0"), a_mapping(label=label)).exit_code == 0


def test_a_delay_beyond_maturity_is_refused(tmp_path):
    result = check(tmp_path, a_file(), a_mapping(label=LABEL + "delay_s = 5_000_000\n"))
    assert result.exit_code == 2
    assert "Transactions mature after" in result.text


def test_a_label_after_maturity_is_a_warning(tmp_path):
    result = check(tmp_path, label_known(60), a_mapping(label=TIMED))
    assert result.exit_code == 0
    assert "until then their payments may count as legitimate, from 30.0 days on" in result.text


def test_the_summary_has_a_histogram_with_frauds(tmp_path):
    result = check(tmp_path, a_file(8) + rows(1, id="x", time="2024-03-29", fraud="1"))
    lines = [line for line in result.output.splitlines() if "####" in line]
    assert lines[0].startswith("2024-03-01")
    assert lines[-1].endswith("1, 1 fraud")


def test_rows_of_one_fault_are_listed_up_to_a_number_and_counted(tmp_path):
    result = check(tmp_path, a_file(50, amount="?", time="2024-03-01"))
    assert "Column 'amount', 50 rows" in result.text
    assert "and 30 rows more" in result.text


@pytest.fixture
def started(monkeypatch):
    """A replay whose loop is replaced by a note that it would have started."""
    notes: list[str] = []

    def own_loop(settings, *, keep, console):  # noqa: ARG001 -- as the real one
        notes.append("started")
        raise KeyboardInterrupt

    monkeypatch.setattr("operations.replay.wiring.own_loop", own_loop)
    return notes


BAD = rows(1, id="bad", amount="ten", time="2024-03-01") + a_file().removeprefix(HEADER)


@pytest.mark.parametrize("skip_bad", [[], ["--skip-bad", "0"]])
def test_a_replay_does_not_start_with_a_wrong_row(tmp_path, started, skip_bad):
    check(tmp_path, HEADER + BAD)
    result = command("replay", str(tmp_path / "data.csv"), "--mapping", str(tmp_path / "mapping.toml"), *skip_bad)
    assert (result.exit_code, started) == (1, [])
    assert "row 1 (line 2), column 'amount': 'ten'" in result.text
    assert "Nothing was started. Correct the file or the mapping, or leave the rows out: --skip-bad 1." in result.text
    assert result.last_line == "1 of 5 rows is wrong: amount."


def test_a_replay_leaves_wrong_rows_out_and_lists_them(tmp_path, started):
    check(tmp_path, HEADER + BAD)
    arguments = ["replay", str(tmp_path / "data.csv"), "--mapping", str(tmp_path / "mapping.toml"), "--skip-bad", "1"]
    result = command(*arguments)
    assert started == ["started"]
    assert "row 1 (line 2), column 'amount': 'ten'" in result.text
    assert "Left out, as --skip-bad allows: 1 of 5 rows is wrong: amount." in result.text


def test_a_replay_of_nothing_is_no_success(tmp_path, started):
    check(tmp_path, a_file(amount="ten"))
    arguments = ["replay", str(tmp_path / "data.csv"), "--mapping", str(tmp_path / "mapping.toml"), "--skip-bad", "9"]
    result = command(*arguments)
    assert (result.exit_code, started) == (1, [])
    assert "No row is left." in result.text


@pytest.mark.parametrize("name", ["check", "replay", "evaluate"])
@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [("[transaction", "The mapping is invalid"), (a_mapping().replace('"user"', '"usr"'), "Is it 'user'?")],
)
def test_a_mapping_that_does_not_fit_ends_each_command_with_2(tmp_path, started, name, mapping, sentence):
    check(tmp_path, a_file())
    (tmp_path / "mapping.toml").write_text(mapping)
    result = command(name, str(tmp_path / "data.csv"), "--mapping", str(tmp_path / "mapping.toml"))
    assert (result.exit_code, started) == (2, [])
    assert sentence in result.text
