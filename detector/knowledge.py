"""What the detector knows from the control topic: the champion in force and the merchants' reputation.

The records live in Flink's broadcast state as bytes; this is their compiled form, which is rebuilt from them after a
restore.
"""

from collections.abc import Iterable
from contextlib import suppress

from detector.detector import Champion
from weir.artefact import unpack, verify_reputation
from weir.errors import InvalidRecord, RefusedArtefact
from weir.messages import CONTROL, ModelRef, Publication, Reputation, ReputationKey, decode_with


class Knowledge:
    """The compiled control records. The highest publication wins; a refused one is flagged, never silent."""

    def __init__(self, signing_key: bytes) -> None:
        self._signing_key = signing_key
        self.champion: Champion | None = None
        self.reputation: dict[ReputationKey, Reputation] = {}
        self.refused: int | None = None

    @property
    def flags(self) -> tuple[str, ...]:
        """Flags that every score carries while they hold."""
        return ("model_refused",) if self.refused is not None else ()

    def restore(self, payloads: Iterable[bytes]) -> None:
        """Take in what broadcast state holds.

        What an earlier version signed otherwise is left out; the learner publishes it anew.
        """
        for payload in payloads:
            with suppress(InvalidRecord):
                self.apply(payload)

    def apply(self, payload: bytes | None) -> str:
        """Take in one control record and return the key under which broadcast state keeps it.

        Raises:
            InvalidRecord: it is not a control record of this deployment.
        """
        record = decode_with(CONTROL, payload)
        if isinstance(record, Publication):
            self._publish(record)
            return f"model:{record.contender}"
        return self._repute(record)

    def _publish(self, publication: Publication) -> None:
        if self.champion is not None and publication.publication <= self.champion.ref.publication:
            return
        try:
            scorer = unpack(publication.artefact, publication.signature, self._signing_key)
        except RefusedArtefact as error:
            self.refused = publication.publication
            raise InvalidRecord("signature", error.problem) from error
        self.champion = Champion(ModelRef(publication.publication, publication.epoch, publication.n), scorer)
        self.refused = None

    def _repute(self, reputation: Reputation) -> str:
        if not verify_reputation(reputation, self._signing_key):
            raise InvalidRecord("signature", "the reputation's signature does not verify")
        self.reputation[reputation.key] = reputation
        return reputation.control_key
