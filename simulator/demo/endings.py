"""The signals that end a demo: Ctrl-C, termination, and a closed terminal."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def endings_handled(handler: Callable[[int, Any], Any] | signal.Handlers) -> Iterator[None]:
    """Install one handler for all of them, even if one was ignored on start; restore the earlier handlers on exit."""
    before = {number: signal.signal(number, handler) for number in ENDINGS}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
