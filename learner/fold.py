"""The fold: the learner's whole state follows from the learning log, entry by entry.

    example n --> judge the score as given --> watch for drift --> learn it --> count its merchant, device ...
                                                                      |
                                          publication <---------------+

A fraud is learned beside known legitimate payments (`learner.rehearsal`).

The same log gives the same state, whether read straight through or from any snapshot on. `full_digest` checks it.
"""

from typing import Any

from learner.additive_model import AdditiveModel, compile_scorer
from learner.digest import canonical_digest
from learner.drift import DriftWatch
from learner.evaluation import Evaluation
from learner.rehearsal import Rehearsal
from learner.reputation import Reputations
from learner.trust import trust_in
from weir.artefact import pack, probability, sign
from weir.compiled import Floats
from weir.errors import BrokenLog
from weir.feature_schema import KIND_OF
from weir.messages import DriftFinding, Example, Publication, Reputation
from weir.settings import LearningSettings
from weir.vectors import vector_of

CHAMPION = "champion"


class Fold:
    """Model, evaluation, drift and reputations as of example `(epoch, n)`.

    `clock_ms` is the latest event time among the examples.
    """

    def __init__(self, settings: LearningSettings) -> None:
        self.epoch, self.n, self.clock_ms = settings.epoch, 0, 0
        self.frauds_learned, self.legitimate_learned = 0, 0
        self.model, self._rehearsal = AdditiveModel(settings.learning_rate, KIND_OF), Rehearsal()
        self._evaluation = Evaluation()
        self._drift = DriftWatch()
        self._findings: list[DriftFinding] = []
        self._reputations = Reputations()

    def learn(self, epoch: int, n: int, example: Example) -> None:
        """Learn the next example.

        Raises:
            BrokenLog: the example's number is not the next one.
        """
        if (epoch, n) != (self.epoch, self.n + 1):
            raise BrokenLog(
                f"The learning log goes from {self.epoch}:{self.n} to {epoch}:{n}, not to {self.epoch}:{self.n + 1}.",
                "Start a new epoch: see docs/adr/0010.",
            )
        self.n, self.clock_ms = n, max(self.clock_ms, example.event_time_ms)
        vector = vector_of(example.features)  # the model's layout is the schema's
        log_odds = self._learn_verdict(vector, example) if example.weight > 0 else self.model.log_odds_of(vector)
        self._evaluation.judge(example, probability(log_odds))
        self._findings += self._drift.watch(n, example)
        self._reputations.learn(n, example)

    def _learn_verdict(self, vector: Floats, example: Example) -> float:
        """Learn a verdict and return the log-odds before that.

        What it supersedes stays learned, but no longer counts and is not rehearsed.
        """
        fraud, revised = example.verdict == "fraud", example.supersedes is not None
        before = self.model.learn_vector(vector, fraud, example.weight)
        if fraud:
            if revised:
                self._rehearsal.forget(vector)
            for legitimate, its_weight in self._rehearsal.next():
                self.model.learn_vector(legitimate, fraud=False, weight=its_weight)
        else:
            self._rehearsal.keep(vector, example.weight)
        self.frauds_learned += fraud - (revised and not fraud)
        self.legitimate_learned += (not fraud) - (revised and fraud)
        return before

    def changed_reputation(self) -> list[Reputation]:
        """Return the reputations that changed since the last call."""
        return self._reputations.drain_changed(self.epoch)

    def withdrawn_reputation(self) -> list[str]:
        """Return the control keys whose record fell out since the last call: their last known fraud is too old."""
        return [key.control_key for key in self._reputations.drain_withdrawn()]

    def publication(self, number: int, now_ms: int, key: bytes) -> Publication:
        """Return the present model, signed, with the drift found since the last call."""
        trust = trust_in(self.frauds_learned, self.legitimate_learned)
        artefact = pack(compile_scorer(self.model, trust))
        findings, self._findings = self._findings, []
        return Publication(
            publication=number,
            epoch=self.epoch,
            n=self.n,
            contender=CHAMPION,
            artefact=artefact,
            signature=sign(artefact, key),
            digest=self.digest(),
            published_at_ms=now_ms,
            metrics=self.metrics(),
            drift=findings,
            clock_ms=self.clock_ms,
        )

    def metrics(self) -> dict[str, float]:
        """Return prequential metrics and counts of drift and frauds."""
        learned = {"frauds_learned": float(self.frauds_learned)}
        return self._evaluation.metrics() | self._drift.metrics() | learned

    def digest(self) -> str:
        """Return the canonical digest of the model: what scores and what learns."""
        return canonical_digest(self._learned_state())

    def full_digest(self) -> str:
        """Return the canonical digest of the whole fold: model, reputations, metrics and position."""
        state = self._learned_state() | {"merchants": self._reputations.learned_state()}
        return canonical_digest(state | {"at": [self.epoch, self.n], "metrics": self.metrics()})

    def _learned_state(self) -> dict[str, Any]:
        return {"model": self.model.learned_state(), "rehearsal": self._rehearsal.learned_state()}
