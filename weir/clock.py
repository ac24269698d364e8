"""The wall clock. Whatever depends on it takes `now_ms` as an argument; this is where the argument comes from."""

import time


def now_ms() -> int:
    """Epoch milliseconds."""
    return time.time_ns() // 1_000_000
