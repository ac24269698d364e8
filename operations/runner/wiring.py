"""Build the infrastructure's configuration from the settings. Only this module knows both."""

import socket

from operations.runner.broker import Broker
from operations.runner.flink_config import FlinkCluster
from weir.settings import Settings

_LOCAL = "127.0.0.1"


def broker_of(settings: Settings) -> Broker:
    advertised = settings.bootstrap_servers.partition(":")[0]
    return Broker(
        port=settings.kafka.port,
        controller_port=settings.kafka.controller_port,
        folder=settings.state_dir / "kafka",
        cache_dir=settings.cache_dir,
        advertised_host=advertised,
        bind_host=settings.bind_host,
        heap_mb=settings.kafka.heap_mb,
        host_port=settings.kafka.host_port,
    )


def cluster_of(settings: Settings) -> FlinkCluster:
    """The Flink cluster for these settings. In a container, others reach a TaskManager by its host name."""
    return FlinkCluster(
        rest_port=settings.flink.rest_port,
        rpc_port=settings.flink.rpc_port,
        folder=settings.state_dir / "flink",
        cache_dir=settings.cache_dir,
        host=settings.flink.jobmanager_host or settings.host,
        bind_host=settings.bind_host,
        taskmanager_host=settings.host if settings.bind_host == _LOCAL else socket.gethostname(),
        jobmanager_mb=settings.flink.jobmanager_mb,
        taskmanager_mb=settings.flink.taskmanager_mb,
        state_backend=settings.flink.state_backend,
        slots=settings.flink.python_subtasks if settings.flink.one_taskmanager else 1,
    )
