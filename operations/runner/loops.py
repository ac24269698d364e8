"""Start and stop a namespace's loop on the running infrastructure."""

import time
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from operations.runner import checkpoints, endpoints
from operations.runner.environment import environment_of
from operations.runner.health import problem_of
from operations.runner.logs import last_words
from operations.runner.parts import Part, loop, stage_of
from operations.runner.progress import wait_for_all
from operations.runner.state_folder import held, writing
from operations.runner.supervisor_config import INFRASTRUCTURE, Folders, group_of, loop_group
from operations.runner.supervisord import Running, Supervisor
from weir.errors import DeploymentError
from weir.kafka_clients import create_topics
from weir.settings import Settings

STALL_S = 600.0
"""A round number; not measured. It only ends a wait for a part that hangs; one that keeps ending is noticed earlier."""
_GIVE_UP_AFTER_STARTS = 3
"""As often as the supervisor retries a part that ends within a second. Later restarts would repeat the same error."""
_LOOK_EVERY_S = 0.1
"""One answer of the supervisor serves all parts of a round."""


def running_settings(settings: Settings) -> Settings:
    """The settings with the ports that the running parts of this namespace use."""
    shared = endpoints.with_choice(settings, settings.state_dir / "endpoints.toml")
    return endpoints.with_choice(shared, settings.namespace_dir / "endpoints.toml")


def start_loop(settings: Settings, console: Console | None = None) -> Settings:
    """Start a namespace's loop on the infrastructure that `weir up` started; return once it is healthy.

    The returned settings have the ports that were free.

    Raises:
        DeploymentError: Weir is not up, or a part does not start.
    """
    console = console or Console(stderr=True)
    folders = Folders(settings.state_dir)
    supervisor = Supervisor(folders)
    with ExitStack() as lock:
        if settings.state_dir.is_dir():
            lock.enter_context(writing(settings.state_dir))
            lock.enter_context(held(settings.state_dir, console))
        if not supervisor.is_running():
            raise DeploymentError("Weir is not up.", "Run `weir up` first.")
        settings = prepare_loop(settings, supervisor, console)
        create_topics(settings.bootstrap_servers, settings.topics.all(), settings.kafka.replication)
        launch_loop(settings, supervisor)
    wait_until_healthy(settings, loop(settings), supervisor, console)
    return settings


def prepare_loop(settings: Settings, supervisor: Supervisor, console: Console) -> Settings:
    """Choose free ports for the loop and record them, unless the loop already runs."""
    settings = running_settings(settings)
    if loop_group(settings.namespace) not in {program.group for program in supervisor.programs()}:
        settings, moved = endpoints.choose_own(settings)
        for sentence in moved:
            console.print(f"  [yellow]{sentence}[/yellow]")
        endpoints.write(settings, settings.namespace_dir / "endpoints.toml")
    return settings


def launch_loop(settings: Settings, supervisor: Supervisor) -> None:
    """Have supervisord start the parts of the loop that do not run yet."""
    launch(loop_group(settings.namespace), loop(settings), environment_of(settings), supervisor, settings.state_dir)


def launch(group: str, parts: list[Part], environment: dict[str, str], supervisor: Supervisor, state_dir: Path) -> None:
    """Write a group's configuration and have supervisord start its parts. A group that changed is restarted."""
    folders = Folders(state_dir)
    for part in parts:
        folders.log(group, part.name).parent.mkdir(parents=True, exist_ok=True)
    folders.groups.mkdir(parents=True, exist_ok=True)
    folders.group(group).write_text(group_of(group, parts, environment, folders))
    supervisor.update()
    supervisor.start_again(program for program in supervisor.programs() if program.group == group)


def stop_loop(settings: Settings, *, discard: bool = False) -> None:
    """Stop a namespace's loop and remove it from supervisord. Its topics, checkpoints and database remain.

    With `discard`, the caller deletes them next: all parts stop at the same time, and the jobs without a savepoint.
    """
    folders = Folders(settings.state_dir)
    supervisor, group = Supervisor(folders), loop_group(settings.namespace)
    if not supervisor.is_running():
        return
    programs = [program for program in supervisor.programs() if program.group == group]
    if discard:
        checkpoints.discard(settings.namespace_dir)
        supervisor.stop(programs)
    else:
        stop_in_stages(programs, supervisor)
    folders.group(group).unlink(missing_ok=True)
    supervisor.update()


def stop_in_stages(programs: list[Running], supervisor: Supervisor) -> None:
    """Stop the programs in the reverse order of their dependencies."""
    for stage in sorted({stage_of(program.part) for program in programs}):
        supervisor.stop(program for program in programs if stage_of(program.part) == stage)


def wait_until_healthy(settings: Settings, parts: list[Part], supervisor: Supervisor, console: Console) -> None:
    """Wait for every part.

    Raises:
        DeploymentError: a part keeps ending, or none has become healthy for `STALL_S`.
    """
    by_name = {part.name: part for part in parts}
    watch = _Watch({INFRASTRUCTURE, loop_group(settings.namespace)}, supervisor)

    def problem(name: str) -> str | None:
        return watch.problem_of(name) or problem_of(by_name[name], settings)

    left = wait_for_all(by_name, problem, console, STALL_S)
    for name, what in left.items():
        raise DeploymentError(
            f"{name} is still unhealthy, {STALL_S:.0f} s after the last part that became healthy: {what}.",
            f"See `weir logs {name}`.",
        )


class _Watch:
    """Finds parts that keep ending, and parts that supervisord no longer restarts."""

    def __init__(self, groups: set[str], supervisor: Supervisor) -> None:
        self._groups, self._supervisor = groups, supervisor
        self._starts: dict[str, set[int]] = {}
        self._seen: dict[str, Running] = {}
        self._looked_s = 0.0

    def problem_of(self, part: str) -> str | None:
        """The reason why the part does not run, or None if it runs.

        Raises:
            DeploymentError: the part keeps ending.
        """
        program = self._look().get(part)
        if program is None:
            return "is unknown to supervisord"
        starts = self._starts.setdefault(part, set())
        starts.add(program.started_s)
        if program.state == "FATAL" or len(starts) > _GIVE_UP_AFTER_STARTS:
            raise DeploymentError(f"{part} keeps ending: {last_words(program.log)}", f"See `weir logs {part}`.")
        return None if program.state == "RUNNING" else f"is {program.state.lower()}"

    def _look(self) -> dict[str, Running]:
        if time.monotonic() - self._looked_s > _LOOK_EVERY_S:
            self._looked_s = time.monotonic()
            self._seen = {one.part: one for one in self._supervisor.programs() if one.group in self._groups}
        return self._seen
