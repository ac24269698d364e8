"""Turn a score and the rules that fired into a decision."""

from collections.abc import Iterable
from typing import Literal, get_args

from msgspec import Struct

from detector.facts import Facts
from detector.habits import DAY_MS
from detector.rules import OVERRIDABLE
from weir.compiled import compiled
from weir.messages import Decision, RuleHit
from weir.settings import DetectorSettings

Profile = Literal["new", "standard", "trusted"]
PROFILES: tuple[Profile, ...] = get_args(Profile)
NEW, STANDARD, TRUSTED = range(3)

# A long history earns later thresholds. Both are round numbers; not measured.
TRUSTED_PAYMENTS = 100
TRUSTED_DAYS = 60

# Moves the default `challenge_at` from .3 to .2 for new customers; not measured.
NEW_CHALLENGE_SHARE = 2 / 3

# The mildest rule alone scores .12, so only a model that speaks against fraud gets below .1 (ADR 17).
OVERRIDE_BELOW_SCORE = 0.1

# A low score alone proves little about the model; from .5 on it weighs at least as much as the rules (ADR 17).
OVERRIDE_FROM_TRUST = 0.5

_RUNG: dict[Decision, int] = {"approve": 0, "challenge": 1, "review": 2, "block": 3}


class Thresholds(Struct, frozen=True):
    """The lowest score for each decision above `approve`."""

    challenge_at: float
    review_at: float
    block_at: float

    def ladder(self, score: float) -> Decision:
        """Return the most severe decision whose threshold the score reaches."""
        if score >= self.block_at:
            return "block"
        if score >= self.review_at:
            return "review"
        return "challenge" if score >= self.challenge_at else "approve"


def thresholds_by_profile(settings: DetectorSettings) -> dict[Profile, Thresholds]:
    """Return the thresholds of each profile; the settings are those of `standard`.

    New customers are challenged earlier. For trusted ones every threshold moves halfway to 1; halfway is not measured.
    """
    challenge_at, review_at, block_at = settings.challenge_at, settings.review_at, settings.block_at
    return {
        "new": Thresholds(challenge_at * NEW_CHALLENGE_SHARE, review_at, block_at),
        "standard": Thresholds(challenge_at, review_at, block_at),
        "trusted": Thresholds((1 + challenge_at) / 2, (1 + review_at) / 2, (1 + block_at) / 2),
    }


@compiled
def profile_of(facts: Facts) -> int:
    """Return the place in `PROFILES` of the user's profile as of a payment.

    `trusted` needs a long history, and every challenge failed in the last 60 days must be followed by one passed.
    """
    if facts.cold:
        return NEW
    long_known = facts.payments > TRUSTED_PAYMENTS and facts.time_ms - facts.first_ms > TRUSTED_DAYS * DAY_MS
    return TRUSTED if long_known and not facts.challenges_failed_60d else STANDARD


def decide(score: float, thresholds: Thresholds, hits: Iterable[RuleHit], trust: float) -> Decision:
    """Return the most severe of the score's decision and those that the rules ask for.

    A trusted model with a low score overrides the rules that allow it: rules never learn from their false alerts, the
    model does.
    """
    decision, confident = thresholds.ladder(score), score < OVERRIDE_BELOW_SCORE and trust >= OVERRIDE_FROM_TRUST
    for hit in hits:
        overridden = confident and hit.rule in OVERRIDABLE
        if not overridden and _RUNG[hit.decision] > _RUNG[decision]:
            decision = hit.decision
    return decision
