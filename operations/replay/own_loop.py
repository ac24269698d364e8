"""The loop of a replay: a new namespace on the infrastructure that `weir up` started."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from operations.harness.kafka_namespace import delete_topics, has_topics
from operations.replay.mapping import Mapping
from operations.runner.loops import running_settings, start_loop, stop_loop
from weir.errors import DeploymentError
from weir.settings import Settings, load_settings


def loop_settings(mapping: Mapping, namespace: str) -> Settings:
    """The settings of the loop: those of this deployment on the stream's clock, overridden by the mapping's `[loop]`.

    Raises:
        DeploymentError: `[loop]` has an unknown or invalid setting, or the namespace is the deployment's own.
    """
    if namespace == load_settings().namespace:
        raise DeploymentError(f"{namespace!r} is the deployment's own namespace.", "Choose another --namespace.")
    learning = {"clock": "stream", **mapping.loop.get("learning", {})}
    return load_settings(**{**mapping.loop, "learning": learning, "namespace": namespace})


@contextmanager
def own_loop(settings: Settings, *, keep: bool, console: Console) -> Iterator[Settings]:
    """Run a loop in a new namespace while the block runs, then remove it with its topics and files.

    With `keep` the loop keeps running. After a failure it is stopped, but its topics and files remain for inspection.

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
    except BaseException:
        stop_loop(settings)
        raise
    if not keep:
        stop_loop(settings)
        delete_topics(running)
        shutil.rmtree(settings.namespace_dir, ignore_errors=True)
