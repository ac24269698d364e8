"""How soon a fresh reader of the control topic is ready: `python -m bench.kafka_control_reader`.

A broker of its own gets 20,000 reputations, a hundred trees, and models of all weights until the learner's reserve of
bytes is spent (`learner.pace`). Nothing is compacted yet, so this is the most that a reader meets. Readers in processes
of their own then read everything to the end, as the detector does.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
from confluent_kafka import TopicPartition
from pydantic import SecretStr

from bench.parts import KEY, PAIRED_FEATURES, wait_for
from detector.knowledge import MODEL_KEY, TREES_KEY, Knowledge
from learner.example_cache import TrainingSet
from learner.pace import RESERVE_BYTES
from learner.xgboost_training import train
from operations.replay.interruption import interruptible
from operations.runner.broker import Broker, prepare
from operations.runner.fetch import fetch
from operations.runner.ports import free_ports, is_free
from operations.runner.process import running
from weir.artefact import AdditiveScorer, pack, sign, sign_reputation
from weir.bins import Layout
from weir.compiled import warm
from weir.feature_schema import KIND_OF, NAMES
from weir.kafka_clients import consumer, create_topics, producer
from weir.messages import DecayedCounts, Publication, Reputation, TreesPublication, encode
from weir.settings import KafkaSettings, Settings, load_settings
from weir.trees_artefact import pack_trees

ENTITIES, EXAMPLES, READERS = 20_000, 20_000, 3


def main() -> None:
    """Print the bytes of one publication of each voice, and what each reader took."""
    cache_dir = Settings().cache_dir
    fetch(cache_dir, print)
    warm(cache_dir)
    broker_port, controller_port = free_ports(2)
    with interruptible(), tempfile.TemporaryDirectory() as folder:
        broker = Broker(broker_port, controller_port, Path(folder) / "kafka", cache_dir)
        with running(prepare(broker), Path(folder) / "kafka.log"):
            settings = Settings(
                namespace="bench",
                signing_key=SecretStr(KEY),
                kafka=KafkaSettings(bootstrap_servers=broker.bootstrap_servers),
            )
            wait_for(lambda: not is_free(broker_port))
            create_topics(settings.bootstrap_servers, settings.topics.all())
            _write(settings)
            for _ in range(READERS):
                _read_in_a_process(settings)


def _write(settings: Settings) -> None:
    out, rng = producer(settings.bootstrap_servers), np.random.default_rng(1)
    for nth in range(ENTITIES):
        reputation = _reputation(nth)
        out.produce(settings.topics.control, encode(reputation), reputation.control_key)
        out.poll(0)
    trees, models, written = _trees(rng), _models(rng), 0
    out.produce(settings.topics.control, trees, TREES_KEY)
    while written < RESERVE_BYTES:
        model = next(models)
        out.produce(settings.topics.control, model, MODEL_KEY)
        out.poll(0)
        written += len(model)
    out.flush()
    sys.stdout.write(f"bytes of a publication: additive {len(model):,}, trees {len(trees):,}\n")


def _reputation(nth: int) -> Reputation:
    decayed = DecayedCounts(1_600_000_000_000, 0.01, 1.1, 1.2, 1.3, 4.1, 6.2, 8.3)
    reputation = Reputation(
        entity_id=f"merchant-{nth}",
        epoch=1,
        n=nth,
        known_frauds=2,
        known_legitimate=10,
        fraud_rate=0.1,
        last_fraud_ms=1_600_000_000_000 + nth,
        decayed=decayed,
    )
    return sign_reputation(reputation, KEY.encode())


def _models(rng: np.random.Generator) -> Iterator[bytes]:
    """Yield models in which every weight is another random number, so that they compress as badly as possible."""
    layout, publication = Layout(KIND_OF, list(combinations(range(PAIRED_FEATURES), 2))), 0
    while True:
        publication += 1
        bins, cells = rng.normal(size=layout.bin_count).tolist(), rng.normal(size=layout.cell_count).tolist()
        artefact = pack(AdditiveScorer(layout=layout, bins=bins, cells=cells, trust=0.8))
        yield encode(
            Publication(
                publication=publication,
                epoch=1,
                n=publication,
                contender="champion",
                artefact=artefact,
                signature=sign(artefact, KEY.encode()),
                digest="bench",
                published_at_ms=0,
            )
        )


def _trees(rng: np.random.Generator) -> bytes:
    """Return trees trained on noise, which are as large as trees become."""
    values, frauds = rng.normal(size=(EXAMPLES, len(NAMES))).astype(np.float32), rng.integers(0, 2, EXAMPLES)
    examples = TrainingSet(values, frauds.astype(bool), np.ones(EXAMPLES, np.float32))
    artefact = pack_trees(train(examples, NAMES))
    return encode(
        TreesPublication(
            epoch=1,
            n=1,
            clock_ms=0,
            artefact=artefact,
            signature=sign(artefact, KEY.encode()),
            digest="bench",
            published_at_ms=0,
            examples=EXAMPLES,
            frauds=int(frauds.sum()),
        )
    )


def _read_in_a_process(settings: Settings) -> None:
    env = os.environ | {
        "WEIR_NAMESPACE": settings.namespace,
        "WEIR_SIGNING_KEY": KEY,
        "WEIR_KAFKA__BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    command = [sys.executable, "-m", "bench.kafka_control_reader", "--read"]
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout)
    sys.stdout.write("a reader: " + ", ".join(f"{name} {value:,}" for name, value in found.items()) + "\n")


def _read() -> None:
    """Read the topic to its end, and print what it took as JSON."""
    settings = load_settings()
    warm(settings.cache_dir)
    began_s, cpu_s = time.monotonic(), time.process_time()
    knowledge = Knowledge(settings.require_signing_key())
    reader, partition = (
        consumer(settings.bootstrap_servers, "bench-control"),
        TopicPartition(settings.topics.control, 0, 0),
    )
    _, end = reader.get_watermark_offsets(partition)
    reader.assign([partition])
    records = size = 0
    while reader.position([partition])[0].offset < end:
        for message in reader.consume(500, timeout=0.1):
            if message.error():
                raise SystemExit(str(message.error()))
            knowledge.apply(message.value(), message.key())
            records, size = records + 1, size + len(message.value() or b"")
    reader.close()
    took = {
        "records": records,
        "bytes": size,
        "entities": len(knowledge.reputation),
        "seconds": round(time.monotonic() - began_s, 2),
        "cpu_seconds": round(time.process_time() - cpu_s, 2),
    }
    sys.stdout.write(json.dumps(took))


if __name__ == "__main__":
    _read() if sys.argv[1:] == ["--read"] else main()
