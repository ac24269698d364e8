"""From a score to a decision: the ladder, thresholds by profile, and what the rules ask for."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from detector.habits import DAY_MS
from detector.moment import Moment
from detector.rules import OVERRIDABLE
from detector.user_events import failed_challenges
from weir.messages import Decision, RuleHit
from weir.settings import DetectorSettings

Profile = Literal["new", "standard", "trusted"]

TRUSTED_PAYMENTS = 100
TRUSTED_DAYS = 60
NEW_CHALLENGE_SHARE = 2 / 3
OVERRIDE_BELOW_SCORE, OVERRIDE_FROM_TRUST = 0.1, 0.5
"""A rule yields to a score below the one, if the model's trust is at least the other."""

_RUNG: dict[Decision, int] = {"approve": 0, "challenge": 1, "review": 2, "block": 3}


class Thresholds(Struct, frozen=True):
    """The scores from which a decision is taken."""

    challenge_at: float
    review_at: float
    block_at: float

    def ladder(self, score: float) -> Decision:
        """The decision for a score."""
        if score >= self.block_at:
            return "block"
        if score >= self.review_at:
            return "review"
        return "challenge" if score >= self.challenge_at else "approve"


def thresholds_by_profile(settings: DetectorSettings) -> dict[Profile, Thresholds]:
    """A new customer is challenged earlier; for a trusted one every threshold moves half-way to certainty."""
    challenge_at, review_at, block_at = settings.challenge_at, settings.review_at, settings.block_at
    return {
        "new": Thresholds(challenge_at * NEW_CHALLENGE_SHARE, review_at, block_at),
        "standard": Thresholds(challenge_at, review_at, block_at),
        "trusted": Thresholds((1 + challenge_at) / 2, (1 + review_at) / 2, (1 + block_at) / 2),
    }


def profile_of(moment: Moment) -> Profile:
    """The user's profile as of a payment. Trusted means a long history with no failed challenge left standing in it."""
    habits = moment.habits
    if moment.is_cold:
        return "new"
    long_known = habits.count > TRUSTED_PAYMENTS and moment.time_ms - habits.first_ms > TRUSTED_DAYS * DAY_MS
    if long_known and not failed_challenges(moment.state, moment.time_ms, TRUSTED_DAYS * DAY_MS):
        return "trusted"
    return "standard"


def decide(score: float, thresholds: Thresholds, hits: Iterable[RuleHit], trust: float) -> Decision:
    """The higher of what the score demands and what the rules ask for.

    A good customer is spared what a yielding rule asks for where a trusted model is sure: rules do not learn whom they
    stop in vain, the model does.
    """
    decision, sure = thresholds.ladder(score), score < OVERRIDE_BELOW_SCORE and trust >= OVERRIDE_FROM_TRUST
    for hit in hits:
        spared = sure and hit.rule in OVERRIDABLE
        if not spared and _RUNG[hit.decision] > _RUNG[decision]:
            decision = hit.decision
    return decision
