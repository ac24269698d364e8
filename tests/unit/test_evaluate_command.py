"""The command as a person calls it, on simulated traffic."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from operations.cli import app
from operations.evaluate.contenders import BUILDERS
from simulator.world.traffic import TrafficSettings
from tests.traffic_file import MAPPING, payments_of, table_of, write_traffic
from weir.errors import InvalidRecord

FIGURES = {
    "transactions": int,
    "frauds": int,
    "auc": float,
    "ap": float,
    "cp_100": float,
    "log_loss": float,
    "mean_score": float,
    "fraud_rate": float,
    "calibration_error": float,
    "recall_at_budget": float,
    "money_caught": float,
    "money_missed": float,
    "money_caught_share": float,
    "alerts": int,
}
COSTS = {"us_per_features": float, "us_per_detector": float, "us_per_score": float, "us_per_learn": float}
OWN = {
    "contender": str,
    "isotonic_log_loss": float,
    "labels": int,
    "labels_too_late": int,
    "examples": int,
    "weeks": list,
    "calibration": list,
}
SETTINGS = TrafficSettings(seed=5, rate_per_s=0.8, fraud_share=0.15)


@pytest.fixture(scope="module")
def table():
    return table_of(payments_of(8, SETTINGS))


@pytest.fixture
def evaluate(tmp_path, table):
    """Run the command on a table; returns its exit code, its output and the JSON that it wrote."""

    def run(*options: str, rows: pd.DataFrame = table, mapping: str = MAPPING):
        file, described = write_traffic(tmp_path, rows, mapping)
        written = tmp_path / "figures.json"
        arguments = ["evaluate", str(file), "--mapping", str(described), "--json", str(written), *options]
        result = CliRunner().invoke(app, arguments)
        return result, json.loads(written.read_text()) if written.exists() else None

    return run


@pytest.fixture(scope="module")
def everything(tmp_path_factory, table):
    folder = tmp_path_factory.mktemp("evaluated")
    file, mapping = write_traffic(folder, table)
    written = folder / "figures.json"
    options = ["--json", str(written), "--plots", str(folder / "plots")]
    result = CliRunner().invoke(app, ["evaluate", str(file), "--mapping", str(mapping), *options])
    assert result.exit_code == 0, result.output
    return result, json.loads(written.read_text()), folder


def test_json_has_every_contender_with_every_figure(everything):
    _, report, _ = everything
    assert [one["contender"] for one in report["contenders"]] == list(BUILDERS)
    for one in report["contenders"]:
        for name, kind in (FIGURES | COSTS | OWN).items():
            assert isinstance(one[name], kind), name
        assert one["alert_recall"] is not None


def test_json_states_how_the_contenders_learned(everything, table):
    run = everything[1]["run"]
    assert (run["protocol"], run["feedback"], run["first_day"], run["last_day"]) == (
        "prequential",
        "all",
        "2020-01-06",
        "2020-01-13",
    )
    assert (run["label_delay_s"], run["maturity_horizon_s"], run["publish_every_s"]) == (86400, 172800, 21600)
    assert run["transactions"] == run["judged"] == len(table)


def test_text_shows_figures_costs_and_how_often_models_are_published(everything):
    output = " ".join(everything[0].output.split())
    for words in (
        "Calibration",
        "observed /",
        "AUC",
        "AP",
        "CP@100",
        "log loss",
        "money caught",
        "us per features",
        "us per score",
        "us per learn",
    ):
        assert words in output
    assert "Scores know what was learned up to the last whole 6 h." in output


def test_plots_are_written(everything):
    plots = sorted((everything[2] / "plots").iterdir())
    names = ["average_precision_over_time.png", "calibration.png", "precision_recall.png"]
    assert [plot.name for plot in plots] == names
    assert all(plot.read_bytes().startswith(b"\x89PNG") for plot in plots)


def test_contenders_share_what_they_learn(everything):
    costs = {one["contender"]: one["us_per_learn"] for one in everything[1]["contenders"]}
    assert costs["champion"] == costs["champion-model"] == costs["trees"] > costs["additive"]
    assert costs["scaled-logistic-regression"] not in {costs["champion"], costs["additive"]}


def test_the_champions_model_is_both_voices(everything):
    frauds = {one["contender"]: one["auc"] for one in everything[1]["contenders"]}
    assert len(set(frauds.values())) == len(frauds)


def test_contenders_are_chosen_by_name(evaluate):
    _, report = evaluate("--contender", "champion-model,champion")
    assert [one["contender"] for one in report["contenders"]] == ["champion-model", "champion"]


def test_a_contender_alone_scores_as_in_company(evaluate, everything):
    _, report = evaluate("--contender", "scaled-logistic-regression")
    assert report["contenders"][0]["ap"] == everything[1]["contenders"][-1]["ap"]


def test_the_additive_model_needs_no_trees(evaluate, everything):
    _, report = evaluate("--contender", "additive")
    assert report["contenders"][0]["ap"] == everything[1]["contenders"][2]["ap"]


def test_unknown_contender_ends_with_a_sentence(evaluate):
    result, _ = evaluate("--contender", "oracle")
    assert result.exit_code == 2
    assert result.output.endswith(
        "There is no contender 'oracle'.\n"
        "Choose from champion, champion-model, additive, trees, scaled-logistic-regression.\n"
    )


def test_handbook_protocol_learns_every_unlabelled_payment_one_slice_after_the_delay(evaluate):
    mapping = MAPPING.replace('send = "all"', 'send = "fraud"').split("[loop.learning]")[0]
    _, report = evaluate("--protocol", "handbook", "--contender", "champion", "--delay-days", "2", mapping=mapping)
    run = report["run"]
    assert (run["implicit_share"], run["maturity_horizon_s"], run["label_delay_s"]) == (1.0, 2 * 86400 + 21600, 172800)


def test_handbook_protocol_respects_the_mappings_own_loop(evaluate):
    _, report = evaluate("--protocol", "handbook", "--contender", "champion")
    assert (report["run"]["implicit_share"], report["run"]["maturity_horizon_s"]) == (1.0, 172800)


def test_handbook_protocol_judges_whole_weeks_alone(evaluate):
    days = ["--from", "2020-01-06", "--to", "2020-01-12"]
    _, report = evaluate("--protocol", "handbook", "--contender", "champion", *days)
    champion = report["contenders"][0]
    assert [(week["first_day"], week["last_day"]) for week in champion["weeks"]] == [("2020-01-06", "2020-01-12")]
    assert report["beside"] == []


def test_only_the_days_asked_for_are_judged_and_later_ones_are_not_read(evaluate, table):
    days = table["event_time"] // 86_400_000 - table["event_time"].min() // 86_400_000
    _, report = evaluate("--from", "2020-01-09", "--to", "2020-01-10", "--contender", "champion")
    assert report["run"]["transactions"] == int((days <= 4).sum())
    assert report["run"]["judged"] == int(days.isin([3, 4]).sum())


def test_learning_can_begin_later(evaluate, table):
    days = table["event_time"] // 86_400_000 - table["event_time"].min() // 86_400_000
    _, report = evaluate("--learn-from", "2020-01-10", "--contender", "champion")
    assert report["run"]["learned_from"] == "2020-01-10"
    assert report["run"]["transactions"] == int((days >= 4).sum())


def test_alerts_choose_the_labels_of_each_contender(evaluate):
    options = ["--feedback", "alerts", "--budget", "3", "--contender", "champion", "--contender", "champion-model"]
    result, report = evaluate(*options)
    champion, alone = report["contenders"]
    assert 0 < champion["labels"] < 200
    assert champion["labels"] < champion["examples"]
    assert champion["labels"] != alone["labels"]
    assert "Only the 3 cards of a day with the highest scores get labels" in " ".join(result.output.split())


def test_missing_fields_are_missing_features(evaluate, table):
    bare = table[["transaction_id", "user_id", "event_time", "amount", "fraud"]]
    mapping = (
        '[transaction]\ntransaction_id="transaction_id"\nuser_id="user_id"\nevent_time="event_time"\namount="amount"\n'
    )
    label = '[label]\ncolumn="fraud"\nfraud=[1]\nlegitimate=[0]\n'
    result, report = evaluate("--contender", "champion", rows=bare, mapping=mapping + label)
    assert result.exit_code == 0
    assert report["run"]["dead_letters"] == {}
    assert report["contenders"][0]["auc"] is not None


def test_never_labelled_payments_are_learned_but_not_judged(evaluate, table):
    half = table.assign(fraud=table["fraud"].where(table.index % 2 == 0))
    _, report = evaluate("--contender", "champion", rows=half)
    champion = report["contenders"][0]
    assert report["run"]["judged"] == int((table.index % 2 == 0).sum())
    assert champion["examples"] > champion["labels"] > 0


def test_a_column_of_label_times_decides_when_a_label_is_known(evaluate, table):
    late = table.assign(known=table["event_time"] + 7 * 86_400_000)
    timed = MAPPING.replace("delay_s = 86400", 'time = { column = "known", unit = "ms" }')
    mapping = timed.replace("maturity_horizon_s = 172800", "maturity_horizon_s = 864000")
    _, report = evaluate("--contender", "champion", rows=late, mapping=mapping)
    assert 0 < report["contenders"][0]["labels"] < len(table) / 4


def test_a_row_that_comes_again_is_judged_once(evaluate, table):
    twice = pd.concat([table, table.iloc[[-1]]])
    _, report = evaluate("--contender", "champion", rows=twice)
    assert (report["run"]["repeated"], report["run"]["judged"]) == (1, len(table))


def test_wrong_rows_are_listed_and_nothing_starts(evaluate, table):
    odd = table.assign(currency=["EURO" if row <= 1 else "EUR" for row in table.index])
    result, report = evaluate("--contender", "champion", rows=odd)
    assert (result.exit_code, report) == (1, None)
    assert "row 2, column 'currency': 'EURO'" in result.output
    assert result.output.splitlines()[-1] == f"2 of {len(table):,} rows are wrong: currency."


def test_wrong_rows_can_be_left_out(evaluate, table):
    odd = table.assign(currency=["EURO" if row <= 1 else "EUR" for row in table.index])
    result, report = evaluate("--contender", "champion", "--skip-bad", "2", rows=odd)
    assert (result.exit_code, report["run"]["transactions"]) == (0, len(table) - 2)
    assert "row 2, column 'currency': 'EURO'" in result.output


@pytest.mark.parametrize("skip_bad", ["0", "1000000"])
def test_a_file_of_wrong_rows_is_no_success(evaluate, table, skip_bad):
    result, _ = evaluate("--contender", "champion", "--skip-bad", skip_bad, rows=table.assign(currency="EURO"))
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == f"{len(table):,} of {len(table):,} rows are wrong: currency."


def test_payments_that_the_detector_refuses_are_no_success(evaluate, table, monkeypatch):
    def refusing(transaction):
        if transaction.transaction_id == table["transaction_id"][0]:
            raise InvalidRecord("amount", "is refused")
        return transaction

    monkeypatch.setattr("operations.evaluate.one_pass.as_the_detector_reads", refusing)
    result, report = evaluate("--contender", "champion")
    assert (result.exit_code, report["run"]["dead_letters"]) == (1, {"amount": 1})
    assert result.output.splitlines()[-1] == f"1 of {len(table):,} payments were refused: amount."


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        ("[transaction", "The mapping is "),
        (MAPPING.replace('user_id = "user_id"', 'user = "user_id"'), "[transaction] has no 'user_id'"),
        (MAPPING.split("[label]")[0], "The mapping has no [label], so nothing can be judged."),
        (MAPPING.replace("172800", "90000"), "Transactions mature after 90000 s"),
    ],
)
def test_a_bad_mapping_gives_one_sentence(evaluate, mapping, sentence):
    result, _ = evaluate("--contender", "champion", mapping=mapping)
    assert result.exit_code == 2
    assert sentence in " ".join(result.output.split())
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        (MAPPING.replace("fraud = [1]", "fraud = [2]"), "is in neither list of the mapping's [label]"),
        (MAPPING.replace('user_id = "user_id"', 'user_id = "nobody"'), "Column 'nobody'"),
    ],
)
def test_a_mapping_that_does_not_fit_the_rows_gives_a_list(evaluate, table, mapping, sentence):
    result, _ = evaluate("--contender", "champion", rows=table.assign(nobody=None), mapping=mapping)
    assert result.exit_code == 1
    assert sentence in " ".join(result.output.split())
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--from", "2020-01-10", "--to", "2020-01-09"], "--to 2020-01-09 is before --from 2020-01-10."),
        (["--from", "2020-01-08", "--learn-from", "2020-01-09"], "--learn-from 2020-01-09 is after --from 2020-01-08."),
        (["--from", "2031-01-01"], "No payment of the assessed days has a verdict."),
    ],
)
def test_days_that_do_not_fit_give_one_sentence(evaluate, options, sentence):
    result, _ = evaluate("--contender", "champion", *options)
    assert result.exit_code == 2
    assert sentence in result.output


def test_a_mapping_is_needed_but_for_the_baseline(tmp_path, table):
    file, _ = write_traffic(tmp_path, table)
    result = CliRunner().invoke(app, ["evaluate", str(file)])
    assert (result.exit_code, result.output.splitlines()[0]) == (2, "There is no mapping.")
    result = CliRunner().invoke(app, ["evaluate", str(file), "--baseline"])
    assert result.exit_code == 2
    assert "is not the handbook's file with its 15 features" in " ".join(result.output.split())
