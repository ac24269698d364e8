"""When the trees are trained anew, as a function of the learning log alone (docs/adr/0020).

event time   |--day--|--day--|--day--|--day--|
known frauds   30      31  33    37       41
trained        p=n         p=n   p=n      p=n     first at 30; then, looked at once a day, a tenth more or a week on
"""

from weir.messages import Example
from weir.topics import DAY_MS

FIRST_FRAUDS = 30
"""Known frauds for the first training. Measured with the rest of the recipe on several data sets (docs/adr/0020)."""

GROWTH = 1.1
"""Known frauds, over those of the last training, that are worth another. Daily training was not better."""

LONGEST_DAYS = 7
"""Days after which the trees are trained whatever is known: trees of two months ago ranked below no trees."""


class TrainingSchedule:
    """Follows known frauds and event time; `clock_ms` is the latest event time that the log has reached."""

    def __init__(self) -> None:
        self.clock_ms = 0
        self.known_frauds, self.known_legitimate = 0, 0
        self._looked_day = 0
        self._trained_day: int | None = None
        self._trained_frauds = 0

    def is_due(self, example: Example) -> bool:
        """Note the next example of the log, and return whether the trees are to be trained on all up to it."""
        self.clock_ms = max(self.clock_ms, example.event_time_ms)
        self._count(example)
        due = self._is_due(self.clock_ms // DAY_MS)
        if due:
            self._trained_day, self._trained_frauds = self.clock_ms // DAY_MS, self.known_frauds
        return due

    def _is_due(self, day: int) -> bool:
        if self._trained_day is None:
            self._looked_day = day
            return self.known_frauds >= FIRST_FRAUDS and self.known_legitimate > 0
        if day == self._looked_day:
            return False
        self._looked_day = day
        return self.known_frauds >= GROWTH * self._trained_frauds or day - self._trained_day >= LONGEST_DAYS

    def _count(self, example: Example) -> None:
        """Count the verdicts in force. A revision has the opposite of the verdict that it supersedes."""
        fraud, superseding = int(example.verdict == "fraud"), example.outcome == "revision"
        if example.outcome != "confirmation":
            self.known_frauds += fraud - (superseding and not fraud)
            self.known_legitimate += (not fraud) - (superseding and fraud)
