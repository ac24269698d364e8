"""`weir status`: health, lag, the model in use, and whether the counts reconcile."""

import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from operations.runner.diary import Diary
from operations.runner.flink_rest import FlinkRest
from operations.runner.health import problem_of
from operations.runner.job import JobPart
from operations.runner.kafka_admin import committed, end_offsets, lag
from operations.runner.kafka_status import lags_of, last_commit, last_entry, last_publication, ledger_is_behind, sent_ms
from operations.runner.logs import last_words
from operations.runner.loops import running_settings
from operations.runner.parts import Health, Part, infrastructure, loop
from operations.runner.reconciliation import reconcile
from operations.runner.supervisor_config import INFRASTRUCTURE, Folders, loop_group, namespace_of
from operations.runner.supervisord import Running, Supervisor
from operations.runner.up import addresses
from weir.errors import PartUnavailable
from weir.settings import Settings

COLLECTED_WITHIN_S = 0.4
"""The time that Flink gets to collect metrics. A round number; not measured."""


def status(settings: Settings) -> dict[str, Any]:
    """The whole status as plain values. A value is None if the part that knows it does not answer."""
    settings = running_settings(settings)
    asks = {
        "parts": lambda: parts(settings),
        "loops": lambda: loops(settings),
        "topics": lambda: topics(settings),
        "model": lambda: {"learner": learner_model(settings), "detector": detector_model(settings)},
        "ledger": lambda: ledger(settings),
    }
    with ThreadPoolExecutor() as pool:
        answers = {name: pool.submit(_or_none, ask) for name, ask in asks.items()}
    known = {name: answer.result() for name, answer in answers.items()}
    known |= known.pop("ledger") or {"counts": None, "reconciliation": None}
    return {
        "namespace": settings.namespace,
        "addresses": addresses(settings),
        "disk_free_mb": free_mb(settings),
        **known,
    }


def free_mb(settings: Settings) -> int | None:
    """Free space on the state folder's disk, or None if there is no such folder yet."""
    folder = settings.state_dir
    return shutil.disk_usage(folder).free // 2**20 if folder.exists() else None


def loops(settings: Settings) -> dict[str, dict[str, int]]:
    """By namespace, how many parts each loop on this infrastructure has and how many of them run."""
    supervisor = Supervisor(Folders(settings.state_dir))
    found: dict[str, dict[str, int]] = {}
    for program in supervisor.programs() if supervisor.is_running() else []:
        if program.group != INFRASTRUCTURE:
            counts = found.setdefault(namespace_of(program.group), {"parts": 0, "running": 0})
            counts["parts"] += 1
            counts["running"] += program.state == "RUNNING"
    return found


def parts(settings: Settings) -> dict[str, dict[str, Any]]:
    """By name, each part's health, and its process as supervisord reports it."""
    supervisor = Supervisor(Folders(settings.state_dir))
    groups = {INFRASTRUCTURE, loop_group(settings.namespace)}
    programs = supervisor.programs() if supervisor.is_running() else []
    running = {program.part: program for program in programs if program.group in groups}
    every = [*infrastructure(settings), *loop(settings)]
    with ThreadPoolExecutor(len(every)) as pool:
        return dict(
            zip(
                (part.name for part in every),
                pool.map(lambda part: _part(part, running.get(part.name), settings), every),
                strict=True,
            )
        )


def _part(part: Part, program: Running | None, settings: Settings) -> dict[str, Any]:
    if program is None or program.state != "RUNNING":
        state = program.state if program else None
        found = {"healthy": False, "problem": _why_not(program), "state": state, "pid": None}
    else:
        problem = problem_of(part, settings)
        found = {"healthy": problem is None, "problem": problem, "state": program.state, "pid": program.pid}
    return found | ({"failures": _failures(part, settings)} if part.health is Health.JOB else {})


