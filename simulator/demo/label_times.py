"""The time until a label is in force: from the API's answer to the first score by a model that learned it.

accepted (wall time) --> joined as example n --> first score whose model is at n or beyond (wall time)
"""

from threading import Lock

import numpy as np


class LabelTimes:
    """Matches the three moments of each label, which may arrive in any order and from any thread."""

    def __init__(self) -> None:
        self.took_ms: list[int] = []
        self._accepted_ms: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        self._pending: list[tuple[int, int]] = []
        self._in_force_n = 0
        self._lock = Lock()

    def accepted(self, label_id: str, now_ms: int) -> None:
        with self._lock:
            number = self._numbers.pop(label_id, None)
            if number is None:
                self._accepted_ms[label_id] = now_ms
            else:
                self._pending.append((number, now_ms))

    def joined(self, label_id: str, number: int) -> None:
        """Note that a label became example `number`."""
        with self._lock:
            accepted_ms = self._accepted_ms.pop(label_id, None)
            if accepted_ms is None:
                self._numbers[label_id] = number
            else:
                self._pending.append((number, accepted_ms))

    def scored(self, learned_n: int, scored_at_ms: int) -> None:
        """Note that a model scored a payment after learning `learned_n` examples."""
        if learned_n <= self._in_force_n:
            return
        with self._lock:
            self._in_force_n = learned_n
            learned = [since for number, since in self._pending if number <= learned_n]
            self._pending = [one for one in self._pending if one[0] > learned_n]
        self.took_ms += [max(0, scored_at_ms - since) for since in learned]

    def quantile_s(self, quantile: float) -> float | None:
        """Return a quantile over all labels so far, in seconds; None before the first."""
        return float(np.quantile(self.took_ms, quantile)) / 1000 if self.took_ms else None
