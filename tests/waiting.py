"""Waiting in tests: poll a check until it holds or a deadline passes, instead of sleeping for a guessed time."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

PATIENCE = 4
"""Deadlines suit a quiet machine with two cores; half of one core is four times as slow."""


def eventually(check: Callable[[], Value], deadline_s: float = 30, every_s: float = 0.1) -> Value:
    """Return the first truthy value of `check()`; an AssertionError in it means "not yet".

    The check gets `PATIENCE` times `deadline_s`, which suits a quiet machine.

    Raises:
        AssertionError: the deadline passed; the message contains the last failure.
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
    """Return the first truthy value of `check()`, however long it takes, while `progress()` keeps changing.

    Use it where a slow machine may take very long: only a standstill is a failure.

    Raises:
        AssertionError: `progress()` has not changed for `stall_s`; the message contains its last value.
    """
    before, since_s = progress(), time.monotonic()
    while not (value := check()):
        now = progress()
        if now != before:
            before, since_s = now, time.monotonic()
        assert time.monotonic() - since_s < stall_s, f"nothing has moved for {stall_s} s: {before}"
        time.sleep(every_s)
    return value
