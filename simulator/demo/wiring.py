"""Wires one demo: settings, loop, run, figures. Prints the page's address and, at the end, any problems."""

import asyncio
import os
import signal
import webbrowser
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psutil
from rich.console import Console

from simulator.demo.demo import Demo
from simulator.demo.endings import endings_handled
from simulator.demo.live_table import show, table
from simulator.demo.loop import demo_loop
from simulator.demo.mlflow_versions import versions
from simulator.demo.report import Report, problems, report
from simulator.demo.timeline import MATURITY_S, Timeline
from weir.clock import now_ms
from weir.settings import Settings, load_settings
from weir.sign_in import pass_for
from weir.topics import DAY_MS

VISITOR = "you"

# A customer is challenged when fraud is likelier than not. The default is lower.
CHALLENGE_AT = 0.5

VERSIONS_EVERY_S, FIRST_VERSION_WITHIN_S = 2.0, 30.0


@dataclass(frozen=True)
class DemoRequest:
    """The options of the command line."""

    timeline: Timeline
    for_s: float | None = None
    json: Path | None = None
    browser: bool = True


def play_demo(request: DemoRequest) -> bool:
    """Start everything, play, stop everything; return whether the figures show no problem.

    Raises:
        DeploymentError: a part does not start or goes away.
        KeyboardInterrupt: on Ctrl-C or a termination signal, after everything has stopped.
    """
    console, started_s = Console(), psutil.Process().create_time()
    with endings_handled(signal.default_int_handler), demo_loop(demo_settings(request.timeline), console) as settings:
        address = sign_in_address(settings)
        console.print(f"\n  [bold]Open this page:[/bold]  {address}\n", soft_wrap=True, highlight=False)
        if request.browser and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            webbrowser.open(address)
        demo = Demo(settings, request.timeline)
        try:
            figures = asyncio.run(_play(demo, request, console, started_s))
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
    return _judge(figures, console, request.json, twin_frozen=demo.twin_frozen)


def demo_settings(timeline: Timeline) -> Settings:
    """Load the deployment's settings with a new namespace and with horizons that fit compressed time."""
    # The retention is a round number. A demo is short, so versions register every 2 s instead of 10.
    return load_settings(
        namespace=f"demo-{datetime.now(UTC):%m%d-%H%M%S}",
        learning={"clock": "stream", "maturity_horizon_s": MATURITY_S, "retention_s": 30 * MATURITY_S},
        detector={"twin_freezes_at_ms": timeline.attack_ms, "challenge_at": CHALLENGE_AT},
        mlflow={"register_every_s": 2.0},
        flink={"standby_taskmanagers": 0},
    )


def sign_in_address(settings: Settings) -> str:
    """Make the address that signs the visitor in; it is valid for a day."""
    signed = pass_for(VISITOR, now_ms() + DAY_MS, settings.require_signing_key())
    return f"{settings.api_url}/console/sign-in?pass={signed}"


async def _play(demo: Demo, request: DemoRequest, console: Console, started_s: float) -> Report:
    """Play while showing the figures, then wait a little for the first version in MLflow, which lags behind."""
    settings, known, first = demo.settings, 0, asyncio.Event()

    def figures() -> Report:
        return report(demo, started_s=started_s, mlflow_versions=known)

    async def count_versions() -> None:
        nonlocal known
        while True:
            known = await asyncio.to_thread(versions, settings.mlflow_uri, settings.registered_model)
            if known:
                first.set()
            await asyncio.sleep(VERSIONS_EVERY_S)

    async with asyncio.TaskGroup() as group:
        beside = [group.create_task(show(console, figures)), group.create_task(count_versions())]
        await demo.run(request.for_s, lambda text: console.print(f"  {text}"))
        with suppress(TimeoutError):
            await asyncio.wait_for(first.wait(), FIRST_VERSION_WITHIN_S)
        for task in beside:
            task.cancel()
    return figures()


def _judge(figures: Report, console: Console, json: Path | None, *, twin_frozen: bool) -> bool:
    console.print(table(figures))
    if json is not None:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(figures)) + b"\n")
    found = list(problems(figures, twin_frozen=twin_frozen))
    for sentence in found:
        console.print(f"[red]{sentence[0].upper()}{sentence[1:]}.[/red]")
    return not found
