import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from operations.cli import app
from operations.runner.logs import last_words
from operations.runner.parts import command_of, every_part, stage_of
from operations.runner.wiring import cluster_of
from weir.errors import DeploymentError
from weir.settings import Settings

ROOT = Path(__file__).parents[2]
run = CliRunner().invoke


def test_unknown_part_ends_with_a_sentence_and_a_remedy(tmp_path, monkeypatch):
    monkeypatch.setenv("WEIR_STATE_DIR", str(tmp_path))
    result = run(app, ["run", "nothing"])
    assert result.exit_code == 1
    assert "There is no part 'nothing'." in result.output
    assert "Traceback" not in result.output


def test_wrong_setting_ends_with_a_sentence_that_names_it(monkeypatch):
    monkeypatch.setenv("WEIR_API__PORT", "0")
    result = run(app, ["status"])
    assert result.exit_code == 1
    assert "'api.port'" in result.output


def test_log_of_a_part_that_never_ran_ends_with_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("WEIR_STATE_DIR", str(tmp_path))
    result = run(app, ["logs", "api"])
    assert result.exit_code == 1
    assert "api has no log here." in result.output


def test_help_imports_no_part():
    code = "import sys, operations.cli; print(sorted({'pyflink', 'mlflow', 'confluent_kafka', 'pydantic'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("part", ["learner", "registrar", "api", "ledger", "detector-job", "label-join-job", "topics"])
def test_part_that_is_a_module_is_started_as_one(part):
    argv = command_of(part, Settings()).argv
    assert argv[:2] == [sys.executable, "-m"]


def test_unknown_part_is_refused():
    with pytest.raises(DeploymentError, match="no part 'nothing'"):
        command_of("nothing", Settings())


def test_loop_has_one_taskmanager_per_python_subtask_and_the_standby_ones():
    parts = every_part(Settings(flink={"detector_parallelism": 2, "standby_taskmanagers": 2}))
    assert sum(part.name.startswith("taskmanager-") for part in parts) == 2 + 1 + 2


def test_all_python_of_a_small_loop_shares_one_taskmanager():
    settings = Settings(flink={"detector_parallelism": 2, "one_taskmanager": True})
    assert [part.name for part in every_part(settings) if "taskmanager" in part.name] == ["taskmanager-1"]
    assert cluster_of(settings).slots == 2 + 1


def test_module_runs_in_the_process_of_the_part(tmp_path):
    (tmp_path / "part.py").write_text("import os, sys; print(__name__, os.getpid(), sys.argv[1:], os.environ['MORE'])")
    code = (
        "import os, sys; from operations.runner.process import Command; print(os.getpid(), flush=True);"
        "Command([sys.executable, '-m', 'part', 'argument'], {'MORE': 'yes'}).become()"
    )
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=True
    )
    pid, ran = done.stdout.splitlines()
    assert ran == f"__main__ {pid} ['argument'] yes"


def test_no_part_stops_before_those_that_depend_on_it():
    parts = every_part(Settings())
    assert all(
        stage_of(part.name) < stage_of(needed) for part in parts for needed in part.depends_on if needed != "topics"
    )


def test_last_error_is_found_before_the_output_of_the_next_start(tmp_path):
    log = tmp_path / "part.log"
    log.write_text("INFO starting\nCaused by: java.lang.Fault: it broke\n\tat x\nWARNING: starting again\n")
    assert last_words(log) == "Caused by: java.lang.Fault: it broke"


def test_last_line_is_shown_when_there_is_no_error(tmp_path):
    log = tmp_path / "part.log"
    log.write_text("one\ntwo\n")
    assert last_words(log) == "two"
