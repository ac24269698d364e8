"""Fixtures that are real parts: a Kafka broker and a Flink cluster, started once per session where a test asks."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from playwright.sync_api import Browser, sync_playwright
from xdist.scheduler import LoadScopeScheduling

import learner.additive_model  # noqa: F401 -- with the detector, all that is compiled
from operations.runner.broker import Broker, prepare
from operations.runner.fetch import fetch
from operations.runner.flink import prepare_jobmanager, prepare_taskmanager
from operations.runner.flink_config import FlinkCluster
from operations.runner.ports import free_ports
from operations.runner.process import running
from tests.waiting import PATIENCE
from weir.compiled import warm
from weir.settings import Settings

TASKMANAGERS = 3
SYSTEMS, SUITES_OF_SYSTEMS = "systems", ("tests/e2e/", "tests/flink/")
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class SystemsApart(LoadScopeScheduling):
    """Where two processes share the tests, one takes the suites that start whole systems, and the other the rest.

    Two systems at once would only wait for each other. Of the rest, a file is one piece of work.
    """

    def _split_scope(self, nodeid: str) -> str:
        return SYSTEMS if nodeid.startswith(SUITES_OF_SYSTEMS) else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return SystemsApart(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the suites of whole systems first, because they take longest."""
    items.sort(key=lambda item: not item.nodeid.startswith(SUITES_OF_SYSTEMS))


@pytest.fixture(scope="session", autouse=True)
def _compiled() -> None:
    """The functions from the cache, as in the parts' processes."""
    warm(Settings().cache_dir)


@pytest.fixture(scope="session")
def cache_dir() -> Path:
    """Where the jars are; fetched when this machine has none yet."""
    folder = Settings().cache_dir
    fetch(folder)
    return folder


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's Chromium. Not for the session: while it is there, an event loop runs in the tests' thread."""
    path = os.environ.get("WEIR_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[Broker]:
    """A real Kafka broker, in a folder whose name needs care."""
    port, controller_port, host_port = free_ports(3)
    broker = Broker(port, controller_port, tmp_path_factory.mktemp("100% Kafka"), cache_dir, host_port=host_port)
    with running(prepare(broker), broker.folder / "log"):
        _wait(lambda: _answers(broker.bootstrap_servers), 60, broker.folder / "log")
        yield broker


@pytest.fixture(scope="session")
def broker(kafka: Broker) -> str:
    """A real Kafka broker's bootstrap servers."""
    return kafka.bootstrap_servers


@pytest.fixture(scope="session")
def flink_cluster(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[FlinkCluster]:
    """A real standalone Flink cluster with three TaskManagers of one slot; `.rest` is its REST API."""
    rest_port, rpc_port = free_ports(2)
    folder = tmp_path_factory.mktemp("flink")
    cluster = FlinkCluster(rest_port, rpc_port, folder, cache_dir, jobmanager_mb=832, taskmanager_mb=1152)
    with ExitStack() as stack:
        stack.enter_context(running(prepare_jobmanager(cluster), folder / "jobmanager.log"))
        for number in range(1, TASKMANAGERS + 1):
            name = f"taskmanager-{number}"
            stack.enter_context(running(prepare_taskmanager(cluster, name), folder / f"{name}.log"))
        slots = f'"slots-available":{TASKMANAGERS}'  # a TaskManager is listed a moment before its slots are
        _wait(lambda: slots in _get(f"{cluster.rest}/overview"), 90, folder / "jobmanager.log")
        yield cluster


def _wait(check: Callable[[], bool], deadline_s: float, log: Path) -> None:
    end = time.monotonic() + PATIENCE * deadline_s
    while not check():
        assert time.monotonic() < end, f"not up within {deadline_s} s:\n{log.read_text()[-4000:]}"
        time.sleep(0.2)


def _answers(bootstrap_servers: str) -> bool:
    try:
        return bool(
            AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0}).list_topics(timeout=1).brokers
        )
    except KafkaException:
        return False


def _get(url: str) -> str:
    try:
        return httpx.get(url, timeout=2).text
    except httpx.TransportError:
        return ""
