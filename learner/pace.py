"""When to publish: soon after a label, less often for matured payments alone, and never above a budget of bytes.

    budget (bytes) --> fills steadily, up to a reserve --> a publication takes its bytes out
                                    |
    below half of the reserve, only labels publish; below nothing, nobody does

Every publication is a whole model, and `control` keeps it until the topic is compacted (docs/adr/0022).
"""

REFILL_BYTES_PER_S = 9_000.0
"""0.78 GB a day; with a full reserve on top, a day writes less than 0.85 GB."""

RESERVE_BYTES = 64_000_000.0
"""Four minutes at four publications a second of 61 kB, which a model of the handbook data takes: a burst of labels is
published at full speed."""

MATURED_EVERY_S = 5.0
"""Between publications of matured payments alone. They change a model little, and nobody waits for one of them."""

QUIET_S = 0.5
"""Once the log has been quiet for so long, what is left is published: a replay in lockstep waits for it."""


class Pace:
    """Decides from the clock that it is given, in seconds; `every_s` is the shortest time between publications."""

    def __init__(self, every_s: float, now_s: float) -> None:
        self._every_s = every_s
        self._bytes, self._filled_s = RESERVE_BYTES, now_s
        self._published_s = now_s - MATURED_EVERY_S
        self._learned_s, self._learned, self._labelled = now_s, False, False

    def learned(self, now_s: float, *, label: bool) -> None:
        """An example was learned: a label's, or a matured payment's."""
        self._learned_s, self._learned = now_s, True
        self._labelled = self._labelled or label

    def is_due(self, now_s: float) -> bool:
        """Whether to publish now."""
        since_s = now_s - self._published_s
        if not self._learned or since_s < self._every_s:
            return False
        self._fill(now_s)
        if self._labelled:
            return self._bytes > 0
        is_time = since_s >= MATURED_EVERY_S or now_s - self._learned_s >= QUIET_S
        return is_time and self._bytes > RESERVE_BYTES / 2

    def spent(self, now_s: float, size: int) -> None:
        """So many bytes were written: a publication, or a set of trees."""
        self._fill(now_s)
        self._bytes -= size

    def published(self, now_s: float) -> None:
        """All that was learned is published."""
        self._published_s, self._learned, self._labelled = now_s, False, False

    def _fill(self, now_s: float) -> None:
        self._bytes = min(RESERVE_BYTES, self._bytes + REFILL_BYTES_PER_S * (now_s - self._filled_s))
        self._filled_s = now_s
