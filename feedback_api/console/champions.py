"""The model in force and its predecessor, both verified."""

from dataclasses import dataclass

from weir.artefact import AdditiveScorer, probability, unpack
from weir.errors import RefusedArtefact
from weir.messages import Publication, ScoredTransaction


@dataclass(frozen=True)
class VerifiedPublication:
    """A publication whose signature and schema are valid; `scorer` is its model."""

    publication: int
    epoch: int
    n: int
    published_at_ms: int
    scorer: AdditiveScorer


class Champions:
    """Follows the control topic; the highest publication wins. Without a signing key every publication is refused."""

    def __init__(self, signing_key: bytes | None) -> None:
        self._key = signing_key
        self.current: VerifiedPublication | None = None
        self.previous: VerifiedPublication | None = None
        self.refused: int | None = None

    def apply(self, publication: Publication) -> bool:
        """Return whether the publication is now in force. `refused` holds the number of the last one that was invalid."""
        if self.current is not None and publication.publication <= self.current.publication:
            return False
        scorer = self._verified(publication)
        if scorer is None:
            self.refused = publication.publication
            return False
        at_ms = publication.published_at_ms
        self.previous, self.refused = self.current, None
        self.current = VerifiedPublication(publication.publication, publication.epoch, publication.n, at_ms, scorer)
        return True

    @property
    def news(self) -> int:
        """How many examples the model in force added; 1 if its predecessor is unknown or from another epoch."""
        current, previous = self.current, self.previous
        if current is None or previous is None or current.epoch != previous.epoch:
            return 1
        return max(1, current.n - previous.n)

    def _verified(self, publication: Publication) -> AdditiveScorer | None:
        if not self._key:
            return None
        try:
            return unpack(publication.artefact, publication.signature, self._key)
        except RefusedArtefact:
            return None

    def score_now(self, alert: ScoredTransaction) -> float | None:
        """Score an alert again with the model in force."""
        return None if self.current is None else score_under(self.current.scorer, alert)


def score_under(scorer: AdditiveScorer, alert: ScoredTransaction) -> float | None:
    """Score an alert again with a model; None if the alert lacks `rules_log_odds`."""
    if alert.rules_log_odds is None:
        return None
    return probability(scorer.risk(alert.rules_log_odds, alert.features))
