"""The model artefact: a compiled, signed scorer for the detector's operator state.

It adds weights: `log-odds = intercept + one weight for each feature's bin + one for each pair's cell` (`weir.bins`).
A missing feature has a bin of its own. Weights are packed as 32-bit floats.
"""

import hashlib
import hmac
import math
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from weir.bins import GridKind, Layout, Pair
from weir.errors import RefusedArtefact
from weir.messages import Reputation, encode

ARTEFACT_SCHEMA = 2
"""Raise it when the form or a grid of `weir.bins` changes. Schema 1 was a linear model (docs/adr/0018)."""

REMEDY = "Run learner and detector from one release: the learner then publishes its model anew."


@dataclass(frozen=True, kw_only=True, eq=False)
class AdditiveScorer:
    """A compiled additive model; `bins` and `cells` are its weights where the layout expects them.

    `trust`, 0 to 1, is the model's share in the score; the rules have the rest (docs/adr/0008).
    """

    layout: Layout
    bins: Sequence[float]
    cells: Sequence[float]
    trust: float

    @property
    def intercept(self) -> float:
        return self.bins[0]

    def log_odds(self, features: dict[str, float]) -> float:
        """Return the log-odds of fraud by the model alone."""
        own = math.fsum(map(self.bins.__getitem__, self.layout.bins(features)))
        return own + math.fsum(map(self.cells.__getitem__, self.layout.cells(features)))

    def contributions(self, features: dict[str, float]) -> dict[str, float]:
        """Return what each feature, present or missing, adds to the log-odds; half of a pair's weight goes to each.

        With the intercept they sum to `log_odds`.
        """
        layout, cells = self.layout, self.cells
        added = list(map(self.bins.__getitem__, layout.bins(features)[1:]))
        for (one, other), cell in zip(layout.pairs, layout.cells(features), strict=True):
            half = cells[cell] / 2
            added[one] += half
            added[other] += half
        return dict(zip(layout.names, added, strict=True))


def probability(log_odds: float) -> float:
    """The logistic function, safe for any finite argument.

    >>> probability(0.0)
    0.5
    """
    if log_odds >= 0:
        return 1.0 / (1.0 + math.exp(-min(log_odds, 700.0)))
    odds = math.exp(max(log_odds, -700.0))
    return odds / (1.0 + odds)


class _Envelope(Struct, frozen=True):
    """What every release can read: the schema first, then a body that may be unknown."""

    schema: int
    body: bytes = b""


class _Body(Struct, frozen=True, array_like=True):
    kinds: dict[str, GridKind]
    pairs: list[Pair]
    bins: bytes
    cells: bytes
    trust: float


def pack(scorer: AdditiveScorer) -> bytes:
    """Encode a scorer; its weights are rounded to 32-bit floats."""
    layout = scorer.layout
    body = _Body(layout.kinds, list(layout.pairs), _floats(scorer.bins), _floats(scorer.cells), scorer.trust)
    return msgspec.msgpack.encode(_Envelope(ARTEFACT_SCHEMA, zlib.compress(msgspec.msgpack.encode(body))))


def _floats(values: Sequence[float]) -> bytes:
    return struct.pack(f"<{len(values)}f", *values)


def sign(payload: bytes, key: bytes) -> str:
    """Return the HMAC-SHA256 in hexadecimal."""
    return hmac.new(key, payload, hashlib.sha256).hexdigest()


def is_signed(payload: bytes, signature: str, key: bytes) -> bool:
    """Return whether `signature` is the payload's. It compares bytes: `compare_digest` refuses text beyond ASCII."""
    return hmac.compare_digest(sign(payload, key).encode(), signature.encode(errors="replace"))


def require_signature(artefact: bytes, signature: str, key: bytes) -> None:
    """Raise RefusedArtefact if the signature does not verify."""
    if not is_signed(artefact, signature, key):
        raise RefusedArtefact(
            "A publication's signature does not verify.", "Set the same WEIR_SIGNING_KEY for learner and detector."
        )


def unpack(artefact: bytes, signature: str, key: bytes) -> AdditiveScorer:
    """Verify an artefact's signature, then decode it.

    Raises:
        RefusedArtefact: the signature does not verify, or the artefact cannot be decoded.
    """
    require_signature(artefact, signature, key)
    return read_artefact(artefact)


def read_artefact(artefact: bytes) -> AdditiveScorer:
    """Decode an artefact without verifying it, such as one from the model registry.

    Raises:
        RefusedArtefact: the artefact cannot be decoded, or its schema is unknown.
    """
    try:
        envelope = msgspec.msgpack.decode(artefact, type=_Envelope)
        if envelope.schema != ARTEFACT_SCHEMA:
            raise RefusedArtefact(
                f"An artefact has the unknown schema {envelope.schema}; this release reads {ARTEFACT_SCHEMA}.", REMEDY
            )
        body = msgspec.msgpack.decode(zlib.decompress(envelope.body), type=_Body)
        layout = Layout(body.kinds, body.pairs)
        bins = struct.unpack(f"<{layout.bin_count}f", body.bins)
        cells = struct.unpack(f"<{layout.cell_count}f", body.cells)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, zlib.error, struct.error, IndexError) as error:
        raise RefusedArtefact(f"An artefact cannot be decoded: {error}.", REMEDY) from error
    return AdditiveScorer(layout=layout, bins=bins, cells=cells, trust=body.trust)


def sign_reputation(reputation: Reputation, key: bytes) -> Reputation:
    """Return the reputation with its signature set."""
    return msgspec.structs.replace(reputation, signature=sign(_unsigned(reputation), key))


def verify_reputation(reputation: Reputation, key: bytes) -> bool:
    return is_signed(_unsigned(reputation), reputation.signature, key)


_SIGNED = [field for field in msgspec.structs.fields(Reputation) if field.name != "signature"]


def _unsigned(reputation: Reputation) -> bytes:
    """Encode what is signed. It omits fields at their default: adding a field breaks no signature (docs/adr/0017)."""
    values = ((field, getattr(reputation, field.name)) for field in _SIGNED)
    return encode({field.encode_name: value for field, value in values if value != field.default})
