"""What `weir status` and a job's log say after failures, and what `weir skip` refuses before it asks anyone."""

import os
import re

import pytest

from operations.runner.failures import (
    HOUR_MS,
    candidates,
    failure,
    in_a_row,
    read_failures,
    sentence,
    write_failures,
)
from operations.runner.flink_errors import native_crash
from operations.runner.skip import skip
from operations.runner.status_view import render
from tests.builders import NOON_MS
from weir.errors import DeploymentError
from weir.messages import Position
from weir.settings import Settings
from weir.skipped import add_skipped, read_skipped

HERE, FURTHER = {("live.transactions", 0): 7, ("live.transactions", 1): 3}, {("live.transactions", 0): 9}
CRASH = """#
# A fatal error has been detected by the Java Runtime Environment:
#
#  SIGSEGV (0xb) at pc=0x00007f, pid=1, tid=2
#
# JRE version: OpenJDK Runtime Environment (21.0)
# Problematic frame:
# C  [libpython3.11.so.1.0+0x1]  PyObject_Call
#
"""


def failures(*places):
    return [failure(NOON_MS + number, "java.lang.Exception: bad", place) for number, place in enumerate(places)]


def test_failures_at_one_place_are_a_loop_until_the_job_gets_further():
    assert in_a_row(failures(FURTHER, HERE, HERE, HERE), HERE) == 3
    assert in_a_row(failures(HERE, HERE, HERE), FURTHER) == 0


def test_record_lies_between_the_checkpoint_and_the_end_but_at_no_position_that_is_done():
    ends = {("live.transactions", 0): 12, ("live.transactions", 1): 3}
    found = candidates(HERE, ends, lambda at: at.offset in {7, 8})
    assert [(one.first, one.last) for one in found] == [(Position("live.transactions", 0, 9), 11)]


def test_loop_ends_with_the_command_that_sets_the_first_candidate_aside():
    where = candidates(HERE, {("live.transactions", 0): 8, ("live.transactions", 1): 5}, lambda _: False)
    told = sentence("detector-job", failures(HERE, HERE, HERE), 3, where, "live")
    assert told == (
        "detector-job failed 3 times without getting further, last at 15:06:40 UTC: java.lang.Exception: bad. "
        "If one record causes this, it is in transactions:0:7, transactions:1:3 to 4. "
        "`weir skip transactions:0:7` sets the first of them aside."
    )


def test_failure_that_healed_is_told_without_a_command():
    told = sentence("detector-job", failures(HERE), 0, [], "live")
    assert told == "detector-job restarted once in the last hour, last at 15:06:40 UTC: java.lang.Exception: bad."


def test_failures_are_forgotten_after_an_hour(tmp_path):
    write_failures(tmp_path / "detector-job", failures(HERE, FURTHER))
    assert [one.offsets for one in read_failures(tmp_path / "detector-job", NOON_MS + HOUR_MS)] == [FURTHER]
    assert read_failures(tmp_path / "never", NOON_MS) == []


def test_status_shows_a_healed_failure_of_a_healthy_job(capsys):
    job = {"healthy": True, "problem": None, "state": "RUNNING", "pid": 1, "failures": {"story": "why [it] failed."}}
    unknown = dict.fromkeys(("topics", "loops", "disk_free_mb", "model", "counts", "reconciliation"))
    render({"namespace": "live", "parts": {"detector-job": job}, "addresses": {}, **unknown})
    shown = capsys.readouterr().out
    assert "why [it] failed." in shown
    assert "unhealthy" not in shown


def test_native_crash_is_told_by_its_signal_and_frame(tmp_path):
    report = tmp_path / "hs_err_pid1.log"
    report.write_text(CRASH)
    os.utime(report, (NOON_MS / 1000, NOON_MS / 1000))
    assert native_crash(tmp_path, NOON_MS + 5000) == "SIGSEGV (0xb) in C  [libpython3.11.so.1.0+0x1]  PyObject_Call"
    assert native_crash(tmp_path, NOON_MS + HOUR_MS) is None


@pytest.mark.parametrize("text", ["transactions", "transactions:0", ":0:1", "transactions:-1:0", "transactions:0:x"])
def test_skip_refuses_what_is_no_position(text):
    with pytest.raises(DeploymentError, match=f"'{re.escape(text)}' is not TOPIC:PARTITION:OFFSET"):
        skip(Settings(), text)


@pytest.mark.parametrize("topic", ["control", "other.transactions", "learning-log"])
def test_skip_refuses_a_topic_whose_records_no_job_processes(topic):
    with pytest.raises(DeploymentError, match=f"No job processes the records of {topic}") as refused:
        skip(Settings(), f"{topic}:0:1")
    assert refused.value.remedy == "The jobs read transactions, user-events, scored-transactions, labels."


def test_positions_of_a_job_are_kept_in_order(tmp_path):
    positions = [Position("live.transactions", 3, 10**12), Position("live.user-events", 0, 0)]
    for position in positions:
        add_skipped(tmp_path / "skipped" / "detector", position)
    assert read_skipped(tmp_path / "skipped" / "detector") == positions
