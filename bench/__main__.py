"""`make bench`: compare the detector job with a bare `confluent-kafka` loop that does the same work.

Throughput is scores per second for a backlog of payments, Kafka to Kafka, after a warm-up. Latency runs from the produce
call to the score on Kafka, for both systems at half of the job's throughput. The results are printed and written to
`bench/results/latest.json` (rows: measure, system, value, unit, ratio to the bare loop).
"""

import json
import platform
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import typer
from confluent_kafka import TopicPartition
from rich.console import Console
from rich.table import Table

from bench.parts import Infrastructure, a_namespace, bare_loop, detector_job, started
from bench.traffic import payments
from operations.replay.interruption import interruptible
from weir.kafka_clients import consumer, producer
from weir.settings import Settings

RESULTS = Path(__file__).parent / "results" / "latest.json"
SYSTEMS = {"bare-loop": bare_loop, "weir-detector-job": detector_job}
WARM_UP = 0.2
"""The share of each run that is not counted. A round number; not measured."""


def main(backlog: int = 150_000, users: int = 5_000, latency_s: float = 20, rounds: int = 2) -> None:
    """Measure both systems in turn, for several rounds, and report the median of each."""
    with (
        interruptible(),
        tempfile.TemporaryDirectory(prefix="weir-bench-") as folder,
        started(Path(folder)) as infrastructure,
    ):
        rates: dict[str, list[float]] = {system: [] for system in SYSTEMS}
        for turn in range(rounds):
            for system in SYSTEMS:
                rates[system].append(_throughput(infrastructure, system, f"{system}-{turn}", backlog, users))
                print(f"round {turn + 1}: {system} {rates[system][-1]:,.0f}/s")
        throughput = {system: statistics.median(values) for system, values in rates.items()}
        rate = throughput["weir-detector-job"] / 2
        latencies = {system: _latency(infrastructure, system, rate, latency_s, users) for system in SYSTEMS}
    _report(_rows(throughput, latencies, rate))


def _throughput(infrastructure: Infrastructure, system: str, namespace: str, backlog: int, users: int) -> float:
    settings = a_namespace(infrastructure, namespace)
    _produce(settings, backlog, users)
    with SYSTEMS[system](infrastructure, settings):
        times = _scored_at(settings, backlog, deadline_s=600)
    measured = sorted(times.values())[int(backlog * WARM_UP) :]
    return (len(measured) - 1) / (measured[-1] - measured[0]) * 1000


def _latency(infrastructure: Infrastructure, system: str, rate: float, seconds: float, users: int) -> list[float]:
    """Milliseconds from the produce call to the score, sorted, without the warm-up."""
    settings = a_namespace(infrastructure, f"{system}-latency")
    count = int(rate * seconds)
    with SYSTEMS[system](infrastructure, settings):
        _produce(settings, 500, users)
        _scored_at(settings, 500, deadline_s=60)
        sent = _pace(settings, count, users, rate)
        scored = _scored_at(settings, 500 + count, deadline_s=120)
    measured = list(sent.items())[int(count * WARM_UP) :]
    return sorted(scored[key] - at for key, at in measured)


def _produce(settings: Settings, count: int, users: int) -> None:
    """Send payments as fast as possible."""
    out = producer(settings.bootstrap_servers, queue_buffering_max_messages=2_000_000)
    for key, payload in payments(count, users):
        out.produce(settings.topics.transactions, payload, key)
        out.poll(0)
    out.flush()


def _pace(settings: Settings, count: int, users: int, rate: float) -> dict[bytes, float]:
    """Send payments at a rate. Returns the time at which each was sent (ms), by transaction id."""
    out, sent, ready = producer(settings.bootstrap_servers), {}, list(payments(count, users, prefix="p"))
    start = time.time()
    for number, (key, payload) in enumerate(ready):
        if (ahead := start + number / rate - time.time()) > 0:
            out.poll(0)
            time.sleep(ahead)
        sent[b"p%d" % number] = time.time() * 1000
        out.produce(settings.topics.transactions, payload, key)
    out.flush()
    return sent


def _scored_at(settings: Settings, count: int, deadline_s: float) -> dict[bytes, float]:
    """The Kafka timestamp of each score (ms), by transaction id."""
    times: dict[bytes, float] = {}
    reader, end = consumer(settings.bootstrap_servers, "bench"), time.monotonic() + deadline_s
    reader.assign([TopicPartition(settings.topics.scored, number, 0) for number in range(settings.kafka.partitions)])
    while len(times) < count and time.monotonic() < end:
        for message in reader.consume(5000, timeout=0.5):
            times.setdefault(message.key(), message.timestamp()[1])
    reader.close()
    if len(times) < count:
        raise SystemExit(
            f"{settings.namespace}: only {len(times)} of {count} payments were scored within {deadline_s:.0f} s."
        )
    return times


def _rows(throughput: dict[str, float], latencies: dict[str, list[float]], rate: float) -> list[dict[str, Any]]:
    rows = [_row("throughput", system, value, "1/s", throughput["bare-loop"]) for system, value in throughput.items()]
    for name, share in {"p50": 0.5, "p99": 0.99}.items():
        measure = f"latency {name} at {rate:,.0f}/s"
        values = {system: found[int(len(found) * share)] for system, found in latencies.items()}
        rows += [_row(measure, system, value, "ms", values["bare-loop"]) for system, value in values.items()]
    return rows


def _row(measure: str, system: str, value: float, unit: str, bare: float) -> dict[str, Any]:
    ratio = round(value / bare, 3) if bare else None
    return {"measure": measure, "system": system, "value": round(value, 2), "unit": unit, "ratio": ratio}


def _report(rows: list[dict[str, Any]]) -> None:
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(rows, indent=1) + "\n")
    table = Table(title=f"{platform.processor() or platform.machine()}, Python {platform.python_version()}")
    for column in rows[0]:
        table.add_column(column)
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
