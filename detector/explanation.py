"""Explain a score: contributions that sum to it, and the largest of them in words."""

import re
from collections.abc import Iterable, Sequence
from math import isnan, nan
from operator import itemgetter

from msgspec import Struct

from detector.features import BY_NAME
from detector.moment import Moment
from detector.rules import AMOUNT_LOG_ODDS, BASE_LOG_ODDS, WEIGHTS
from weir.compiled import Floats
from weir.feature_schema import LOG_AMOUNT, NAMES
from weir.messages import Reason, RuleHit
from weir.voices import Voices

# An analyst reads a few reasons, not forty. Round numbers; not measured.
MOST_FOR = 4
MOST_AGAINST = 2

# A contribution of .1 in log-odds moves the score by at most .025, which no analyst would notice.
WORTH_TELLING = 0.1

_SPAN = re.compile(r"_\d+[smhd]$")


class Evidence(Struct, frozen=True):
    """The parts of a score: `intercept + sum(contributions)` is its log-odds.

    `contributions` are keyed by the names of rules and features.
    """

    intercept: float
    contributions: dict[str, float]

    @property
    def log_odds(self) -> float:
        return self.intercept + sum(self.contributions.values())


def weigh(hits: Sequence[RuleHit], vector: Floats, model: Voices) -> Evidence:
    """Take the blend of rules and model (`weir.voices.risk`) apart. It costs more than the score, so only alerts pay."""
    trust = model.trust
    intercept = (1 - trust) * BASE_LOG_ODDS + trust * model.intercept
    contributions = {name: trust * added for name, added in model.contributions(vector).items()}
    if not isnan(vector[LOG_AMOUNT]):
        contributions["log_amount"] += (1 - trust) * AMOUNT_LOG_ODDS * float(vector[LOG_AMOUNT])
    contributions |= {hit.rule: (1 - trust) * WEIGHTS[hit.rule] for hit in hits}
    return Evidence(intercept, contributions)


def reasons_of(evidence: Evidence, hits: Sequence[RuleHit], vector: Floats, moment: Moment) -> list[Reason]:
    """Return the largest contributions for fraud, then the largest against it, each in words.

    A missing feature contributes to the score, but has no value to put into words, so it is no reason. Of features that
    differ in their window only, the largest contribution speaks for all: they often count the same payments.
    """
    texts, values = {hit.rule: hit.text for hit in hits}, dict(zip(NAMES, vector.tolist(), strict=True))
    notable = [
        (code, contribution)
        for code, contribution in evidence.contributions.items()
        if not -WORTH_TELLING < contribution < WORTH_TELLING and (code in texts or not isnan(values.get(code, nan)))
    ]
    notable.sort(key=itemgetter(1))
    against = _of_different_facts((item for item in notable if item[1] < 0), MOST_AGAINST)
    for_fraud = _of_different_facts((item for item in reversed(notable) if item[1] > 0), MOST_FOR)
    return [
        Reason(
            code=code,
            text=texts[code] if code in texts else BY_NAME[code].words(moment, values[code]),
            contribution=contribution,
        )
        for code, contribution in for_fraud + against
    ]


def _of_different_facts(items: Iterable[tuple[str, float]], most: int) -> list[tuple[str, float]]:
    """Return the first items whose names differ in more than a span of time at their end, such as 24h."""
    first: dict[str, tuple[str, float]] = {}
    for code, contribution in items:
        first.setdefault(_SPAN.sub("", code), (code, contribution))
    return list(first.values())[:most]
