"""The learner's snapshot: a signed copy of the fold and of its position in Kafka.

A snapshot only saves time; the log is the source. If a snapshot cannot be used, the learner folds the log from its
start.
"""

import pickle
import zlib
from importlib.metadata import version

import msgspec
from msgspec import Struct

from learner.digest import canonical_digest
from learner.fold import Fold
from weir.artefact import is_signed, sign
from weir.bins import coarse_edges, fine_edges
from weir.errors import RefusedArtefact
from weir.feature_schema import KIND_OF
from weir.messages import TreesPublication
from weir.topics import LARGE_MESSAGE_BYTES

_FEATURES = canonical_digest([(name, fine_edges(kind), coarse_edges(kind)) for name, kind in KIND_OF.items()])[:8]

FORMAT = f"10 river-{version('river')} features-{_FEATURES}"
"""Raise the number when a pickled class changes, or the order of the arithmetic that learns: an older snapshot is then
refused instead of restored wrongly, or continued to another digest than that of the whole log.

A changed feature or grid refuses it, too: the log has the features' values, so folding it anew learns them.
"""

_FASTEST = 1
"""zlib's lowest level already makes a third of the reputations' records, which then fit in one message."""

_AROUND_BYTES = 64 * 1024
"""Room for a batch's header and the record's key. A round number, far above both."""

_REMEDY = "The learner folds the log from its start instead. If the signing key is wrong, correct WEIR_SIGNING_KEY."


class Snapshot(Struct, frozen=True, kw_only=True):
    """A pickled fold, the next offset of the log, the last publication, and where the control topic ended then.

    `trees` are the published ones: they may be older than what is read of the control topic after a restart.
    """

    format: str = FORMAT
    fold: bytes
    epoch: int
    offset: int
    publication: int
    control_offset: int
    trees: TreesPublication | None = None

    @classmethod
    def of(
        cls, fold: Fold, *, offset: int, publication: int, control_offset: int, trees: TreesPublication | None = None
    ) -> "Snapshot":
        return cls(
            fold=zlib.compress(pickle.dumps(fold, protocol=5), _FASTEST),
            epoch=fold.epoch,
            offset=offset,
            publication=publication,
            control_offset=control_offset,
            trees=trees,
        )

    def restore(self) -> Fold:
        """Unpickle the fold.

        Raises:
            RefusedArtefact: the pickle cannot be read, or holds something else.
        """
        try:
            fold = pickle.loads(zlib.decompress(self.fold))  # noqa: S301 # `unseal` has verified the deployment's own signature
        except Exception as error:  # a pickle of a class that has moved or changed can raise anything
            raise RefusedArtefact(f"The learner's snapshot cannot be unpickled: {error!r}.", _REMEDY) from error
        if not isinstance(fold, Fold):
            raise RefusedArtefact("The learner's snapshot holds no fold.", _REMEDY)
        return fold


class _Sealed(Struct, frozen=True, array_like=True):
    signature: str
    payload: bytes


def seal(snapshot: Snapshot, key: bytes) -> bytes:
    """Encode and sign a snapshot."""
    payload = msgspec.msgpack.encode(snapshot)
    return msgspec.msgpack.encode(_Sealed(sign(payload, key), payload))


def fits(sealed: bytes) -> bool:
    """Whether a message on Kafka can hold a sealed snapshot."""
    return len(sealed) <= LARGE_MESSAGE_BYTES - _AROUND_BYTES


def unseal(sealed: bytes, key: bytes) -> Snapshot:
    """Verify a snapshot's signature, then decode it.

    Raises:
        RefusedArtefact: the snapshot is not signed with this key, or another version wrote it.
    """
    try:
        envelope = msgspec.msgpack.decode(sealed, type=_Sealed)
        if not is_signed(envelope.payload, envelope.signature, key):
            raise RefusedArtefact("The learner's snapshot is not signed with this key.", _REMEDY)
        snapshot = msgspec.msgpack.decode(envelope.payload, type=Snapshot)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedArtefact(f"The learner's snapshot cannot be decoded: {error}.", _REMEDY) from error
    if snapshot.format != FORMAT:
        raise RefusedArtefact(f"The learner's snapshot has the format {snapshot.format!r}, not {FORMAT!r}.", _REMEDY)
    return snapshot
