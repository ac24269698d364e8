"""The Typer command `weir demo`; it imports the demo only when it runs."""

from pathlib import Path
from typing import Annotated

import typer

from weir.errors import DeploymentError


def demo(  # noqa: PLR0917 -- Typer passes the options by name
    duration: Annotated[
        str | None,
        typer.Option(
            "--for", help="Stop after this much live traffic, such as 120s or 5m; without it, run until Ctrl-C."
        ),
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file as JSON.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the traffic, the frauds and the analysts.")] = 7,
    rate: Annotated[float, typer.Option(help="Average number of payments per second.", min=1, max=500)] = 50.0,
    speed: Annotated[
        float, typer.Option(help="Seconds of event time per second of wall time.", min=60, max=14400)
    ] = 1440.0,
    attack_after: Annotated[
        float, typer.Option(help="Seconds of live traffic before the new attack begins.", min=0)
    ] = 40.0,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser if there is a display.")] = True,
) -> None:
    """Run the whole loop with simulated traffic and analysts, and watch the model learn from your verdicts.

    Ctrl-C stops all that the demo started. With --for, the exit code is 1 if a part stayed idle or a record was lost.
    """
    from simulator.demo.timeline import Timeline  # noqa: PLC0415
    from simulator.demo.wiring import DemoRequest, play_demo  # noqa: PLC0415 -- keeps `weir --help` quick

    for_s = None if duration is None else seconds(duration)
    if for_s is not None and for_s <= attack_after:
        raise typer.BadParameter(
            f"The new attack begins only after {attack_after:g} s. Make --for longer or --attack-after shorter."
        )
    if json is not None and not json.absolute().parent.is_dir():
        raise typer.BadParameter(f"The folder {json.absolute().parent} for --json does not exist. Create it first.")
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
    """Parse a duration such as 90, 120s, 5m or 1h.

    >>> seconds("5m")
    300.0

    Raises:
        BadParameter: the text is not a positive duration.
    """
    number, unit = text.rstrip("smh"), text[len(text.rstrip("smh")) :]
    try:
        found = float(number) * {"": 1, "s": 1, "m": 60, "h": 3600}[unit]
    except (ValueError, KeyError):
        found = -1.0
    if not 0 < found < float("inf"):
        raise typer.BadParameter(f"{text!r} is not a duration. Use a form such as 120s, 5m or 1h.")
    return found
