"""A single Kafka broker with its own data folder. With KRaft, broker and controller are one process."""

import subprocess
import uuid
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path

from operations.runner.java import on_classpath, with_archive
from operations.runner.process import Command
from weir.errors import DeploymentError
from weir.jars import jars
from weir.topics import DAY_MS, LARGE_MESSAGE_BYTES


@dataclass(frozen=True)
class Broker:
    port: int
    controller_port: int
    folder: Path
    cache_dir: Path
    advertised_host: str = "127.0.0.1"
    bind_host: str = "127.0.0.1"
    heap_mb: int = 512
    host_port: int | None = None
    """A second listener, for clients that reach the broker as 127.0.0.1 from outside its container's network."""

    @property
    def bootstrap_servers(self) -> str:
        return f"{self.advertised_host}:{self.port}"


def prepare(broker: Broker) -> Command:
    """Write the configuration, format a new log folder, and return the command that runs the broker.

    Raises:
        MissingPart: a jar is missing.
        DeploymentError: the log folder cannot be formatted.
    """
    broker.folder.mkdir(parents=True, exist_ok=True)
    properties = broker.folder / "server.properties"
    properties.write_text("".join(f"{name}={value}\n" for name, value in _properties(broker).items()))
    if not (_log_dir(broker) / "meta.properties").exists():
        _format(broker, properties)
    return Command([*_java(broker, "kafka", broker.heap_mb), "kafka.Kafka", str(properties)])


def _log_dir(broker: Broker) -> Path:
    return broker.folder.absolute() / "data"


def _properties(broker: Broker) -> dict[str, object]:
    listeners = {
        "PLAINTEXT": (f"{broker.bind_host}:{broker.port}", broker.bootstrap_servers),
        "CONTROLLER": (f"{broker.bind_host}:{broker.controller_port}", f"127.0.0.1:{broker.controller_port}"),
    }
    if broker.host_port is not None:
        listeners["HOST"] = f"{broker.bind_host}:{broker.host_port}", f"127.0.0.1:{broker.host_port}"
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.bootstrap.servers": f"127.0.0.1:{broker.controller_port}",
        "controller.listener.names": "CONTROLLER",
        "listeners": ",".join(f"{name}://{bound}" for name, (bound, _) in listeners.items()),
        "advertised.listeners": ",".join(f"{name}://{advertised}" for name, (_, advertised) in listeners.items()),
        "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in listeners),
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": _log_dir(broker),
        "auto.create.topics.enable": "false",
        # There is one broker, so nothing can be replicated. Kafka's default of 50 partitions spreads load over brokers.
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        # The cap for `flink.transaction_timeout_ms`; Kafka's default of 15 minutes is below that setting's default.
        "transaction.max.timeout.ms": DAY_MS,
        # A publication is one record, and Kafka's default limit of 1 MB is too small for a forest.
        "message.max.bytes": LARGE_MESSAGE_BYTES,
        "replica.fetch.max.bytes": LARGE_MESSAGE_BYTES,
        # Kafka's default waits 3 s for more members, and that would delay every start of a part that subscribes.
        "group.initial.rebalance.delay.ms": 0,
        # Kafka's default of 128 MB is a quarter of the default heap. 16 MB is a round number; not measured.
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
    }


def _java(broker: Broker, kind: str, heap_mb: int) -> list[str]:
    classpath = [*jars("kafka", broker.cache_dir), *jars("kafka-logging", broker.cache_dir)]
    start = with_archive(on_classpath(classpath), kind, broker.cache_dir)
    logging = f"-Dlog4j2.configurationFile={Path(__file__).with_name('log4j2.properties')}"
    return [*start, f"-Xmx{heap_mb}m", "-XX:+UseG1GC", logging]


_FORMATTER_HEAP_MB = 256
"""A round number; not measured. The tool writes one small file."""


def _format(broker: Broker, properties: Path) -> None:
    cluster_id = urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    arguments = ["format", "--standalone", f"--cluster-id={cluster_id}", "--config", str(properties)]
    done = subprocess.run(
        [*_java(broker, "kafka-format", _FORMATTER_HEAP_MB), "kafka.tools.StorageTool", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise DeploymentError(
            f"Kafka could not format its folder {broker.folder}: {' '.join(last)}.",
            "Check that the disk has room and that you may write to the folder.",
        )
