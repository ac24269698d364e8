"""Health checks: each asks the part itself."""

from collections.abc import Callable
from functools import cache

import httpx

from operations.runner.flink_rest import FlinkRest
from operations.runner.kafka_admin import missing_topics, topic_names
from operations.runner.parts import Health, Part, every_part, job_name, taskmanager_id
from weir.errors import PartUnavailable
from weir.settings import Settings

_ASK_S = 2.0
"""A round number; not measured. It has to end before the 10 s that docker-compose.yml gives a health check."""


def problem_of(part: Part, settings: Settings) -> str | None:
    """A description of what is wrong, or None if the part is healthy. A part without a check always counts as healthy."""
    try:
        return _CHECKS[part.health](part, settings)
    except PartUnavailable as error:
        return error.problem


@cache
def _flink(address: str) -> FlinkRest:
    """One client per address, because creating one costs as much as twenty requests."""
    return FlinkRest(address, _ASK_S)


@cache
def _http_client() -> httpx.Client:
    return httpx.Client(timeout=_ASK_S, trust_env=False)


def _broker(_: Part, settings: Settings) -> str | None:
    topic_names(settings.bootstrap_servers)
    return None


def _topics(_: Part, settings: Settings) -> str | None:
    missing = missing_topics(settings.bootstrap_servers, settings.topics.all())
    return f"is missing {len(missing)} topics" if missing else None


def _jobmanager(_: Part, settings: Settings) -> str | None:
    _flink(settings.flink_rest).taskmanagers()
    return None


def _taskmanager(part: Part, settings: Settings) -> str | None:
    there = _flink(settings.flink_rest).taskmanagers()
    return None if taskmanager_id(part.name, settings.namespace) in there else "is not registered with the JobManager"


def _job(part: Part, settings: Settings) -> str | None:
    job = _flink(settings.flink_rest).live_job(job_name(part.name, settings.namespace))
    if job is None:
        return "is not submitted"
    return None if job.healthy else f"is {job.state.lower()}, {job.running_tasks} of {job.tasks} tasks run"


def _mlflow(_: Part, settings: Settings) -> str | None:
    return _http(f"{settings.mlflow_uri}/health")


def _api(_: Part, settings: Settings) -> str | None:
    return _http(f"{settings.api_url}/readyz")


def _http(url: str) -> str | None:
    try:
        response = _http_client().get(url)
    except httpx.TransportError as error:
        return f"{url} does not answer: {error}"
    return None if response.is_success else f"{url} answers {response.status_code}"


def _unchecked(_: Part, __: Settings) -> str | None:
    return None


_CHECKS: dict[Health, Callable[[Part, Settings], str | None]] = {
    Health.BROKER: _broker,
    Health.JOBMANAGER: _jobmanager,
    Health.TASKMANAGER: _taskmanager,
    Health.MLFLOW: _mlflow,
    Health.API: _api,
    Health.JOB: _job,
    Health.PROCESS: _unchecked,
    Health.DONE: _topics,
}


def require_healthy(name: str, settings: Settings) -> None:
    """Return if the part is healthy.

    Raises:
        PartUnavailable: it is not, or there is no such part.
    """
    part = next((part for part in every_part(settings) if part.name == name), None)
    if part is None:
        raise PartUnavailable(f"There is no part {name!r}.", "Run `weir status` to see the parts.")
    if problem := problem_of(part, settings):
        raise PartUnavailable(f"{name}: {problem}.", f"See `weir logs {name}`.")
