"""The contenders: models that score the same payments and learn the same examples, side by side in one pass.

To add one, write a `Model` that learns and a `Contender` that scores with it, and give it a name in `BUILDERS`.
Contenders may share a model: it then learns each example once.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import cached_property
from typing import NamedTuple, Protocol, cast

from river import linear_model, preprocessing

from detector.decision import Profile, Thresholds, decide, thresholds_by_profile
from detector.explanation import weigh
from detector.knowledge import Knowledge
from learner.additive_model import INTERCEPT
from learner.fold import Fold
from weir.artefact import AdditiveScorer, probability
from weir.errors import DeploymentError
from weir.messages import Decision, Example, ScoredTransaction, encode
from weir.settings import LearningSettings, Settings

KEY = b"evaluate"
"""Signs publications that never leave the process."""


class Assessment(NamedTuple):
    """A contender's score, a probability, and the decision that follows from it."""

    score: float
    decision: Decision


class Model(Protocol):
    """The learning half of a contender."""

    def learn(self, n: int, example: Example) -> None:
        """Learn example `n` of the learning log. It must not change scores before `publish`."""

    def publish(self, now_ms: int) -> None:
        """Score with everything learned so far from now on."""


class Contender(Protocol):
    """The scoring half. `scored` holds features and rules as the stream has them; its own score is the rules'."""

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> Model: ...

    def score(self, scored: ScoredTransaction) -> Assessment: ...


ByProfile = dict[Profile, Thresholds]


class FoldModel:
    """The learner's fold, and the scorer that a detector unpacks from its last publication."""

    def __init__(self, settings: LearningSettings) -> None:
        self._fold, self._knowledge = Fold(settings), Knowledge(KEY)
        self._number = self._published_n = 0

    @property
    def scorer(self) -> AdditiveScorer | None:
        """The scorer in force; None before the first publication."""
        champion = self._knowledge.champion
        return None if champion is None else champion.scorer

    def learn(self, n: int, example: Example) -> None:
        self._fold.learn(self._fold.epoch, n, example)

    def publish(self, now_ms: int) -> None:
        """Publish if anything was learned, as the learner does."""
        if self._fold.n > self._published_n:
            self._number, self._published_n = self._number + 1, self._fold.n
            self._knowledge.apply(encode(self._fold.publication(self._number, now_ms, KEY)))


class ChampionContender:
    """The stream's own score: model and rules, blended by trust."""

    name = "champion"

    def __init__(self, model: FoldModel, thresholds: ByProfile) -> None:
        self.model, self._thresholds = model, thresholds

    def score(self, scored: ScoredTransaction) -> Assessment:
        evidence = weigh(scored.rules, scored.features, self.model.scorer)
        score = probability(evidence.log_odds)
        thresholds = self._thresholds[cast("Profile", scored.profile)]
        return Assessment(score, decide(score, thresholds, scored.rules, evidence.trust))


class ChampionModel:
    """The champion's model alone: no rules, full trust."""

    name = "champion-model"

    def __init__(self, model: FoldModel, thresholds: ByProfile) -> None:
        self.model, self._thresholds = model, thresholds

    def score(self, scored: ScoredTransaction) -> Assessment:
        scorer = self.model.scorer
        log_odds = INTERCEPT if scorer is None else scorer.log_odds(scored.features)
        return _without_rules(probability(log_odds), scored, self._thresholds)


class RiverPair:
    """River's standard scaler and logistic regression, learned one after the other so that weights count."""

    def __init__(self) -> None:
        self._scaler, self._classifier = preprocessing.StandardScaler(), linear_model.LogisticRegression()
        self.in_force = deepcopy((self._scaler, self._classifier))

    def learn(self, n: int, example: Example) -> None:  # noqa: ARG002 -- River does not number examples
        if example.weight > 0:
            self._scaler.learn_one(example.features)
            scaled = self._scaler.transform_one(example.features)
            self._classifier.learn_one(scaled, example.verdict == "fraud", example.weight)

    def publish(self, now_ms: int) -> None:  # noqa: ARG002 -- nor has it a clock
        self.in_force = deepcopy((self._scaler, self._classifier))


class ScaledLogisticRegression:
    """Stock River on the stream's features, all settings at their defaults: what a better model has to beat."""

    name = "scaled-logistic-regression"

    def __init__(self, model: RiverPair, thresholds: ByProfile) -> None:
        self.model, self._thresholds = model, thresholds

    def score(self, scored: ScoredTransaction) -> Assessment:
        scaler, classifier = self.model.in_force
        score = float(classifier.predict_proba_one(scaler.transform_one(scored.features))[True])
        return _without_rules(score, scored, self._thresholds)


def _without_rules(score: float, scored: ScoredTransaction, thresholds: ByProfile) -> Assessment:
    return Assessment(score, thresholds[cast("Profile", scored.profile)].ladder(score))


class ContenderParts:
    """What contenders are built from, each made once and only where a contender asks for it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def fold(self) -> FoldModel:
        return FoldModel(self._settings.learning)

    @cached_property
    def thresholds(self) -> ByProfile:
        return thresholds_by_profile(self._settings.detector)


BUILDERS: dict[str, Callable[[ContenderParts], Contender]] = {
    ChampionContender.name: lambda parts: ChampionContender(parts.fold, parts.thresholds),
    ChampionModel.name: lambda parts: ChampionModel(parts.fold, parts.thresholds),
    ScaledLogisticRegression.name: lambda parts: ScaledLogisticRegression(RiverPair(), parts.thresholds),
}


def contenders_named(names: Sequence[str], settings: Settings) -> list[Contender]:
    """New contenders, each name once.

    Raises:
        DeploymentError: there is no contender of that name.
    """
    parts = ContenderParts(settings)
    for name in names:
        if name not in BUILDERS:
            raise DeploymentError(f"There is no contender {name!r}.", f"Choose from {', '.join(BUILDERS)}.")
    return [BUILDERS[name](parts) for name in dict.fromkeys(names)]
