"""What the whole loop costs: `python -m bench.whole_loop [--rate 50 --rate 200] [CHECKOUT]...` prints a table for each rate.

Each checkout's loop is started anew by its own `weir up`. Payments are sent on a schedule that does not wait for the loop,
and a payment's latency runs from the moment it is due to its score being read, so that a stalled loop is not flattered. One
in fifty is labelled through the API. CPU seconds are those of each part's processes, per thousand payments.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from confluent_kafka import TopicPartition
from msgspec import structs
from rich.console import Console
from rich.table import Table

from bench.traffic import payments
from operations.replay.interruption import interruptible
from weir.kafka_clients import consumer, producer
from weir.messages import TRANSACTION, encode
from weir.topics import Topics

HERE = Path(__file__).parents[1]
NAMESPACE = "live"
USERS = 5_000
LABELLED_EVERY = 50
SETTLE_S, WARM_UP_S, WAIT_S = 15, 30, 120
"""Quiet before the first payment; payments that are not counted; the longest wait for the last scores. Round numbers."""

Parts = dict[str, float]
TICKS = os.sysconf("SC_CLK_TCK")
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20


def main(
    checkouts: Annotated[list[Path] | None, typer.Argument(help="Other checkouts to measure after this one.")] = None,
    rate: Annotated[list[float] | None, typer.Option(help="Payments a second.")] = None,
    seconds: float = 60,
    as_json: Annotated[Path | None, typer.Option("--json")] = None,
) -> None:
    """Measure each checkout's loop at each rate."""
    found: list[dict[str, Any]] = []
    for checkout in [HERE, *(checkouts or [])]:
        with (
            interruptible(),
            tempfile.TemporaryDirectory(prefix="weir-bench-") as folder,
            _loop(checkout, Path(folder)) as loop,
        ):
            found.append({"checkout": str(checkout), "rate": 0.0, **loop.idle(SETTLE_S)})
            for each in rate or [50.0, 200.0]:
                loop.measure(each, WARM_UP_S)
                found.append({"checkout": str(checkout), "rate": each, **loop.measure(each, seconds)})
                _show(found[-1])
    if as_json is not None:
        as_json.write_text(json.dumps(found, indent=1) + "\n")
    for row in found:
        _show(row)


