"""The contenders: models that score the same payments and learn the same examples, side by side in one pass.

To add one, write a `Model` that learns and a `Contender` that scores with it, and give it a name in `BUILDERS`.
Contenders may share models: each then learns each example once.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import cached_property
from typing import NamedTuple, Protocol, cast

from river import linear_model, preprocessing

from detector.decision import Profile, Thresholds, decide, thresholds_by_profile
from detector.knowledge import Knowledge
from learner.additive_model import INTERCEPT
from learner.fold import Fold
from learner.tree_learner import TreeLearner
from weir.artefact import probability
from weir.compiled import Floats
from weir.errors import DeploymentError
from weir.feature_vector import named
from weir.messages import Decision, Example, ScoredTransaction, TreesPublication, encode
from weir.settings import LearningSettings, Settings
from weir.vectors import vector_of
from weir.voices import Voices, risk

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
    def models(self) -> tuple[Model, ...]: ...

    def score(self, scored: ScoredTransaction) -> Assessment: ...


ByProfile = dict[Profile, Thresholds]


class FoldModel:
    """The learner's fold, whose publications a detector's knowledge applies."""

    def __init__(self, settings: LearningSettings, knowledge: Knowledge) -> None:
        self._fold, self._knowledge = Fold(settings), knowledge
        self._number = self._published_n = 0

    def learn(self, n: int, example: Example) -> None:
        self._fold.learn(self._fold.epoch, n, example)

    def publish(self, now_ms: int) -> None:
        """Publish if anything was learned, as the learner does."""
        if self._fold.n > self._published_n:
            self._number, self._published_n = self._number + 1, self._fold.n
            self._knowledge.apply(encode(self._fold.publication(self._number, now_ms, KEY)))


class TreesModel:
    """The learner's trees. Training does not run beside the pass but in it: at its place in the log."""

    def __init__(self, settings: LearningSettings, knowledge: Knowledge) -> None:
        self._trees, self._knowledge = TreeLearner(settings.epoch), knowledge
        self._trained: TreesPublication | None = None

    def learn(self, n: int, example: Example) -> None:
        if self._trees.learn(n, example):
            self._trained = self._trees.train(example.event_time_ms, KEY)

    def publish(self, now_ms: int) -> None:  # noqa: ARG002 -- the training has set the time
        if self._trained is not None:
            self._knowledge.apply(encode(self._trained))
            self._trained = None


class ChampionContender:
    """The stream's own score: both voices and the rules, blended by trust."""

    name = "champion"

    def __init__(self, parts: "ContenderParts") -> None:
        self.models: tuple[Model, ...] = (parts.fold, parts.trees)
        self._knowledge, self._thresholds = parts.knowledge, parts.thresholds

    def score(self, scored: ScoredTransaction) -> Assessment:
        voices = _voices(self._knowledge)
        score = probability(risk(voices, cast("float", scored.rules_log_odds), vector_of(scored.features)))
        thresholds = self._thresholds[cast("Profile", scored.profile)]
        return Assessment(score, decide(score, thresholds, scored.rules, 0.0 if voices is None else voices.trust))


class ModelAlone:
    """The champion's model, or one of its voices: no rules, full trust. `log_odds` is None before there is one."""

    def __init__(
        self,
        name: str,
        models: tuple[Model, ...],
        parts: "ContenderParts",
        log_odds: Callable[[Voices, Floats], float | None],
    ) -> None:
        self.name, self.models, self._log_odds = name, models, log_odds
        self._knowledge, self._thresholds = parts.knowledge, parts.thresholds

    def score(self, scored: ScoredTransaction) -> Assessment:
        voices = _voices(self._knowledge)
        log_odds = None if voices is None else self._log_odds(voices, vector_of(scored.features))
        return _without_rules(probability(INTERCEPT if log_odds is None else log_odds), scored, self._thresholds)


def _trees(voices: Voices, vector: Floats) -> float | None:
    return None if voices.trees is None else voices.trees_log_odds(vector)


def _voices(knowledge: Knowledge) -> Voices | None:
    """Return the model in force; None before the first publication."""
    return None if knowledge.champion is None else knowledge.champion.scorer


class RiverPair:
    """River's standard scaler and logistic regression, learned one after the other so that weights count."""

    def __init__(self) -> None:
        self._scaler, self._classifier = preprocessing.StandardScaler(), linear_model.LogisticRegression()
        self.in_force = deepcopy((self._scaler, self._classifier))

    def learn(self, n: int, example: Example) -> None:  # noqa: ARG002 -- River does not number examples
        if example.weight > 0:
            features = named(example.features)
            self._scaler.learn_one(features)
            scaled = self._scaler.transform_one(features)
            self._classifier.learn_one(scaled, example.verdict == "fraud", example.weight)

    def publish(self, now_ms: int) -> None:  # noqa: ARG002 -- nor has it a clock
        self.in_force = deepcopy((self._scaler, self._classifier))


class ScaledLogisticRegression:
    """Stock River on the stream's features, all settings at their defaults: what a better model has to beat."""

    name = "scaled-logistic-regression"

    def __init__(self, parts: "ContenderParts") -> None:
        self._model, self._thresholds = RiverPair(), parts.thresholds
        self.models: tuple[Model, ...] = (self._model,)

    def score(self, scored: ScoredTransaction) -> Assessment:
        scaler, classifier = self._model.in_force
        score = float(classifier.predict_proba_one(scaler.transform_one(named(scored.features)))[True])
        return _without_rules(score, scored, self._thresholds)


def _without_rules(score: float, scored: ScoredTransaction, thresholds: ByProfile) -> Assessment:
    return Assessment(score, thresholds[cast("Profile", scored.profile)].ladder(score))


class ContenderParts:
    """What contenders are built from, each made once and only where a contender asks for it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def knowledge(self) -> Knowledge:
        return Knowledge(KEY)

    @cached_property
    def fold(self) -> FoldModel:
        return FoldModel(self._settings.learning, self.knowledge)

    @cached_property
    def trees(self) -> TreesModel:
        return TreesModel(self._settings.learning, self.knowledge)

    @cached_property
    def thresholds(self) -> ByProfile:
        return thresholds_by_profile(self._settings.detector)


BUILDERS: dict[str, Callable[[ContenderParts], Contender]] = {
    "champion": ChampionContender,
    "champion-model": lambda parts: ModelAlone("champion-model", (parts.fold, parts.trees), parts, Voices.log_odds),
    "additive": lambda parts: ModelAlone("additive", (parts.fold,), parts, Voices.additive_log_odds),
    "trees": lambda parts: ModelAlone("trees", (parts.fold, parts.trees), parts, _trees),
    "scaled-logistic-regression": ScaledLogisticRegression,
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
