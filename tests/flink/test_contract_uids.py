"""The uids of the real jobs' operators, which savepoints depend on.

Flink SQL numbers the nodes of the plans in the order of translation, so one more node in an early query, such as a
filter or a projection, renames every later one. If this test fails, a savepoint of the released version does not
restore; see ADR 11.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from operations.runner.flink import client
from tests.flink.contract_cluster import FOLDER
from tests.flink.jobs import environment
from weir.messages import Position
from weir.settings import Settings
from weir.skipped import add_skipped

SOURCE = "KafkaSource-default_catalog.default_database."
STATEFUL = {
    "detector.flink_job": {
        f"{SOURCE}inbound": "1_kafka",
        f"{SOURCE}control": "4_kafka",
        "score": "score",
        "outbound[9]": "9_sink",
    },
    "learner.flink_job": {
        f"{SOURCE}labels": "1_kafka",
        f"{SOURCE}scored": "4_kafka",
        "labels-without-time": "labels-without-time",
        "join-labels": "join-labels",
        "OverAggregate[10]": "10_over-aggregate",
        "learning_log[12]": "12_sink",
        "dead_letters[14]": "14_sink",
    },
}


@pytest.mark.parametrize("module", STATEFUL)
def test_stateful_operators_keep_their_uids(flink_cluster, tmp_path, module):
    found = _uids(flink_cluster, tmp_path, module)
    assert {name: found.get(name) for name in STATEFUL[module]} == STATEFUL[module]


def test_a_record_that_is_set_aside_changes_no_uid(flink_cluster, tmp_path):
    """The detector job restores with one in test_skip.py."""
    module, settings = "learner.flink_job", Settings(namespace="contract-uids", state_dir=tmp_path)
    for topic in (settings.topics.labels, settings.topics.scored):
        add_skipped(settings.skipped_file("label-join"), Position(topic, 0, 1))
    found = _uids(flink_cluster, tmp_path, module)
    assert {name: found.get(name) for name in STATEFUL[module]} == STATEFUL[module]


def _uids(cluster, folder: Path, module: str) -> dict[str, str | None]:
    settings, file = Settings(namespace="contract-uids", signing_key="test"), folder / "uids.json"
    arguments = ["run", "-d", "-py", str(FOLDER / "contract_uids.py"), module, str(file)]
    command = client(cluster, "contract-client", arguments)
    env = os.environ | command.env | environment(settings) | {"WEIR_STATE_DIR": str(folder)}
    done = subprocess.run(command.argv, env=env, capture_output=True, text=True, check=False)
    assert file.exists(), done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads(file.read_text())