class Loop:
    """A running loop: its parts' processes, its broker and its API."""

    def __init__(self, status: dict[str, Any], ready_s: float) -> None:
        self.ready_s = ready_s
        self._pids = {name: part["pid"] for name, part in status["parts"].items() if part["pid"]}
        addresses = status["addresses"]
        self._servers = addresses["Kafka"]
        self._api = addresses["API"].rstrip("/")
        self._sent = 0

    def idle(self, seconds: float) -> dict[str, Any]:
        """Return cores and megabytes by part without any payment."""
        before = self._cpu()
        time.sleep(seconds)
        used = {part: (cpu - before[part]) / seconds for part, cpu in self._cpu().items()}
        return {"ready_s": self.ready_s, "cores": used, "mb": {part: _mb(pid) for part, pid in self._pids.items()}}

    def measure(self, rate: float, seconds: float) -> dict[str, Any]:
        """Send payments at a rate; return their latencies and each part's CPU seconds per thousand payments."""
        count = int(rate * seconds)
        due, times = dict[bytes, float](), dict[bytes, float]()
        reader = threading.Thread(target=self._read, args=(count, times, ready := threading.Event()))
        reader.start()
        ready.wait()
        before, began_s = self._cpu(), time.time()
        self._send(count, rate, due)
        reader.join()
        took_s, after = time.time() - began_s, self._cpu()
        latencies = sorted((times[name] - at) * 1000 for name, at in due.items() if name in times)
        if not latencies:
            raise SystemExit(f"Nothing was scored within {WAIT_S} s.")
        costs = {part: (cpu - before[part]) / count * 1000 for part, cpu in after.items()}
        return {
            "payments": count,
            "lost": count - len(latencies),
            **{f"p{round(share * 100)}_ms": latencies[int(len(latencies) * share)] for share in (0.5, 0.99)},
            "cores": {part: (cpu - before[part]) / took_s for part, cpu in after.items()},
            "cpu_s_per_thousand": costs,
        }

    def _send(self, count: int, rate: float, due: dict[bytes, float]) -> None:
        out, first = producer(self._servers), self._sent
        self._sent += count
        ready = [TRANSACTION.decode(payload) for _, payload in payments(count, USERS, prefix=f"b{first}-")]
        start, api = time.time(), httpx.Client(timeout=10)
        labels: list[threading.Thread] = []
        for number, payment in enumerate(ready):
            at = start + number / rate
            while (ahead := at - time.time()) > 0:
                out.poll(0)
                time.sleep(min(ahead, 0.01))
            due[payment.transaction_id.encode()] = at
            sent = structs.replace(payment, event_time=int(time.time() * 1000))
            out.produce(Topics(NAMESPACE).transactions, encode(sent), payment.user_id)
            if number % LABELLED_EVERY == 0:
                labels.append(threading.Thread(target=self._label, args=(api, payment.transaction_id, number)))
                labels[-1].start()
        out.flush()
        for label in labels:
            label.join()

    def _label(self, api: httpx.Client, transaction_id: str, number: int) -> None:
        verdict = "fraud" if number % (5 * LABELLED_EVERY) == 0 else "legitimate"
        body = {
            "transaction_id": transaction_id,
            "verdict": verdict,
            "labeler": "bench",
            "label_id": f"l-{transaction_id}",
        }
        api.post(f"{self._api}/v1/labels", json=body).raise_for_status()

    def _read(self, count: int, times: dict[bytes, float], ready: threading.Event) -> None:
        """Note when each score is read."""
        scored, reader = Topics(NAMESPACE).scored, consumer(self._servers, "bench-whole-loop", fetch_wait_max_ms=5)
        partitions = reader.list_topics(scored).topics[scored].partitions
        ends = [reader.get_watermark_offsets(TopicPartition(scored, number))[1] for number in partitions]
        reader.assign([TopicPartition(scored, number, end) for number, end in zip(partitions, ends, strict=True)])
        ready.set()
        last_s = time.time()
        while len(times) < count and time.time() - last_s < WAIT_S:
            for message in reader.consume(1000, timeout=0.005):
                last_s = time.time()
                times.setdefault(message.key(), last_s)
        reader.close()

    def _cpu(self) -> Parts:
        children = _children()
        return {part: sum(_cpu_s(one) for one in _tree(pid, children)) for part, pid in self._pids.items()}


@contextmanager
def _loop(checkout: Path, folder: Path) -> Iterator[Loop]:
    """Run a checkout's loop in a state folder of its own."""
    env = os.environ | {"WEIR_STATE_DIR": str(folder), "PYTHONPATH": str(checkout), "WEIR_NAMESPACE": NAMESPACE}
    weir = [sys.executable, "-m", "operations"]
    began_s = time.time()
    try:
        subprocess.run([*weir, "up"], cwd=checkout, env=env, check=True)
        ready_s = time.time() - began_s
        told = subprocess.run([*weir, "status", "--json"], cwd=checkout, env=env, check=False, stdout=subprocess.PIPE)
        yield Loop(json.loads(told.stdout), ready_s)
    finally:
        subprocess.run([*weir, "down"], cwd=checkout, env=env, check=False)


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        found.setdefault(parent, []).append(int(stat.parent.name))
    return found


def _tree(pid: int, children: dict[int, list[int]]) -> Iterator[int]:
    yield pid
    for child in children.get(pid, []):
        yield from _tree(child, children)


def _cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def _mb(pid: int) -> float:
    children = _children()
    return sum(_resident_mb(one) for one in _tree(pid, children))


def _resident_mb(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_MB
    except OSError:
        return 0.0


def _show(row: dict[str, Any]) -> None:
    said = ", ".join(f"{name} {value:,.1f}" for name, value in row.items() if isinstance(value, float | int))
    table = Table(title=f"{row['checkout']}: {said}")
    columns = [name for name, value in row.items() if isinstance(value, dict)]
    for column in ("part", *columns):
        table.add_column(column, justify="left" if column == "part" else "right")
    for part in row[columns[0]]:
        table.add_row(part, *(f"{row[column][part]:.2f}" for column in columns))
    table.add_row("sum", *(f"{sum(row[column].values()):.2f}" for column in columns))
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
