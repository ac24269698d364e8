"""The champion's model: River's standard scaler and logistic regression, as one classifier.

River's own pipeline would drop the example's weight on its way to the last step, hence the class. Measured on the
handbook data (online, labels 7 days late, 20 % of the legitimate, four weeks from a cold start): AdaGrad at .5 with
10 as its first squared gradient reaches AP .545 .588 .632 .629; SGD at .02 .527 .560 .555 .608; Adam at .01 .520 .604
.598 .609. The first squared gradient keeps the very first examples from throwing the weights about.
"""

from typing import Any

from river import base, linear_model, optim, preprocessing

from learner.steady_base import SteadyBase
from weir.artefact import LinearScorer, Term, probability
from weir.settings import LearningSettings

INTERCEPT = -4.0
"""Before anything is learned: about the base rate of fraud."""

INTERCEPT_RATE = 0.005
"""Slow: the first frauds of a new kind, which nothing tells from honest payments, must not make everybody suspect."""

FIRST_SQUARED_GRADIENT = 10.0
LEAST_VARIANCE = 1e-6
"""Below it a feature has not varied: they are logarithms and shares, and less is rounding, which scaling would blow up."""

FRAUDS_FOR_HALF_TRUST, LEGITIMATE_FOR_HALF_TRUST = 20, 100


class FeatureScaler(preprocessing.StandardScaler):  # type: ignore[misc] # River's base classes are untyped
    """A standard scaler that leaves `<group>_missing` as it is: it is always 1, so scaling would silence it.

    Scaling a feature that was never learned gives 0 and, unlike in River's own class, changes nothing.
    """

    def learn_one(self, x: dict[str, float]) -> None:
        """Update mean and variance of what is scaled."""
        super().learn_one({name: value for name, value in x.items() if not name.endswith("_missing")})

    def transform_one(self, x: dict[str, float]) -> dict[str, float]:
        """`factor * (value - mean)` for each feature."""
        return {name: factor * (value - mean) for name, value in x.items() for factor, mean in [self.standard(name)]}

    def standard(self, name: str) -> tuple[float, float]:
        """The feature's factor (0 while it has not varied) and mean."""
        if name.endswith("_missing"):
            return 1.0, 0.0
        variance = self.vars.get(name, 0.0)
        return (variance**-0.5, self.means[name]) if variance > LEAST_VARIANCE else (0.0, 0.0)


class LinearModel(base.Classifier):  # type: ignore[misc] # likewise
    """Scaled logistic regression whose base of suspicion is held steady.

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
        """Learn one example in a fixed order of its features, whatever order they came in."""
        ordered = dict(sorted(x.items()))
        self.scaler.learn_one(ordered)
        self.classifier.learn_one(self.scaler.transform_one(ordered), bool(y), w)
        if not y:
            self.base.learn_legitimate(ordered, w)
        self.base.hold(float(self.classifier.intercept), self.terms(), w)

    @property
    def intercept(self) -> float:
        """The intercept, corrected by what holds the base steady."""
        return float(self.classifier.intercept) + self.base.correction

    def terms(self) -> dict[str, Term]:
        """Each feature's part of the log-odds, by name; one that has not varied or weighs nothing is left out."""
        terms = {}
        for name, weight in sorted(self.classifier.weights.items()):
            factor, mean = self.scaler.standard(name)
            if weight != 0.0 and factor != 0.0:
                terms[name] = Term(slope=weight * factor, offset=-weight * factor * mean)
        return terms

    def log_odds_one(self, x: dict[str, float]) -> float:
        """The log-odds of fraud."""
        scaled = self.scaler.transform_one(dict(sorted(x.items())))
        return float(self.classifier._raw_dot_one(scaled)) + self.base.correction  # noqa: SLF001 # River offers the probability only, which saturates

    def predict_proba_one(self, x: dict[str, float]) -> dict[bool, float]:
        """The probability of each verdict; fraud is True."""
        fraud = probability(self.log_odds_one(x))
        return {False: 1.0 - fraud, True: fraud}

    def learned_state(self) -> dict[str, Any]:
        """All that scores and all that learns, as plain values: what the digest is taken of."""
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
    """How far a model may speak against the rules, by the verdicts of each kind that it has learned.

    Frauds come first, and legitimate ones only at maturity: a model that knows frauds alone would call everything one.
    """
    known = legitimate + 1
    return frauds / (frauds + FRAUDS_FOR_HALF_TRUST) * known / (known + LEGITIMATE_FOR_HALF_TRUST)


def compile_scorer(model: LinearModel, trust: float) -> LinearScorer:
    """The model as the detector holds it."""
    return LinearScorer(intercept=model.intercept, terms=model.terms(), trust=trust)
