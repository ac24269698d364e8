"""The wall clock. Only processes read it; functions take `now_ms` as an argument, so tests can set it."""

import time


def now_ms() -> int:
    """Return the wall time in epoch milliseconds."""
    return time.time_ns() // 1_000_000
