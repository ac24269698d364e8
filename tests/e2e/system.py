"""The whole system as a user starts it: `weir up` in a folder of its own, the command line, HTTP, Kafka."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from tests.waiting import eventually
from weir.kafka_clients import consumer, producer
from weir.messages import DEAD_LETTER, SCORED, DeadLetter, ScoredTransaction
from weir.topics import Topics

WEIR = Path(sys.executable).parent / "weir"


class System:
    """Weir on this machine, with its state under `folder`."""

    def __init__(self, folder: Path) -> None:
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("WEIR_")}
        self._environment |= {"WEIR_STATE_DIR": str(folder), "WEIR_MLFLOW__REGISTER_EVERY_S": "1"}
        self.topics = Topics("live")

    def run(self, *arguments: str) -> str:
        """What a `weir` command prints; it has to succeed."""
        done = subprocess.run([WEIR, *arguments], env=self._environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """A `weir` command that runs on; what it prints is read from its `stdout`."""
        return subprocess.Popen(
            [WEIR, *arguments], env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def status(self) -> dict[str, Any]:
        """`weir status --json`."""
        return json.loads(self.run("status", "--json"))

    def up(self) -> None:
        """Start it and learn where it is."""
        self.run("up")
        self.addresses = self.status()["addresses"]

    def down(self) -> None:
        """Stop it."""
        self.run("down")

    def pay(self, **payment: Any) -> httpx.Response:
        """Ask for a decision."""
        return httpx.post(f"{self.addresses['API']}/v1/decisions?deadline_ms=10000", json=payment, timeout=30)

    def label(self, transaction_id: str, verdict: str) -> httpx.Response:
        """Send a verdict."""
        body = {"transaction_id": transaction_id, "verdict": verdict, "labeler": "ana"}
        return httpx.post(f"{self.addresses['API']}/v1/labels", json=body, timeout=30)

    def receipt(self, label_id: str) -> dict[str, Any]:
        """What became of a label."""
        return httpx.get(f"{self.addresses['API']}/v1/labels/{label_id}", timeout=30).json()

    def send(self, topic: str, payloads: list[bytes | None]) -> None:
        """Put records on a topic, as somebody else's producer does."""
        out = producer(self.addresses["Kafka"])
        for payload in payloads:
            out.produce(topic, payload)
            out.poll(0)
        assert out.flush(60) == 0

    def scored(self, transaction_id: str, deadline_s: float = 60) -> ScoredTransaction:
        """The first score of a transaction."""
        reader = consumer(self.addresses["Kafka"], "test-e2e")
        reader.subscribe([self.topics.scored])
        try:
            return eventually(lambda: self._find(reader, transaction_id), deadline_s, every_s=0)
        finally:
            reader.close()

    def dead_letters(self, count: int, deadline_s: float) -> list[DeadLetter]:
        """At least this many dead letters, one for each position that they came from."""
        reader, found = consumer(self.addresses["Kafka"], "test-e2e"), {}
        reader.subscribe([self.topics.dead_letters])

        def enough() -> bool:
            for record in reader.consume(1000, timeout=0.2):
                letter = DEAD_LETTER.decode(record.value())
                found[letter.source] = letter
            return len(found) >= count

        try:
            eventually(enough, deadline_s, every_s=0)
        finally:
            reader.close()
        return list(found.values())

    @staticmethod
    def _find(reader: Any, transaction_id: str) -> ScoredTransaction | None:
        for record in reader.consume(500, timeout=0.2):
            if record.error() is None and record.key() == transaction_id.encode():
                return SCORED.decode(record.value())
        return None

    def kill(self, part: str) -> None:
        """`kill -9` what serves a part."""
        os.kill(self.status()["parts"][part]["pid"], signal.SIGKILL)

    def taskmanager_of(self, job: str) -> str:
        """The part that runs a job's Python operator."""
        rest = self.addresses["Flink"]
        jobs = httpx.get(f"{rest}/jobs/overview").json()["jobs"]
        job_id = next(one["jid"] for one in jobs if one["name"] == job and one["state"] == "RUNNING")
        vertices = httpx.get(f"{rest}/jobs/{job_id}").json()["vertices"]
        found = httpx.get(f"{rest}/jobs/{job_id}/vertices/{vertices[-1]['id']}").json()["subtasks"][0]
        return str(found["taskmanager-id"]).removeprefix("live-")
