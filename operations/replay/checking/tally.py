"""What the summary of a check counts."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from operations.replay.checking.repeated_ids import hashes
from operations.replay.columns.verdicts import FRAUD, LEGITIMATE, UNLABELLED
from operations.replay.rows import RowBlock


@dataclass
class Tally:
    """Counts over the rows without a fatal fault."""

    verdicts: Counter[int] = field(default_factory=Counter)
    money_back: int = 0
    zero_amounts: int = 0
    least: float = np.inf
    most: float = -np.inf
    longest_delay_ms: int = 0
    currencies: Counter[str] = field(default_factory=Counter)
    _users: list[NDArray[np.uint64]] = field(default_factory=list)

    def add(self, block: RowBlock, sound: NDArray[np.bool_]) -> None:
        """Count the sound rows of a block."""
        if not sound.any():
            return
        amounts = block.fields["amount"][sound]
        self.money_back += int((amounts < 0).sum())
        self.zero_amounts += int((amounts == 0).sum())
        self.least, self.most = min(self.least, float(amounts.min())), max(self.most, float(amounts.max()))
        verdicts = block.verdicts[sound]
        for verdict in (FRAUD, LEGITIMATE, UNLABELLED):
            self.verdicts[verdict] += int((verdicts == verdict).sum())
        delays = (block.known_ms - block.times_ms)[sound & (block.verdicts != UNLABELLED)]
        self.longest_delay_ms = max(self.longest_delay_ms, int(delays.max(initial=0)))
        self._users.append(np.unique(hashes(block.fields["user_id"])[sound]))
        if len(self._users) > _MERGE_AFTER:
            self._users = [np.unique(np.concatenate(self._users))]

    @property
    def users(self) -> int:
        """Distinct users."""
        return len(np.unique(np.concatenate(self._users))) if self._users else 0


_MERGE_AFTER = 50
"""Batches whose users are kept apart; merging bounds memory. A round number."""
