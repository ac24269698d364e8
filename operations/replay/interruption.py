"""Ctrl-C, SIGTERM and a closed terminal end a replay once; what it removes then, it removes undisturbed.

checking, starting, sending  --signal-->  Interrupted  -->  the loop is removed  -->  exit
removing                     --signal-->  noted         -->  the loop is removed  -->  exit
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_Handler = Callable[[int, FrameType | None], None]


class Interrupted(KeyboardInterrupt):
    """A signal asked the replay to end."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number  # as a shell reports a process that a signal ended


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise Interrupted in the block at the first signal, and go on at later ones: the block is ending by then."""

    def interrupt(number: int, _: FrameType | None) -> None:
        _set(_go_on)
        _go_on(number, None)
        raise Interrupted(number)

    with _handled_by(interrupt):
        yield


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let the block end whatever signal comes."""
    with _handled_by(_go_on):
        yield


@contextmanager
def _handled_by(handler: _Handler) -> Iterator[None]:
    former = {number: signal.getsignal(number) for number in _SIGNALS}
    _set(handler)
    try:
        yield
    finally:
        for number, handled in former.items():
            signal.signal(number, handled)


def _set(handler: _Handler) -> None:
    """Handle the signals that are not ignored: `nohup` ignores SIGHUP, and a shell SIGINT in the background."""
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def _go_on(number: int, _: FrameType | None) -> None:
    """Print nowhere from now on if the terminal has gone: a write to it fails, and would end the removal halfway."""
    if number == signal.SIGHUP:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (1, 2):
            os.dup2(nowhere, stream)
