"""Submit the project's jobs to the test cluster, as `weir run` does, and read their output."""

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from confluent_kafka import Message, Producer

import operations.runner
from operations.runner.flink import client
from operations.runner.flink_config import FlinkCluster
from tests.malformed import OddRecord
from tests.waiting import PATIENCE
from weir.kafka_clients import consumer, fencing_producer, producer
from weir.settings import Settings

ENTRY = Path(operations.runner.__file__).parent / "entry" / "run_job.py"


def environment(settings: Settings) -> dict[str, str]:
    """Return the settings as the environment variables that a job reads."""
    return {
        "WEIR_KAFKA__BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "WEIR_KAFKA__PARTITIONS": str(settings.kafka.partitions),
        "WEIR_NAMESPACE": settings.namespace,
        "WEIR_SIGNING_KEY": settings.require_signing_key().decode(),
        "WEIR_LEARNING__CLOCK": settings.learning.clock,
        "WEIR_LEARNING__MATURITY_HORIZON_S": str(settings.learning.maturity_horizon_s),
        "WEIR_LEARNING__IMPLICIT_SHARE": str(settings.learning.implicit_share),
        "WEIR_FLINK__EXACTLY_ONCE_SCORES": str(settings.flink.exactly_once_scores),
    }


def submit(cluster: FlinkCluster, settings: Settings, job: str, *arguments: str) -> str:
    """Submit the job in a module such as `detector.flink_job`; return the job id."""
    command = client(cluster, "client", ["run", "-d", *arguments, "-py", str(ENTRY), job])
    done = subprocess.run(
        command.argv, env=command.full_env() | environment(settings), capture_output=True, text=True, check=False
    )
    found = re.search(r"JobID ([0-9a-f]{32})", done.stdout)
    assert found, "\n".join(line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("\tat"))
    return found[1]


def cancel(cluster: FlinkCluster, job_id: str) -> None:
    """Cancel a job and wait until it has ended."""
    httpx.patch(f"{cluster.rest}/jobs/{job_id}")
    while state(cluster, job_id) not in {"CANCELED", "FAILED", "FINISHED"}:
        time.sleep(0.1)


def state(cluster: FlinkCluster, job_id: str) -> str:
    """Return the job's state by Flink's name for it."""
    return str(httpx.get(f"{cluster.rest}/jobs/{job_id}").json().get("state"))


@contextmanager
def job(cluster: FlinkCluster, settings: Settings, module: str) -> Iterator[str]:
    """Run a job for the duration of the block; yield the job id."""
    job_id = submit(cluster, settings, module)
    try:
        yield job_id
    finally:
        cancel(cluster, job_id)


CODECS = "none", "gzip", "snappy", "lz4", "zstd"
READ_ODD = len(CODECS) + 1


def send_odd(bootstrap_servers: str, topic: str, records: list[OddRecord]) -> int:
    """Send the records `READ_ODD` times: in batches of every codec, and in a transaction. One more transaction is aborted.

    Returns how many of them a reader gets.
    """

    def produce(out: Producer, timestamp_ms: int = 0) -> None:
        for record in records:
            out.produce(topic, record.value, record.key, headers=list(record.headers), timestamp=timestamp_ms)

    for codec in CODECS:
        out = producer(bootstrap_servers, compression_type=codec, linger_ms=100)
        produce(out, timestamp_ms=1)
        out.flush()
    out = fencing_producer(bootstrap_servers, f"odd-{topic}")
    for end in (out.abort_transaction, out.commit_transaction):
        out.begin_transaction()
        produce(out)
        out.flush()
        end()
    return len(records) * READ_ODD


def read(
    bootstrap_servers: str,
    topic: str,
    enough: Callable[[list[Message]], bool],
    stall_s: float,
    patience: float = PATIENCE,
) -> list[Message]:
    """Read a topic's committed records from the start until there are enough or no more arrive.

    It gives up after `patience` * `stall_s` without a record; `stall_s` suits a quiet machine.
    """
    reader, records, since_s = consumer(bootstrap_servers, "test-read"), [], time.monotonic()
    reader.subscribe([topic])
    try:
        while not enough(records) and time.monotonic() - since_s < patience * stall_s:
            found = [record for record in reader.consume(1000, timeout=0.2) if record.error() is None]
            records += found
            since_s = time.monotonic() if found else since_s
    finally:
        reader.close()
    return records
