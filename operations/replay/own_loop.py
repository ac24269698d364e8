"""The loop that a replay goes through: its own namespace on the infrastructure that `weir up` started."""

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
    """The settings of the loop: this deployment's, with the mapping's `[loop]` on top.

    Raises:
        DeploymentError: `[loop]` names an unknown setting or sets one wrongly, or the namespace is the deployment's.
    """
    if namespace == load_settings().namespace:
        raise DeploymentError(f"{namespace!r} is the deployment's own namespace.", "Give --namespace another name.")
    return load_settings(**{**mapping.loop, "namespace": namespace})


@contextmanager
def own_loop(settings: Settings, *, keep: bool, console: Console) -> Iterator[Settings]:
    """A running loop in a new namespace.

    Afterwards it is stopped and everything of it removed; with `keep` it goes on running. After a failure it is
    stopped and what it left stays, to be looked at.

    Raises:
        DeploymentError: Weir is not up, the namespace is not new, or a part of the loop does not come up.
    """
    known = running_settings(settings)
    if has_topics(known):
        raise DeploymentError(f"The namespace {settings.namespace!r} is not new.", "Give --namespace another name.")
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
