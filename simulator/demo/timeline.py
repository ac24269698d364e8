"""The demo's timeline in compressed event time (ADR 15).

start            history_end        attack_ms (= the twin freezes)            end
  |---- history ----|------ live -------|---- live, with the new kind ----------|
   as fast as it goes   `speed` seconds of event time pass in one of wall time
"""

from dataclasses import dataclass

from simulator.world.traffic import START_MS, TrafficSettings
from weir.topics import DAY_MS

# Habits, reputation and a first model need a week, and the twin should freeze as a trained model (ADR 15).
HISTORY_DAYS = 7

# 16 hours of event time at the demo's speed. Chosen for the demo's story: a visitor has about two minutes.
ATTACK_AFTER_S = 40.0

# A day of event time instead of weeks, so that unlabelled payments mature within the demo (ADR 15).
MATURITY_S = 24 * 3600


@dataclass(frozen=True)
class Timeline:
    """`attack_after_s` is wall time after the history; `speed` is seconds of event time per second of wall time."""

    seed: int = 7
    rate_per_s: float = 50.0
    speed: float = 1440.0
    attack_after_s: float = ATTACK_AFTER_S
    history_days: int = HISTORY_DAYS

    @property
    def history_end_ms(self) -> int:
        """The event time at which live traffic begins."""
        return START_MS + self.history_days * DAY_MS

    @property
    def attack_ms(self) -> int:
        """The event time at which the new attack begins and the twin freezes."""
        return self.history_end_ms + round(self.attack_after_s * 1000 * self.speed)

    @property
    def traffic(self) -> TrafficSettings:
        return TrafficSettings(
            seed=self.seed, rate_per_s=self.rate_per_s, speed=self.speed, new_kind_from_ms=self.attack_ms
        )
