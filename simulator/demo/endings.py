"""The signals that end a demo: Ctrl-C, a termination, a terminal that closes."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def endings_handled(handler: Callable[[int, Any], Any] | signal.Handlers) -> Iterator[None]:
    """Handle all of them alike while the block runs, whatever was inherited; afterwards it is as it was before."""
    before = {number: signal.signal(number, handler) for number in ENDINGS}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
