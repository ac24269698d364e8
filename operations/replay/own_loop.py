"""The loop of a replay: a new namespace on the infrastructure that `weir up` started."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from operations.harness.kafka_namespace import delete_topics, has_topics
from operations.replay.interruption import undisturbed
from operations.replay.mapping import Mapping
from operations.runner.loops import running_settings, start_loop, stop_loop
from operations.runner.progress import waiting
from weir.errors import DeploymentError
from weir.settings import Settings, load_settings

_FEW_ROWS = 5000
"""Up to so many rows, a loop with one TaskManager is done sooner: each TaskManager costs at least 14 s of CPU time to
start. Where both jobs share one, a record costs up to 2.7 times as much. A round number; not measured."""


def loop_settings(mapping: Mapping, namespace: str) -> Settings:
    """The settings of the loop: those of this deployment on the stream's clock, overridden by the mapping's `[loop]`.

    Raises:
        DeploymentError: `[loop]` has an unknown or invalid setting, or the namespace is the deployment's own.
    """
    if namespace == load_settings().namespace:
        raise DeploymentError(f"{namespace!r} is the deployment's own namespace.", "Choose another --namespace.")
    learning = {"clock": "stream", **mapping.loop.get("learning", {})}
    return load_settings(**{**mapping.loop, "learning": learning, "namespace": namespace})


def sized(settings: Settings, mapping: Mapping, rows: int) -> Settings:
    """The settings for so many rows: few of them share one TaskManager, unless `[loop]` has settings for Flink."""
    if rows > _FEW_ROWS or "flink" in mapping.loop:
        return settings
    return settings.model_copy(update={"flink": settings.flink.model_copy(update={"one_taskmanager": True})})


@contextmanager
def own_loop(settings: Settings, *, keep: bool, console: Console) -> Iterator[Settings]:
    """Run a loop in a new namespace while the block runs, then remove it with its topics and files.

    An interruption removes it, too. With `keep` it keeps running, or is only stopped if the replay is interrupted.
    After a failure it is stopped, but its topics and files remain for inspection.

    Raises:
        DeploymentError: Weir is not up, the namespace is not new, or a part of the loop does not start.
    """
    known = running_settings(settings)
    if has_topics(known):
        raise DeploymentError(
            f"The namespace {settings.namespace!r} already has topics.", "Choose another --namespace."
        )
    try:
        running = start_loop(settings, console)
        yield running
        if not keep:
            _end(known, console, remains=False)
    except KeyboardInterrupt:
        _end(known, console, remains=keep)
        raise
    except BaseException:
        _end(known, console, remains=True)
        raise


def _end(settings: Settings, console: Console, *, remains: bool) -> None:
    """Stop the loop, and delete its topics and files unless they shall remain, even if nobody reads the output any more."""
    with undisturbed():
        try:
            with waiting(console, "waiting for the replay's loop to stop") as show:
                _remove(settings, show, remains=remains)
        except OSError:
            _remove(settings, lambda _what: None, remains=remains)


def _remove(settings: Settings, show: Callable[[str], None], *, remains: bool) -> None:
    """Stop the loop and delete what shall not remain. To repeat it changes nothing."""
    stop_loop(settings, discard=not remains)
    if not remains:
        show("deleting the replay's topics")
        delete_topics(settings)
        shutil.rmtree(settings.namespace_dir, ignore_errors=True)