def _failures(part: Part, settings: Settings) -> dict[str, Any] | None:
    """A job's failures in the last hour, None without any. One that healed does not make the job unhealthy."""
    diary = Diary(part.name, settings)
    failures = diary.failures()
    if not failures:
        return None
    last = failures[-1]
    return {"last_hour": len(failures), "last_at_ms": last.at_ms, "last_cause": last.cause, "story": diary.story()}


def _why_not(program: Running | None) -> str:
    """A part that ends by itself has said why; one that was stopped has not."""
    if program is None or program.state in {"STOPPED", "STOPPING", "STARTING"}:
        return "is not running"
    return f"keeps ending: {last_words(program.log)}"


def topics(settings: Settings) -> dict[str, dict[str, Any]]:
    """By topic, the sum of its end offsets, and the lag of each reader in records."""
    every, servers = settings.topics.all(), settings.bootstrap_servers
    found: dict[str, dict[str, Any]] = {topic.name: {"end": 0, "lag": {}} for topic in every}
    for partition, end in end_offsets(servers, every).items():
        found[partition.topic]["end"] += end
    for reader in ("detector", "label-join", "twin"):
        for topic, behind in lag(servers, group_of(settings, reader), every).items():
            found[topic]["lag"][reader] = behind
    learned, written = learner_model(settings), last_entry(settings)
    if written is not None:
        found[settings.topics.learning_log]["lag"]["learner"] = written.n - (learned["n"] if learned else 0)
    return found


def group_of(settings: Settings, reader: str) -> str:
    """The consumer group of a job or the twin."""
    return f"weir-{settings.namespace}-{reader}"


def learner_model(settings: Settings) -> dict[str, Any] | None:
    """The learner's last publication, with the last example that it learned (`n`) and that its trees learned (`trees_n`).

    `trainings_failed` counts failed attempts to train the next trees.
    """
    last = last_publication(settings)
    if last is None:
        return None
    trees = {name: int(last.metrics.get(name, 0)) for name in ("trees_n", "trainings_failed")}
    return {"publication": last.publication, "epoch": last.epoch, "n": last.n, **trees}


def detector_model(settings: Settings) -> dict[str, Any] | None:
    """The publication that scores, and the last examples that it and its trees learned, from the detector's metrics."""
    rest = FlinkRest(settings.flink_rest)
    job = rest.live_job(JobPart("detector-job", settings).name)
    if job is None:
        return None
    rest.metric(
        job.id, ".model_publication"
    )  # Flink answers with old values, and this request makes it collect new ones
    time.sleep(COLLECTED_WITHIN_S)
    found = {
        name: rest.metric(job.id, f".{metric}")
        for name, metric in {
            "publication": "model_publication",
            "n": "model_sequence",
            "trees_n": "trees_sequence",
        }.items()
    }
    if found["publication"] is None:
        return None
    return {name: None if value is None else int(value) for name, value in found.items()}


def ledger(settings: Settings) -> dict[str, Any] | None:
    """The ledger's last counts and whether they reconcile, or None before its first commit."""
    every = settings.topics.all()
    done = {
        job: committed(settings.bootstrap_servers, group_of(settings, job), every) for job in ("detector", "label-join")
    }
    commit = last_commit(settings)
    if commit is None:
        return None
    counts, snapshot = commit
    lags = lags_of(settings.topics, done, snapshot, ledger_is_behind=ledger_is_behind(settings, snapshot))
    verdict = reconcile(counts, snapshot, lags, last_entry(settings), lambda place: sent_ms(settings, *place))
    return {"counts": msgspec.to_builtins(counts), "reconciliation": msgspec.to_builtins(verdict)}


def _or_none(ask: Any) -> Any:
    try:
        return ask()
    except (PartUnavailable, TimeoutError, ConnectionError, FileNotFoundError):
        return None


def show_status(settings: Settings, *, as_json: bool) -> None:
    """Print the status as tables or as JSON."""
    found = status(settings)
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found)).decode() + "\n")
        return
    from operations.runner.status_view import render  # noqa: PLC0415 -- JSON needs no Rich

    render(found)
