"""The parts of Weir: their dependencies, health checks, and commands.

The local runner starts a part with `python -m operations.runner.run PART`, docker-compose.yml with `weir run PART`; both
call `run_part`. tests/unit/test_compose.py compares docker-compose.yml with the parts listed here.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from operations.runner.process import Command
from weir.dead_letters import Job
from weir.errors import DeploymentError
from weir.settings import Settings
from weir.topics import Topics

JOBS: dict[str, Job] = {"detector-job": "detector", "label-join-job": "label-join"}
"""The part of each job, and the job's name in consumer groups and dead letters."""

GIVES_WAY = {"registrar": 5, "mlflow": 5}
"""Parts that give way, with their niceness: no payment, label or publication waits for them, and at a start they would take
the CPU time of those that it waits for. With 5 they get a quarter of a busy core. A round number; not measured."""

MLFLOW_ENV = Path(__file__).parents[2] / "mlflow" / "server.env"


class Health(Enum):
    """How a part shows that it is healthy."""

    BROKER = "lists its topics"
    JOBMANAGER = "answers on its REST API"
    TASKMANAGER = "is registered with the JobManager"
    MLFLOW = "answers on /health"
    API = "answers on /readyz"
    JOB = "runs all its tasks"
    PROCESS = "keeps running"
    DONE = "has exited without an error"


@dataclass(frozen=True)
class Part:
    """One part. The supervisor kills it if it has not stopped after `stop_s`; the values are round numbers."""

    name: str
    health: Health
    depends_on: tuple[str, ...] = ()
    stop_s: int = 15


KAFKA = Part("kafka", Health.BROKER, stop_s=30)
JOBMANAGER = Part("jobmanager", Health.JOBMANAGER)
MLFLOW = Part("mlflow", Health.MLFLOW)
TOPICS = Part("topics", Health.DONE, ("kafka",))
TWIN = Part("twin", Health.PROCESS, ("topics",))


def infrastructure(settings: Settings) -> list[Part]:
    """The parts that all namespaces share, without those that the settings take from an existing deployment."""
    kafka = [KAFKA] if settings.kafka.bootstrap_servers is None else []
    mlflow = [MLFLOW] if settings.mlflow.uri is None else []
    return [*kafka, JOBMANAGER, *mlflow]


def every_part(settings: Settings) -> list[Part]:
    """All parts of one namespace, including those that this deployment does not start."""
    return [KAFKA, TOPICS, JOBMANAGER, MLFLOW, *loop(settings)]


def loop(settings: Settings) -> list[Part]:
    """The parts of one namespace's loop: one TaskManager for each subtask with Python, the standby ones, and the rest."""
    flink = settings.flink
    count = 1 if flink.one_taskmanager else flink.python_subtasks + flink.standby_taskmanagers
    names = [f"taskmanager-{number}" for number in range(1, count + 1)]
    return [
        *(Part(name, Health.TASKMANAGER, ("jobmanager",)) for name in names),
        Part("detector-job", Health.JOB, ("topics", "jobmanager", *names), stop_s=60),
        Part("label-join-job", Health.JOB, ("topics", "jobmanager", *names), stop_s=60),
        Part("learner", Health.PROCESS, ("topics",)),
        Part("registrar", Health.PROCESS, ("topics", "mlflow")),
        Part("api", Health.API, ("topics",)),
        Part("ledger", Health.PROCESS, ("topics",)),
        *([] if settings.detector.twin_freezes_at_ms is None else [TWIN]),
    ]


def stage_of(part: str) -> int:
    """The stage in which a part stops. Stages stop in ascending order, so a part outlives all that depend on it."""
    late = {"jobmanager": 4, "mlflow": 4, "kafka": 5}
    return late.get(part, 3 if part.startswith("taskmanager-") else 1 if part == "api" else 2)


def command_of(part: str, settings: Settings) -> Command:
    """Prepare a part and return the command that runs it in the foreground.

    Raises:
        DeploymentError: there is no such part, or something that it needs is missing.
    """
    if part.startswith("taskmanager-"):
        return _taskmanager(part, settings)
    commands: dict[str, Callable[[Settings], Command]] = {
        "kafka": _kafka,
        "jobmanager": _jobmanager,
        "mlflow": _mlflow,
        "topics": lambda _: _module("operations", "topics"),
        "detector-job": lambda _: _module("operations.runner.job", "detector-job"),
        "label-join-job": lambda _: _module("operations.runner.job", "label-join-job"),
        "learner": lambda _: _module("learner"),
        "registrar": lambda _: _module("learner.registrar"),
        "api": lambda _: _module("feedback_api"),
        "ledger": lambda _: _module("ledger"),
        "twin": lambda _: _module("detector.kafka_twin"),
    }
    if part not in commands:
        raise DeploymentError(f"There is no part {part!r}.", f"The parts are {', '.join(commands)}, taskmanager-N.")
    return commands[part](settings)


def _module(module: str, *arguments: str) -> Command:
    return Command([sys.executable, "-m", module, *arguments])


def _kafka(settings: Settings) -> Command:
    from operations.runner.broker import prepare  # noqa: PLC0415 -- each part imports only what it needs
    from operations.runner.wiring import broker_of  # noqa: PLC0415

    return prepare(broker_of(settings))


def _jobmanager(settings: Settings) -> Command:
    from operations.runner.flink import prepare_jobmanager  # noqa: PLC0415
    from operations.runner.wiring import cluster_of  # noqa: PLC0415

    return prepare_jobmanager(cluster_of(settings))


def _taskmanager(part: str, settings: Settings) -> Command:
    """Compile what the detector calls first, for this processor: its operator then only loads it."""
    import detector.intake  # noqa: F401, PLC0415 -- it has all that is compiled
    from operations.runner.flink import prepare_taskmanager  # noqa: PLC0415
    from operations.runner.wiring import cluster_of  # noqa: PLC0415
    from weir.compiled import warm  # noqa: PLC0415

    warm(settings.cache_dir)
    return prepare_taskmanager(cluster_of(settings), taskmanager_id(part, settings.namespace))


def taskmanager_id(part: str, namespace: str) -> str:
    """The TaskManager's resource id. Namespaces share the cluster, so it contains the namespace."""
    return f"{namespace}-{part}"


def job_name(part: str, namespace: str) -> str:
    """The name of a job part's job on the cluster. The job itself sets it as `pipeline.name`.

    >>> job_name("detector-job", "live")
    'weir-live-detector'
    """
    return f"weir-{namespace}-{part.removesuffix('-job')}"


def topics_of(part: str, topics: Topics) -> list[str]:
    """The topics whose records a job part processes, apart from `control`."""
    of_jobs = {
        "detector-job": [topics.transactions, topics.user_events],
        "label-join-job": [topics.scored, topics.labels],
    }
    return of_jobs[part]


def _mlflow(settings: Settings) -> Command:
    folder = (settings.state_dir / "mlflow").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    lines = [line for line in MLFLOW_ENV.read_text().splitlines() if line and not line.startswith("#")]
    address = ["--host", settings.bind_host, "--port", str(settings.mlflow.port), "--workers", "1"]
    storage = [
        "--backend-store-uri",
        f"sqlite:///{folder / 'mlflow.db'}",
        "--artifacts-destination",
        str(folder / "artifacts"),
    ]
    argv = [sys.executable, "-m", "mlflow", "server", *address, *storage]
    return Command(argv, dict(line.split("=", 1) for line in lines))
