"""The model in force and its predecessor, both verified."""

from contextlib import suppress

from weir.artefact import probability
from weir.champion import VerifiedModel, VerifiedTrees, champion_of, verified_model, verified_trees
from weir.errors import RefusedArtefact
from weir.messages import Publication, ScoredTransaction, TreesPublication
from weir.vectors import vector_of
from weir.voices import Voices, risk


class Champions:
    """Follows the control topic; the highest publication wins. Without a signing key every publication is refused.

    Both models are paired with the newest trees, so that only what the additive model learned lies between them.
    """

    def __init__(self, signing_key: bytes | None) -> None:
        self._key = signing_key
        self.current: VerifiedModel | None = None
        self.previous: VerifiedModel | None = None
        self._trees: VerifiedTrees | None = None
        self.refused: int | None = None

    def apply(self, publication: Publication) -> bool:
        """Return whether the publication is now in force. `refused` holds the number of the last one that was invalid."""
        current = self.current
        if current is not None and publication.publication <= current.publication.publication:
            return False
        verified = self._verified(publication)
        if verified is None:
            self.refused = publication.publication
            return False
        self.previous, self.current, self.refused = current, verified, None
        return True

    def apply_trees(self, publication: TreesPublication) -> None:
        """Put trees in force, unless they are older or do not verify; the detector flags its scores then."""
        older = self._trees is not None and (publication.epoch, publication.n) < self._trees.place
        if self._key and not older:
            with suppress(RefusedArtefact):
                self._trees = verified_trees(publication, self._key)

    @property
    def news(self) -> int:
        """How many examples the model in force added; 1 if its predecessor is unknown or from another epoch."""
        if self.current is None or self.previous is None:
            return 1
        current, previous = self.current.publication, self.previous.publication
        return max(1, current.n - previous.n) if current.epoch == previous.epoch else 1

    def _verified(self, publication: Publication) -> VerifiedModel | None:
        if not self._key:
            return None
        try:
            return verified_model(publication, self._key)
        except RefusedArtefact:
            return None

    def voices(self, model: VerifiedModel) -> Voices:
        """Return the model with the trees in force."""
        return champion_of(model, self._trees).scorer

    def score_now(self, alert: ScoredTransaction) -> float | None:
        """Score an alert again with the model in force."""
        return None if self.current is None else score_under(self.voices(self.current), alert)


def score_under(model: Voices, alert: ScoredTransaction) -> float | None:
    """Score an alert again with a model; None if the alert lacks `rules_log_odds`."""
    if alert.rules_log_odds is None:
        return None
    return probability(risk(model, alert.rules_log_odds, vector_of(alert.features)))
