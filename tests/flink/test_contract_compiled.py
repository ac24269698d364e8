"""Compiled functions inside the TaskManager: the embedded Python runs them, out of the cache of another process."""

import json
import subprocess
import sys

import numpy as np
import psutil
import pytest

from tests.flink.contract_cluster import running_file
from tests.flink.jobs import read
from weir.artefact import AdditiveScorer
from weir.bins import Layout
from weir.feature_schema import KIND_OF
from weir.kafka_clients import create_topics, producer
from weir.settings import Settings

COMPILE = "import sys, pathlib, weir.artefact, weir.compiled; weir.compiled.warm(pathlib.Path(sys.argv[1]))"
FEATURES = {"log_amount": 3.5, "amount_ratio": -0.25, "night": 1.0}


@pytest.fixture(scope="module")
def report(broker, flink_cluster, tmp_path_factory):
    settings = Settings(
        namespace="contract-compiled", signing_key="test", kafka={"bootstrap_servers": broker, "partitions": 1}
    )
    topics, cache = settings.topics, tmp_path_factory.mktemp("cache")
    create_topics(broker, topics.all())
    subprocess.run([sys.executable, "-c", COMPILE, str(cache)], check=True)
    with running_file(flink_cluster, settings, "contract_compiled.py", CONTRACT_CACHE=str(cache)):
        out = producer(broker)
        out.produce(topics.transactions, value=json.dumps({"user_id": "u1", "features": FEATURES}))
        out.flush()
        [record] = read(broker, topics.scored, lambda records: len(records) >= 1, 60)
    return json.loads(record.value())


def test_the_functions_run_inside_the_taskmanager(report):
    assert any("TaskManagerRunner" in argument for argument in psutil.Process(report["pid"]).cmdline())


def test_they_are_loaded_and_not_compiled_there(report):
    assert (report["loaded"], report["compiled"]) == (1, 0)


def test_they_return_what_they_return_in_another_process(report):
    layout = Layout(KIND_OF, [(0, 1)])
    bins, cells = np.arange(layout.bin_count) / 100, np.arange(layout.cell_count) / 10
    scorer = AdditiveScorer(layout=layout, bins=bins, cells=cells, trust=1.0)
    assert report["log_odds"] == scorer.log_odds(FEATURES)
