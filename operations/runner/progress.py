"""Wait for several things and show the progress."""

import time
from collections.abc import Callable, Iterable

from rich.console import Console

_POLL_S = 0.2


def wait_for_all(
    names: Iterable[str], problem_of: Callable[[str], str | None], console: Console, stall_s: float
) -> dict[str, str]:
    """Wait until `problem_of` is None for every name; return the problems that remain once no name has become ready for `stall_s`.

    A slow machine is not a broken one, so the wait goes on as long as one after the other becomes ready. An exception from `problem_of` ends it, too.
    """
    waiting, start = dict.fromkeys(names, "not checked yet"), time.monotonic()
    moved_s = start
    with console.status("starting") as status:
        while waiting and time.monotonic() - moved_s < stall_s:
            for name in list(waiting):
                took = time.monotonic() - start
                status.update(f"waiting for {', '.join(waiting)} ({took:.0f} s)")
                if problem := problem_of(name):
                    waiting[name] = problem
                else:
                    del waiting[name]
                    moved_s = time.monotonic()
                    console.print(f"  [green]ready[/green]  {name}  [dim]{took:.1f} s[/dim]")
            time.sleep(_POLL_S)
    return waiting
