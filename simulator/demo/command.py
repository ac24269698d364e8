"""`weir demo`, as Typer sees it; what it needs is imported when it runs."""

from pathlib import Path
from typing import Annotated

import typer

from weir.errors import DeploymentError


def demo(  # noqa: PLR0917 -- Typer passes them by name
    duration: Annotated[
        str | None, typer.Option("--for", help="End after so much live traffic, such as 120s or 5m.")
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
    seed: Annotated[int, typer.Option(help="The world's and its people's.")] = 7,
    rate: Annotated[float, typer.Option(help="Payments per second, on average.", min=1, max=500)] = 50.0,
    speed: Annotated[float, typer.Option(help="Event time per wall time.", min=60, max=14400)] = 1440.0,
    attack_after: Annotated[float, typer.Option(help="Seconds of live traffic before the new attack.", min=0)] = 40.0,
    browser: Annotated[bool, typer.Option(help="Open the page, where there is a display.")] = True,
) -> None:
    """The loop, simulated traffic and analysts, and a page to look at; watch the model learn from you.

    Ctrl-C ends everything that it started. With --for the exit code is 1 when something carried nothing or was lost.
    """
    from simulator.demo.timeline import Timeline  # noqa: PLC0415
    from simulator.demo.wiring import DemoRequest, play_demo  # noqa: PLC0415 -- `weir --help` is quick

    for_s = None if duration is None else seconds(duration)
    if for_s is not None and for_s <= attack_after:
        raise typer.BadParameter(
            f"The new attack begins after {attack_after:g} s: give --for more, or --attack-after less."
        )
    if json is not None and not json.absolute().parent.is_dir():
        raise typer.BadParameter(f"There is no folder {json.absolute().parent} for --json.")
    timeline = Timeline(seed=seed, rate_per_s=rate, speed=speed, attack_after_s=attack_after)
    request = DemoRequest(timeline, for_s, json, browser)
    try:
        succeeded = play_demo(request)
    except DeploymentError as error:
        typer.secho(error.problem, fg="red", err=True)
        typer.secho(error.remedy, err=True)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    raise typer.Exit(0 if succeeded else 1)


def seconds(text: str) -> float:
    """A duration such as 90, 120s, 5m or 1h, in seconds.

    >>> seconds("5m")
    300.0
    """
    number, unit = text.rstrip("smh"), text[len(text.rstrip("smh")) :]
    try:
        found = float(number) * {"": 1, "s": 1, "m": 60, "h": 3600}[unit]
    except (ValueError, KeyError):
        found = -1.0
    if not 0 < found < float("inf"):
        raise typer.BadParameter(f"{text!r} is not a duration; write 120s, 5m or 1h.")
    return found
