"""Wait for a loop for as long as it makes progress, however slow the machine is."""

import asyncio
import time
from collections.abc import Callable

from operations.harness.observed import Observed
from operations.runner.reconciliation import log_length
from weir.errors import PartUnavailable

STANDSTILL_S = 120.0
"""How long a loop may make no progress. A round number, many times the 6.6 s that a killed TaskManager costs."""
POLL_S = 0.01
SOME_S = 2.0
"""A wait of so long is explained. A round number; not measured."""


async def wait_until(
    holds: Callable[[], bool],
    whom: str,
    observed: Observed,
    *,
    check: Callable[[], None],
    state: Callable[[], str | None],
    waits: Callable[[str], None] = lambda _what: None,
) -> None:
    """Poll until `holds` is true.

    `check` raises failures of other threads. `state` describes the work that is left, for the error message and for
    `waits`, which is called once the wait takes some seconds, and again when the work changes.

    Raises:
        PartUnavailable: the loop has made no progress for `STANDSTILL_S`.
    """
    before, since_s, told = None, time.monotonic(), ""
    begun_s = since_s
    while not holds():
        check()
        if (
            time.monotonic() - begun_s > SOME_S
            and (what := f"waiting for {whom}: {state() or 'nothing moves'}") != told
        ):
            waits(told := what)
        now = _progress(observed)
        if now != before:
            before, since_s = now, time.monotonic()
        elif time.monotonic() - since_s > STANDSTILL_S:
            problem = f"No progress for {STANDSTILL_S:.0f} s while waiting for {whom}: {state() or 'nothing moves'}."
            raise PartUnavailable(problem, "Run `weir status` to find the unhealthy part, then `weir logs PART`.")
        await asyncio.sleep(POLL_S)


def _progress(observed: Observed) -> tuple[object, ...]:
    counts = observed.counts
    counted = None if counts is None else (counts.scored, counts.labels_accepted, log_length(counts))
    return observed.done, observed.learned_n, counted
