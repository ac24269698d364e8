"""The infrastructure of a benchmark: a real broker, a Flink cluster with one TaskManager, and the measured systems."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import httpx
from pydantic import SecretStr

import operations.runner
from operations.runner.broker import Broker, prepare
from operations.runner.fetch import fetch
from operations.runner.flink import client, prepare_jobmanager, prepare_taskmanager
from operations.runner.flink_config import FlinkCluster
from operations.runner.ports import free_ports
from operations.runner.process import running
from weir.artefact import AdditiveScorer, pack, sign
from weir.bins import Layout
from weir.feature_schema import KIND_OF
from weir.kafka_clients import create_topics, producer
from weir.messages import Publication, encode
from weir.settings import KafkaSettings, Settings

ENTRY = Path(operations.runner.__file__).parent / "entry" / "run_job.py"
BARE_LOOP = Path(__file__).with_name("bare_loop.py")
KEY = "bench"
PAIRED_FEATURES = 12
HEAP_MB = 1024
"""Twice the default of a deployment; not measured."""


@dataclass(frozen=True)
class Infrastructure:
    bootstrap_servers: str
    cluster: FlinkCluster


@contextmanager
def started(folder: Path) -> Iterator[Infrastructure]:
    """Run a broker and a cluster while the block runs."""
    cache_dir = Settings().cache_dir
    fetch(cache_dir, print)
    broker_port, controller_port, rest_port, rpc_port = free_ports(4)
    broker = Broker(broker_port, controller_port, folder / "kafka", cache_dir, heap_mb=HEAP_MB)
    cluster = FlinkCluster(rest_port, rpc_port, folder / "flink", cache_dir)
    with ExitStack() as stack:
        stack.enter_context(running(prepare(broker), folder / "kafka.log"))
        stack.enter_context(running(prepare_jobmanager(cluster), folder / "jobmanager.log"))
        stack.enter_context(running(prepare_taskmanager(cluster, "taskmanager-1"), folder / "taskmanager-1.log"))
        wait_for(lambda: '"slots-available":1' in httpx.get(f"{cluster.rest}/overview", timeout=2).text)
        yield Infrastructure(broker.bootstrap_servers, cluster)


def a_namespace(infrastructure: Infrastructure, name: str) -> Settings:
    """Create the topics of a new namespace and publish one model."""
    settings = Settings(
        namespace=name,
        signing_key=SecretStr(KEY),
        kafka=KafkaSettings(bootstrap_servers=infrastructure.bootstrap_servers),
    )
    create_topics(infrastructure.bootstrap_servers, settings.topics.all())
    out = producer(infrastructure.bootstrap_servers)
    out.produce(settings.topics.control, encode(a_model()), "model:champion")
    out.flush()
    return settings


def a_model() -> Publication:
    """An additive model over all features, with as many pairs as a learner chooses."""
    layout = Layout(KIND_OF, list(combinations(range(PAIRED_FEATURES), 2)))
    bins, cells = [-3.0] + [0.02] * (layout.bin_count - 1), [-0.02] * layout.cell_count
    artefact = pack(AdditiveScorer(layout=layout, bins=bins, cells=cells, trust=0.8))
    signature = sign(artefact, KEY.encode())
    return Publication(
        publication=1,
        epoch=1,
        n=1,
        contender="champion",
        artefact=artefact,
        signature=signature,
        digest="bench",
        published_at_ms=0,
    )


@contextmanager
def detector_job(infrastructure: Infrastructure, settings: Settings) -> Iterator[None]:
    """Run the detector job while the block runs."""
    command = client(infrastructure.cluster, "client", ["run", "-d", "-py", str(ENTRY), "detector.flink_job"])
    done = subprocess.run(
        command.argv, env=command.full_env() | _environment(settings), capture_output=True, text=True, check=True
    )
    [job_id] = re.findall(r"JobID ([0-9a-f]{32})", done.stdout)
    try:
        yield
    finally:
        httpx.patch(f"{infrastructure.cluster.rest}/jobs/{job_id}")
        wait_for(lambda: '"state":"CANCELED"' in httpx.get(f"{infrastructure.cluster.rest}/jobs/{job_id}").text)


@contextmanager
def bare_loop(infrastructure: Infrastructure, settings: Settings, idle_s: float = 20) -> Iterator[None]:
    """Run the bare loop while the block runs."""
    del infrastructure  # the loop needs only the broker, and the settings have its address
    process = subprocess.Popen([sys.executable, str(BARE_LOOP), str(idle_s)], env=os.environ | _environment(settings))
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _environment(settings: Settings) -> dict[str, str]:
    return {
        "WEIR_NAMESPACE": settings.namespace,
        "WEIR_SIGNING_KEY": KEY,
        "WEIR_KAFKA__BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }


def wait_for(check: Callable[[], bool], deadline_s: float = 60) -> None:
    """Wait until a check holds; end the program if it does not in time."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        try:
            if check():
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise SystemExit(f"A part did not start within {deadline_s:.0f} s.")
