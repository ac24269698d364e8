"""The registrar between a real broker and a real MLflow server: versions, series, drift, restarts, outages."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pandas as pd
import pytest

import mlflow
from learner.fold import Fold
from operations.runner.ports import free_ports
from operations.runner.process import Command, end, spawn
from tests.learning_stream import a_learning_stream, numbered
from tests.trees import some_trees, trees_published
from tests.waiting import eventually
from weir.artefact import probability, unpack
from weir.kafka_clients import create_topics, producer
from weir.messages import DriftFinding, Publication, TreesPublication, encode
from weir.settings import KafkaSettings, LearningSettings, MlflowSettings, Settings
from weir.vectors import vector_of
from weir.voices import Voices

KEY = b"the key of these tests"
NO_JOBS = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


class MlflowServer:
    """A tracking server on SQLite that can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        (self._port,) = free_ports(1)
        self.uri, self._folder, self._process = f"http://127.0.0.1:{self._port}", folder, None

    def start(self) -> None:
        store, artifacts = f"sqlite:///{self._folder}/mlflow.db", f"{self._folder}/artifacts"
        argv = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", store, "--workers", "1"]
        argv += ["--artifacts-destination", artifacts, "--host", "127.0.0.1", "--port", str(self._port)]
        self._process = spawn(Command(argv, NO_JOBS), self._folder / "log")
        eventually(self._answers, 150)

    def stop(self) -> None:
        end(self._process)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.uri}/health", timeout=1).status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    found = MlflowServer(tmp_path_factory.mktemp("mlflow"))
    try:
        found.start()
        yield found
    finally:
        found.stop()


@pytest.fixture
def settings(broker, server):
    kafka = KafkaSettings(bootstrap_servers=broker, partitions=1)
    namespace = f"registrar-{uuid4().hex[:8]}"
    found = Settings(namespace=namespace, kafka=kafka, mlflow=MlflowSettings(uri=server.uri, register_every_s=0.5))
    create_topics(broker, found.topics.all())
    return found


