"""The champion in force and the merchants' reputation, compiled from the control topic.

Flink's broadcast state keeps the records as bytes; this compiled form is rebuilt from them after a restore.
"""

from collections.abc import Iterable
from contextlib import suppress

from detector.detector import Champion
from weir.artefact import unpack, verify_reputation
from weir.errors import InvalidRecord, RefusedArtefact
from weir.messages import CONTROL, ModelRef, Publication, Reputation, ReputationKey, decode_with


class Knowledge:
    """The compiled control records. The highest publication wins; scores carry a flag while one is refused."""

    def __init__(self, signing_key: bytes) -> None:
        self._signing_key = signing_key
        self.champion: Champion | None = None
        self.reputation: dict[ReputationKey, Reputation] = {}
        self.refused: int | None = None

    @property
    def flags(self) -> tuple[str, ...]:
        return ("model_refused",) if self.refused is not None else ()

    def restore(self, payloads: Iterable[bytes]) -> None:
        """Apply the records of broadcast state.

        Records that an earlier version signed differently are left out; the learner publishes them again.
        """
        for payload in payloads:
            with suppress(InvalidRecord):
                self.apply(payload)

    def apply(self, payload: bytes | None) -> str:
        """Apply one control record and return its key in broadcast state.

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
