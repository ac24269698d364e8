"""`weir up`, `weir down` and what is between them, on the real system."""

import json
import os
import signal

import psutil
import pytest

from operations.runner.kafka_admin import topic_names
from operations.runner.pid_files import recorded
from operations.runner.supervisor_config import Folders
from tests.e2e.system import System
from tests.waiting import eventually
from weir.topics import Topics

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("50 % off it's")  # a folder whose name needs care everywhere


@pytest.fixture(scope="module")
def system(folder):
    running = System(folder)
    try:
        running.up()
        yield running
    finally:
        running.down()


def unhealthy(system):
    parts = system.status()["parts"]
    return {name: part["problem"] for name, part in parts.items() if not part["healthy"]}


def pids(system):
    return {name: part["pid"] for name, part in system.status()["parts"].items()}


def processes(folder):
    return list(recorded(folder / "run").values())


def last_start(system, job):
    """What the job's last submission started from."""
    lines = [line for line in system.run("logs", job).splitlines() if "job_submitted" in line]
    return json.loads(lines[-1])["start"]


def test_every_part_is_healthy_after_up(system):
    assert eventually(lambda: unhealthy(system) == {}, deadline_s=60, every_s=1)


def test_up_again_starts_nothing_again(system):
    before = pids(system)
    system.up()
    assert pids(system) == before


def test_topics_of_the_namespace_are_there(system):
    assert {topic.name for topic in Topics("live").all()} <= topic_names(system.addresses["Kafka"])


def test_log_of_a_part_is_shown(system):
    assert "Kafka Server started" in system.run("logs", "kafka", "-n", "100000")


@pytest.mark.usefixtures("system")
def test_signing_key_stands_in_no_file_but_its_own(folder):
    key = (folder / "signing.key").read_text()
    configuration = [*Folders(folder).config.parent.rglob("*.conf"), *folder.rglob("config.yaml")]
    assert configuration
    assert all(key not in file.read_text() for file in configuration)


@pytest.mark.usefixtures("system")
def test_everything_listens_on_this_machine_only(folder):
    sockets = [socket for process in processes(folder) for socket in process.net_connections(kind="inet")]
    listening = {socket.laddr.ip for socket in sockets if socket.status == psutil.CONN_LISTEN}
    assert listening <= {"127.0.0.1", "::ffff:127.0.0.1"}


ROWS = "".join(f"t{day},ana,2024-03-{day:02d} 09:00:00,20.00,{day % 2}\n" for day in range(1, 13))
MAPPING = """
[transaction]
transaction_id = "id"
user_id = "user"
event_time = "time"
amount = "amount"
currency = { constant = "EUR" }

[label]
column = "fraud"
fraud = [1]
legitimate = [0]
send = "all"
labeler = "trial"
source = "chargeback"
"""


@pytest.fixture
def replayed(tmp_path):
    """The arguments of a replay of a dozen labelled rows."""
    (tmp_path / "rows.csv").write_text(f"id,user,time,amount,fraud\n{ROWS}")
    (tmp_path / "rows.toml").write_text(MAPPING)
    return ["replay", str(tmp_path / "rows.csv"), "--mapping", str(tmp_path / "rows.toml")]


def remains_of_replays(system, folder):
    topics = topic_names(system.addresses["Kafka"])
    return [name for name in [*recorded(folder / "run"), *topics] if name.startswith("replay-")]


def test_replay_of_a_dozen_rows_succeeds_and_leaves_nothing(system, folder, replayed):
    assert "Every payment was scored, and the counts reconcile." in system.run(*replayed)
    assert remains_of_replays(system, folder) == []


def test_replay_that_is_ended_while_it_starts_leaves_nothing(system, folder, replayed):
    replay = system.start(*replayed)
    assert any("ready  learner" in line for line in replay.stdout)
    replay.terminate()
    assert "Nothing of this replay runs any more." in replay.communicate()[0]
    assert replay.returncode == 128 + signal.SIGTERM
    assert remains_of_replays(system, folder) == []


def test_jobmanager_that_is_killed_gets_its_jobs_back(system):
    os.kill(pids(system)["jobmanager"], signal.SIGKILL)
    eventually(lambda: unhealthy(system), deadline_s=30)
    assert eventually(lambda: unhealthy(system) == {}, deadline_s=300, every_s=1)
    assert "/chk-" in last_start(system, "detector-job")


def test_down_ends_everything_and_up_goes_on_from_the_savepoint(system, folder):
    running = processes(folder)
    system.down()
    assert [process for process in running if process.is_running()] == []
    system.up()
    assert "/savepoint-" in last_start(system, "detector-job")
    assert "/savepoint-" in last_start(system, "label-join-job")


def test_up_after_a_killed_supervisor_ends_what_it_left_and_goes_on(system, folder):
    left = processes(folder)
    supervisord = int((Folders(folder).config.parent / "supervisord.pid").read_text())
    os.kill(supervisord, signal.SIGKILL)
    assert "ended what an earlier run left behind" in system.run("up")
    assert [process for process in left if process.is_running()] == []
    assert unhealthy(system) == {}
