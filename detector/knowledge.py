"""The champion in force and the reputations, compiled from the control topic.

Flink's broadcast state keeps the records as bytes; this compiled form is rebuilt from them after a restore. KnownFrauds
are kept there without names and signature, in a third of their bytes: 20,000 of them take 3.7 MB (docs/adr/0019).
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

import msgspec

from detector.known_frauds import KnownFrauds
from weir.artefact import verify_reputation
from weir.champion import Champion, VerifiedModel, VerifiedTrees, champion_of, verified_model, verified_trees
from weir.errors import InvalidRecord, RefusedArtefact
from weir.messages import CONTROL, Publication, Reputation, ReputationKey, TreesPublication, decode_with
from weir.voices import SILENT, Voices

MODEL_KEY, TREES_KEY = "model:champion", "model:trees"


class Kept(NamedTuple):
    """What broadcast state keeps of a control record: its key, and its bytes, None if the key is to be removed."""

    key: str
    payload: bytes | None


class Knowledge:
    """The compiled control records. The newest of both voices wins; scores carry a flag while one is refused."""

    def __init__(self, signing_key: bytes) -> None:
        self._signing_key = signing_key
        self.champion: Champion | None = None
        self.reputation = KnownFrauds()
        self.refused: int | None = None
        self._model: VerifiedModel | None = None
        self._trees: VerifiedTrees | None = None
        self._trees_refused = False
        self._kept = {MODEL_KEY: b"", TREES_KEY: b""}

    @property
    def model(self) -> Voices:
        """The champion's model; without a champion one that says nothing."""
        return SILENT if self.champion is None else self.champion.scorer

    @property
    def flags(self) -> tuple[str, ...]:
        return ("model_refused",) if self.refused is not None or self._trees_refused else ()

    def restore(self, payloads: Iterable[bytes]) -> None:
        """Apply the records of broadcast state.

        Records that an earlier version signed differently are left out; the learner publishes them again.
        """
        for payload in payloads:
            with suppress(InvalidRecord):
                if payload.startswith(b"{"):
                    self.apply(payload)
                else:
                    self._restore(_unpack(payload))

    def apply(self, payload: bytes | None, kafka_key: bytes | None = None) -> Kept:
        """Apply one control record; a tombstone withdraws the reputation that its key names.

        Raises:
            InvalidRecord: it is not a control record of this deployment.
        """
        if payload is None:
            return self._withdraw(kafka_key or b"")
        record = decode_with(CONTROL, payload)
        if isinstance(record, Publication):
            return self._publish(record, payload)
        if isinstance(record, TreesPublication):
            return self._publish_trees(record, payload)
        return self._repute(record)

    def _withdraw(self, kafka_key: bytes) -> Kept:
        key = ReputationKey.parse(kafka_key.decode(errors="replace"))
        self.reputation.pop(key, None)
        return Kept(key.control_key, None)

    def _publish(self, publication: Publication, payload: bytes) -> Kept:
        """Apply a publication. An older one, genuine or forged, replaces neither the champion nor its kept bytes."""
        model = self._model
        older = model is not None and publication.publication <= model.publication.publication
        try:
            verified = verified_model(publication, self._signing_key)
        except RefusedArtefact as error:
            self.refused = self.refused if older else publication.publication
            raise InvalidRecord("signature", error.problem) from error
        if not older:
            self._model, self.refused, self._kept[MODEL_KEY] = verified, None, payload
            self._pair()
        return Kept(MODEL_KEY, self._kept[MODEL_KEY])

    def _publish_trees(self, publication: TreesPublication, payload: bytes) -> Kept:
        """Apply trees likewise; their position in the log says which are older."""
        trees = self._trees
        older = trees is not None and (publication.epoch, publication.n) < trees.place
        try:
            verified = verified_trees(publication, self._signing_key)
        except RefusedArtefact as error:
            self._trees_refused |= not older
            raise InvalidRecord("signature", error.problem) from error
        if not older:
            self._trees, self._trees_refused, self._kept[TREES_KEY] = verified, False, payload
            self._pair()
        return Kept(TREES_KEY, self._kept[TREES_KEY])

    def _pair(self) -> None:
        self.champion = None if self._model is None else champion_of(self._model, self._trees)

    def _repute(self, reputation: Reputation) -> Kept:
        if not verify_reputation(reputation, self._signing_key):
            raise InvalidRecord("signature", "the reputation's signature does not verify")
        self._restore(reputation)
        return Kept(reputation.control_key, _pack(reputation))

    def _restore(self, reputation: Reputation) -> None:
        self.reputation[reputation.key] = reputation


_PACKED = [field for field in msgspec.structs.fields(Reputation) if field.name != "signature"]


def _pack(reputation: Reputation) -> bytes:
    """Encode the values in the order of the fields: later versions may only append fields, with defaults."""
    return msgspec.msgpack.encode([getattr(reputation, field.name) for field in _PACKED])


def _unpack(packed: bytes) -> Reputation:
    """Decode a record whose signature was verified when it arrived."""
    values = zip(_PACKED, msgspec.msgpack.decode(packed), strict=False)
    return msgspec.convert({field.encode_name: value for field, value in values}, Reputation)
