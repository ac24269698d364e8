"""Waiting, shown: what is waited for and how long already; one line for each that is done."""

import time
from collections.abc import Callable, Iterable

from rich.console import Console

_POLL_S = 0.2


def wait_for_all(
    names: Iterable[str], problem_of: Callable[[str], str | None], console: Console, deadline_s: float
) -> dict[str, str]:
    """Wait until nothing has a problem any more; returns the problems that are left at the deadline.

    `problem_of` may raise to end the waiting.
    """
    waiting, start = dict.fromkeys(names, "not asked yet"), time.monotonic()
    with console.status("starting") as status:
        while waiting and time.monotonic() - start < deadline_s:
            for name in list(waiting):
                took = time.monotonic() - start
                status.update(f"waiting for {', '.join(waiting)} ({took:.0f} s)")
                if problem := problem_of(name):
                    waiting[name] = problem
                else:
                    del waiting[name]
                    console.print(f"  [green]ready[/green]  {name}  [dim]{took:.1f} s[/dim]")
            time.sleep(_POLL_S)
    return waiting
