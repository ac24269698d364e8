"""Catches and false alerts since the attack began, of the live model and of its frozen twin, by the truth."""

from dataclasses import dataclass, field

from simulator.world.payment import NEW_KIND
from simulator.world.truth import Truth
from weir.messages import Decision, is_alert


@dataclass
class Scorecard:
    """Counts payments whose event time is `from_ms` or later."""

    truth: Truth
    from_ms: int
    legitimate: int = 0
    false_alerts: int = 0
    false_alerts_frozen: int = 0
    new_attack: int = 0
    new_caught: int = 0
    new_caught_frozen: int = 0
    known_kinds: int = 0
    known_caught: int = 0
    known_caught_frozen: int = 0
    _twin_alerted: set[str] = field(default_factory=set)

    def scored(self, transaction_id: str, event_time_ms: int, decision: Decision) -> None:
        """Count the detector's first score of a payment."""
        if event_time_ms >= self.from_ms:
            alerted = is_alert(decision)
            match self.truth.kind_of(transaction_id):
                case None:
                    self.legitimate += 1
                    self.false_alerts += alerted
                case kind if kind == NEW_KIND:
                    self.new_attack += 1
                    self.new_caught += alerted
                case _:
                    self.known_kinds += 1
                    self.known_caught += alerted

    def twin_alerted(self, transaction_id: str, event_time_ms: int) -> None:
        """Count an alert of the twin, once per payment."""
        if event_time_ms < self.from_ms or transaction_id in self._twin_alerted:
            return
        self._twin_alerted.add(transaction_id)
        match self.truth.kind_of(transaction_id):
            case None:
                self.false_alerts_frozen += 1
            case kind if kind == NEW_KIND:
                self.new_caught_frozen += 1
            case _:
                self.known_caught_frozen += 1

    @property
    def false_alert_rate(self) -> float:
        """The live model's share of alerts among legitimate payments."""
        return self.false_alerts / max(self.legitimate, 1)

    @property
    def false_alert_rate_frozen(self) -> float:
        """The twin's share of alerts among the same payments."""
        return self.false_alerts_frozen / max(self.legitimate, 1)