@contextmanager
def a_registrar(settings: Settings) -> Iterator[subprocess.Popen]:
    env = os.environ | {
        "WEIR_NAMESPACE": settings.namespace,
        "WEIR_KAFKA__BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "WEIR_KAFKA__PARTITIONS": "1",
        "WEIR_MLFLOW__URI": settings.mlflow_uri,
        "WEIR_MLFLOW__REGISTER_EVERY_S": "0.5",
    }
    process = subprocess.Popen([sys.executable, "-m", "learner.registrar"], env=env)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def some_publications(count: int, drift_at: int | None = None) -> list[Publication]:
    """One publication for each ten examples."""
    fold, found = Fold(LearningSettings()), []
    for n, example in numbered(a_learning_stream(10 * count)):
        fold.learn(1, n, example)
        if n % 10 == 0:
            found.append(fold.publication(n // 10, 1_750_000_000_000 + n, KEY))
    if drift_at is not None:
        finding = DriftFinding(detector="ADWIN", signal="mean_score", n=10 * drift_at, text="The mean score rose.")
        found[drift_at - 1].drift.append(finding)
    return found


def publish(settings: Settings, publications: list[Publication], trees: TreesPublication | None = None) -> None:
    writer = producer(settings.bootstrap_servers)
    if trees is not None:
        writer.produce(settings.topics.control, encode(trees), b"model:trees")
    for publication in publications:
        writer.produce(settings.topics.control, encode(publication), b"model:champion")
    writer.produce(settings.topics.control, b'{"kind":"reputation"}', b"reputation:m1")
    assert writer.flush(30) == 0


def client(settings: Settings) -> mlflow.MlflowClient:
    return mlflow.MlflowClient(tracking_uri=settings.mlflow_uri, registry_uri=settings.mlflow_uri)


def versions(settings: Settings) -> list[str]:
    """The publications that have a version, in order."""
    found = client(settings).search_model_versions(f"name = '{settings.registered_model}'")
    return sorted((version.tags["weir.publication"] for version in found), key=int)


def champion(settings: Settings) -> str | None:
    """The publication that the alias stands for."""
    models = client(settings).search_registered_models(f"name = '{settings.registered_model}'")
    version = models[0].aliases.get("champion") if models else None
    if version is None:
        return None
    return client(settings).get_model_version(settings.registered_model, version).tags["weir.publication"]


def the_run(settings: Settings) -> mlflow.entities.Run:
    experiment = client(settings).get_experiment_by_name(f"weir-{settings.namespace}")
    (run,) = client(settings).search_runs([experiment.experiment_id])
    return run


@pytest.mark.filterwarnings("ignore:.*Any type hint is inferred")  # MLflow warns of its own types when imported
def test_newest_publication_becomes_the_champion_that_users_can_load(settings, monkeypatch):
    publications = some_publications(12)
    publish(settings, publications)
    with a_registrar(settings):
        eventually(lambda: champion(settings) == "12", 90)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", settings.mlflow_uri)
    started_s = time.monotonic()
    model = mlflow.pyfunc.load_model(f"models:/{settings.registered_model}@champion")
    assert time.monotonic() - started_s < 30
    features = [{"log_amount": 6.0, "device_new": 1.0}, {"log_amount": 2.0, "device_missing": 1.0}]
    scorer = unpack(publications[-1].artefact, publications[-1].signature, KEY)
    expected = [probability(scorer.log_odds(row)) for row in features]
    assert list(model.predict(pd.DataFrame(features))) == pytest.approx(expected, abs=1e-12)


@pytest.mark.filterwarnings("ignore:.*Any type hint is inferred")
def test_a_version_has_both_voices_and_names_the_trees(settings, monkeypatch):
    publications, trees = some_publications(3), trees_published(20, KEY, digest="the trees' digest")
    publish(settings, publications, trees)
    with a_registrar(settings):
        eventually(lambda: champion(settings) == "3", 90)
    tags = client(settings).get_model_version_by_alias(settings.registered_model, "champion").tags
    assert (tags["weir.trees_n"], tags["weir.trees_digest"]) == ("20", "the trees' digest")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", settings.mlflow_uri)
    model = mlflow.pyfunc.load_model(f"models:/{settings.registered_model}@champion")
    scorer = unpack(publications[-1].artefact, publications[-1].signature, KEY)
    voices, features = Voices(scorer, some_trees()), {"log_amount": 6.0, "device_new": 1.0}
    expected = probability(voices.log_odds(vector_of(features)))
    assert list(model.predict(pd.DataFrame([features]))) == pytest.approx([expected], abs=1e-12)


def test_a_restarted_registrar_finds_the_trees_in_force(settings):
    publications = some_publications(4)
    publish(settings, publications[:2], trees_published(20, KEY))
    with a_registrar(settings):
        eventually(lambda: champion(settings) == "2", 90)
    publish(settings, publications[2:])
    with a_registrar(settings):
        eventually(lambda: champion(settings) == "4", 90)
    tags = client(settings).get_model_version_by_alias(settings.registered_model, "champion").tags
    assert tags["weir.trees_n"] == "20"
    assert versions(settings) == ["2", "4"]


def test_every_publication_is_a_point_of_the_time_series(settings):
    publish(settings, some_publications(12))
    with a_registrar(settings):
        eventually(lambda: champion(settings) == "12", 90)
    history = client(settings).get_metric_history(the_run(settings).info.run_id, "log_loss")
    assert [metric.step for metric in history] == list(range(10, 121, 10))


def test_version_says_which_publication_log_entry_and_code_it_is(settings):
    publications = some_publications(3, drift_at=2)
    publish(settings, publications)
    with a_registrar(settings):
        eventually(lambda: champion(settings) == "3", 90)
    tags = client(settings).get_model_version_by_alias(settings.registered_model, "champion").tags
    assert (tags["weir.n"], tags["weir.epoch"], tags["weir.digest"]) == ("30", "1", publications[-1].digest)
    assert tags["weir.drift"] == the_run(settings).data.tags["weir.drift.mean_score"] == "The mean score rose."
    assert tags["weir.code"]


def test_restarted_registrar_registers_nothing_twice_and_leaves_nothing_out(settings):
    publications = some_publications(20)
    publish(settings, publications[:10])
    for _ in range(2):
        with a_registrar(settings):
            eventually(lambda: champion(settings) == "10", 90)
    publish(settings, publications[5:])
    with a_registrar(settings):
        eventually(lambda: champion(settings) == "20", 90)
    assert versions(settings) == ["10", "20"]
    history = client(settings).get_metric_history(the_run(settings).info.run_id, "examples")
    assert [metric.step for metric in history] == list(range(10, 201, 10))


def test_registrar_outlives_mlflow_and_catches_up(settings, server):
    publications = some_publications(4)
    with a_registrar(settings) as process:
        publish(settings, publications[:2])
        eventually(lambda: champion(settings) == "2", 90)
        server.stop()
        publish(settings, publications[2:])
        server.start()
        eventually(lambda: champion(settings) == "4", 90)
        assert process.poll() is None
        process.terminate()
        assert process.wait(20) == 0
