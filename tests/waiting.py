"""Waiting in tests: poll a check until it holds or a deadline passes; never sleep and hope."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

PATIENCE = 4
"""Deadlines are for a quiet machine with two cores; half of one core is four times as slow."""


def eventually(check: Callable[[], Value], deadline_s: float = 30, every_s: float = 0.1) -> Value:
    """The first truthy value of `check()`; an AssertionError inside counts as not yet.

    `deadline_s` is for a quiet machine; a slow one gets `PATIENCE` times as long.

    Raises:
        AssertionError: the deadline passed; it carries the last failure.
    """
    end, failure = time.monotonic() + PATIENCE * deadline_s, AssertionError("never truthy")
    while time.monotonic() < end:
        try:
            if value := check():
                return value
        except AssertionError as error:
            failure = error
        time.sleep(every_s)
    raise AssertionError(f"not within {PATIENCE * deadline_s} s: {failure}") from failure


def while_it_moves(
    check: Callable[[], Value], progress: Callable[[], object], stall_s: float = 180, every_s: float = 0.2
) -> Value:
    """The first truthy value of `check()`, however long that takes, as long as `progress()` goes on changing.

    A slow machine is not a broken one: what counts is that something moves, not how fast.

    Raises:
        AssertionError: `progress()` has not changed for `stall_s`; it carries the last value.
    """
    before, since_s = progress(), time.monotonic()
    while not (value := check()):
        now = progress()
        if now != before:
            before, since_s = now, time.monotonic()
        assert time.monotonic() - since_s < stall_s, f"nothing has moved for {stall_s} s: {before}"
        time.sleep(every_s)
    return value
