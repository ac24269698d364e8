"""The learner's snapshot: the fold and where it stood in Kafka, signed.

A snapshot is an abbreviation, never the truth: the log is. One that this version cannot read is refused, and the log
is folded from its start.
"""

import hmac
import pickle
from importlib.metadata import version

import msgspec
from msgspec import Struct

from learner.fold import Fold
from weir.artefact import sign
from weir.errors import RefusedArtefact

FORMAT = f"4 river-{version('river')}"


class Snapshot(Struct, frozen=True, kw_only=True):
    """A fold (pickled) with the next offset of the log, the last publication, and the control topic's end then."""

    format: str = FORMAT
    fold: bytes
    epoch: int
    offset: int
    publication: int
    control_offset: int

    @classmethod
    def of(cls, fold: Fold, *, offset: int, publication: int, control_offset: int) -> "Snapshot":
        """Take a snapshot."""
        payload = pickle.dumps(fold, protocol=5)
        return cls(
            fold=payload, epoch=fold.epoch, offset=offset, publication=publication, control_offset=control_offset
        )

    def restore(self) -> Fold:
        """The fold, as it was."""
        fold = pickle.loads(self.fold)  # noqa: S301 # `unseal` has verified the deployment's own signature
        if not isinstance(fold, Fold):
            raise RefusedArtefact("The learner's snapshot holds no fold.", "Fold the learning log from its start.")
        return fold


class _Sealed(Struct, frozen=True, array_like=True):
    signature: str
    payload: bytes


def seal(snapshot: Snapshot, key: bytes) -> bytes:
    """The snapshot's bytes with their signature."""
    payload = msgspec.msgpack.encode(snapshot)
    return msgspec.msgpack.encode(_Sealed(sign(payload, key), payload))


def unseal(sealed: bytes, key: bytes) -> Snapshot:
    """Verify, then decode.

    Raises:
        RefusedArtefact: it is not signed with this key, or another version wrote it.
    """
    try:
        envelope = msgspec.msgpack.decode(sealed, type=_Sealed)
        if not hmac.compare_digest(sign(envelope.payload, key), envelope.signature):
            raise RefusedArtefact("The learner's snapshot is not signed with this key.", "Check WEIR_SIGNING_KEY.")
        snapshot = msgspec.msgpack.decode(envelope.payload, type=Snapshot)
    except msgspec.DecodeError as error:
        raise RefusedArtefact(f"The learner's snapshot does not decode: {error}.", "It is left out.") from error
    if snapshot.format != FORMAT:
        raise RefusedArtefact(f"The learner's snapshot has the format {snapshot.format!r}.", "It is left out.")
    return snapshot
