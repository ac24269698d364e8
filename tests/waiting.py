"""Waiting in tests: poll a check until it holds or a deadline passes; never sleep and hope."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


def eventually(check: Callable[[], Value], deadline_s: float = 30, every_s: float = 0.1) -> Value:
    """The first truthy value of `check()`; an AssertionError inside counts as not yet.

    Raises:
        AssertionError: the deadline passed; it carries the last failure.
    """
    end, failure = time.monotonic() + deadline_s, AssertionError("never truthy")
    while time.monotonic() < end:
        try:
            if value := check():
                return value
        except AssertionError as error:
            failure = error
        time.sleep(every_s)
    raise AssertionError(f"not within {deadline_s} s: {failure}") from failure
