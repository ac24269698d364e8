"""Wait for several things and show the progress."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console

_POLL_S = 0.5
"""Each round asks every waiting part, and the answers cost the JobManager and the broker CPU time that a start needs."""


@contextmanager
def waiting(console: Console, what: str) -> Iterator[Callable[[str], None]]:
    """Show what the block waits for: beside a spinner on a terminal, else in a line. Yields a function to change it."""
    if not console.is_terminal:
        console.print(f"  {what}", markup=False, highlight=False)
    with console.status(what) as status:
        yield status.update


def wait_for_all(
    names: Iterable[str], problem_of: Callable[[str], str | None], console: Console, stall_s: float
) -> dict[str, str]:
    """Wait until `problem_of` is None for every name; return the problems that remain once no name has become ready for `stall_s`.

    A slow machine is not a broken one, so the wait goes on as long as one after the other becomes ready. An exception from `problem_of` ends it, too.
    """
    left, start = dict.fromkeys(names, "not checked yet"), time.monotonic()
    moved_s = start
    with waiting(console, f"waiting for {', '.join(left)}") as show:
        while left and time.monotonic() - moved_s < stall_s:
            for name in list(left):
                took = time.monotonic() - start
                show(f"waiting for {', '.join(left)} ({took:.0f} s)")
                if problem := problem_of(name):
                    left[name] = problem
                else:
                    del left[name]
                    moved_s = time.monotonic()
                    console.print(f"  [green]ready[/green]  {name}  [dim]{took:.1f} s[/dim]")
            time.sleep(_POLL_S if left else 0)
    return left
