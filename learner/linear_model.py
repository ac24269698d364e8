"""The champion's model: River's standard scaler and logistic regression as one classifier.

River's own pipeline does not pass an example's weight to its last step, so this class does. The optimiser and its
parameters are measured in docs/measurements/handbook-linear-model.md#optimiser.
"""

from typing import Any

from river import base, linear_model, optim, preprocessing

from learner.steady_base import SteadyBase
from weir.artefact import LinearScorer, Term, probability
from weir.settings import LearningSettings

INTERCEPT = -4.0
"""Log-odds before anything is learned: a probability of .018, about the base rate of fraud. Not measured."""

INTERCEPT_RATE = 0.005
"""Slow: the first frauds of a new kind look like honest payments and would raise everybody's score (docs/adr/0016)."""

FIRST_SQUARED_GRADIENT = 10.0
"""AdaGrad's start: a large one keeps the very first examples from moving the weights too far."""

LEAST_VARIANCE = 1e-6
"""Below it a feature has not varied. Less is rounding, such as distances of 1e-13 km, and scaling would magnify it."""

FRAUDS_FOR_HALF_TRUST, LEGITIMATE_FOR_HALF_TRUST = 20, 100
"""docs/adr/0008: both verdicts count; three frauds must not overrule the rules. The numbers themselves are round."""


class FeatureScaler(preprocessing.StandardScaler):  # type: ignore[misc] # River's base classes are untyped
    """A standard scaler that leaves `<group>_missing` as it is: where present it is 1, so scaling would make it 0.

    A feature that was never learned scales to 0. Unlike River's own class, scaling it does not change the scaler.
    """

    def learn_one(self, x: dict[str, float]) -> None:
        """Update means and variances."""
        super().learn_one({name: value for name, value in x.items() if not name.endswith("_missing")})

    def transform_one(self, x: dict[str, float]) -> dict[str, float]:
        """Return `factor * (value - mean)` of each feature."""
        return {name: factor * (value - mean) for name, value in x.items() for factor, mean in [self.standard(name)]}

    def standard(self, name: str) -> tuple[float, float]:
        """Return a feature's factor, 0 while it has not varied, and its mean."""
        if name.endswith("_missing"):
            return 1.0, 0.0
        variance = self.vars.get(name, 0.0)
        return (variance**-0.5, self.means[name]) if variance > LEAST_VARIANCE else (0.0, 0.0)


class LinearModel(base.Classifier):  # type: ignore[misc] # likewise
    """Scaled logistic regression with a steady base.

    >>> model = LinearModel()
    >>> model.learn_one({"amount": 3.0}, True)
    >>> model.predict_proba_one({"amount": 3.0})[True] < 0.05
    True
    """

    def __init__(self, learning_rate: float = LearningSettings().learning_rate) -> None:
        self.learning_rate = learning_rate
        self.scaler = FeatureScaler()
        self.classifier = linear_model.LogisticRegression(
            optimizer=optim.AdaGrad(learning_rate, eps=FIRST_SQUARED_GRADIENT),
            intercept_init=INTERCEPT,
            intercept_lr=INTERCEPT_RATE,
        )
        self.base = SteadyBase()

    def learn_one(self, x: dict[str, float], y: Any, w: float = 1.0) -> None:
        """Learn one example. Features are sorted first, because their order changes the last bits of sums."""
        ordered = dict(sorted(x.items()))
        self.scaler.learn_one(ordered)
        self.classifier.learn_one(self.scaler.transform_one(ordered), bool(y), w)
        if not y:
            self.base.learn_legitimate(ordered, w)
        self.base.hold(float(self.classifier.intercept), self.terms(), w)

    @property
    def intercept(self) -> float:
        """The intercept with the steady base's correction."""
        return float(self.classifier.intercept) + self.base.correction

    def terms(self) -> dict[str, Term]:
        """Return each feature's term, by name, without features that have not varied or have no weight."""
        terms = {}
        for name, weight in sorted(self.classifier.weights.items()):
            factor, mean = self.scaler.standard(name)
            if weight != 0.0 and factor != 0.0:
                terms[name] = Term(slope=weight * factor, offset=-weight * factor * mean)
        return terms

    def log_odds_one(self, x: dict[str, float]) -> float:
        scaled = self.scaler.transform_one(dict(sorted(x.items())))
        return float(self.classifier._raw_dot_one(scaled)) + self.base.correction  # noqa: SLF001 # River's public method saturates

    def predict_proba_one(self, x: dict[str, float]) -> dict[bool, float]:
        fraud = probability(self.log_odds_one(x))
        return {False: 1.0 - fraud, True: fraud}

    def learned_state(self) -> dict[str, Any]:
        """Return everything that scores or learns as plain values, for the digest."""
        optimiser = self.classifier.optimizer
        counts = dict(self.scaler.counts)
        return {
            "kind": "scaled-logistic-regression",
            "weights": dict(self.classifier.weights),
            "intercept": float(self.classifier.intercept),
            "intercept_rate": INTERCEPT_RATE,
            "base": self.base.learned_state(),
            "optimiser": {
                "kind": type(optimiser).__name__,
                "rate": self.learning_rate,
                "eps": optimiser.eps,
                "steps": optimiser.n_iterations,
                "squared_gradients": dict(optimiser.g2),
            },
            "scaler": {name: [counts[name], self.scaler.means[name], self.scaler.vars[name]] for name in counts},
        }


def trust_in(frauds: int, legitimate: int) -> float:
    """Return a model's trust, 0 to 1, from the number of verdicts of each kind that it has learned.

    Frauds are labelled first; legitimate payments mature later. A model that knows only frauds sees fraud everywhere.
    """
    known = legitimate + 1
    return frauds / (frauds + FRAUDS_FOR_HALF_TRUST) * known / (known + LEGITIMATE_FOR_HALF_TRUST)


def compile_scorer(model: LinearModel, trust: float) -> LinearScorer:
    """Compile the model into the detector's form."""
    return LinearScorer(intercept=model.intercept, terms=model.terms(), trust=trust)
