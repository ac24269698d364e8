"""The model artefact: a compiled, signed scorer for the detector's operator state.

It adds weights: `log-odds = intercept + one weight for each feature's bin + one for each pair's cell` (`weir.bins`).
A missing feature has a bin of its own. Weights are packed as 32-bit floats.
"""

import hashlib
import hmac
import zlib
from collections.abc import Mapping

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike

from weir.bins import Layout, Pair, places_of
from weir.compiled import Floats, Integers, compiled, warm_up
from weir.errors import RefusedArtefact
from weir.exponential import exponential
from weir.feature_schema import Kind
from weir.messages import Reputation, encode

ARTEFACT_SCHEMA = 2
"""Raise it when the form or a grid of `weir.bins` changes. Schema 1 was a linear model (docs/adr/0018)."""

REMEDY = "Run learner and detector from one release: the learner then publishes its model anew."


class AdditiveScorer:
    """A compiled additive model: a copy of its weights where the layout expects them.

    `trust`, 0 to 1, is the model's share in the score; the rules have the rest (docs/adr/0008).

    Raises:
        ValueError: the layout expects other numbers of weights.
    """

    def __init__(self, *, layout: Layout, bins: ArrayLike, cells: ArrayLike, trust: float) -> None:
        self.layout, self.trust = layout, trust
        self.bins, self.cells = np.array(bins, np.float64), np.array(cells, np.float64)
        if (len(self.bins), len(self.cells)) != (layout.bin_count, layout.cell_count):
            raise ValueError("The weights do not fit the layout.")

    @property
    def intercept(self) -> float:
        return float(self.bins[0])

    def log_odds(self, features: Mapping[str, float]) -> float:
        """Return the log-odds of fraud by the model alone."""
        return self.log_odds_of(self.layout.vector(features))

    def log_odds_of(self, vector: Floats) -> float:
        """Return the log-odds of a payment whose features are in the layout's order."""
        return log_odds_of(vector, *self.layout.tables, self.bins, self.cells)

    def contributions(self, features: Mapping[str, float]) -> dict[str, float]:
        """Return what each feature, present or missing, adds to the log-odds; half of a pair's weight goes to each.

        With the intercept they sum to `log_odds`.
        """
        added = self.contributions_of(self.layout.vector(features))
        return dict(zip(self.layout.names, added.tolist(), strict=True))

    def contributions_of(self, vector: Floats) -> Floats:
        """Return the contributions, in the layout's order, of a payment whose features are in that order."""
        return contributions_of(vector, *self.layout.tables, self.bins, self.cells)


@compiled
def log_odds_of(  # noqa: PLR0917 -- a tuple of arrays costs .7 µs more a call
    vector: Floats,
    edges: Floats,
    fine: Integers,
    coarse: Integers,
    pairs: Integers,
    bins: Floats,
    cells: Floats,
) -> float:
    """Return the sum of a payment's weights."""
    return sum_at(places_of(vector, edges, fine, coarse, pairs), pairs.shape[0], bins, cells)


@compiled
def sum_at(places: Integers, pairs: int, bins: Floats, cells: Floats) -> float:
    """Return the sum of the weights at these places, of which the last `pairs` are in the cells."""
    own, of_pairs = 0.0, 0.0
    for n in range(len(places) - pairs):
        own += bins[places[n]]
    for n in range(len(places) - pairs, len(places)):
        of_pairs += cells[places[n]]
    return own + of_pairs


@compiled
def contributions_of(  # noqa: PLR0917 -- as `log_odds_of`
    vector: Floats,
    edges: Floats,
    fine: Integers,
    coarse: Integers,
    pairs: Integers,
    bins: Floats,
    cells: Floats,
) -> Floats:
    """Return what each feature adds to the log-odds."""
    places = places_of(vector, edges, fine, coarse, pairs)
    features = fine.shape[0]
    added = np.empty(features)
    for n in range(features):
        added[n] = bins[places[1 + n]]
    for n in range(pairs.shape[0]):
        half = cells[places[1 + features + n]] / 2
        added[coarse[pairs[n, 0], 0]] += half
        added[coarse[pairs[n, 1], 0]] += half
    return added


@compiled
def probability(log_odds: float) -> float:
    """The logistic function, safe for any argument but NaN.

    >>> probability(0.0)
    0.5
    """
    if log_odds >= 0:
        return 1.0 / (1.0 + exponential(-min(log_odds, 700.0)))
    odds = exponential(max(log_odds, -700.0))
    return odds / (1.0 + odds)


@warm_up
def _score() -> None:
    layout = Layout({"first": "flag", "second": "flag"}, [(0, 1)])
    scorer = AdditiveScorer(
        layout=layout, bins=np.zeros(layout.bin_count), cells=np.zeros(layout.cell_count), trust=1.0
    )
    scorer.contributions({})
    probability(scorer.log_odds({}))


class _Envelope(Struct, frozen=True):
    """What every release can read: the schema first, then a body that may be unknown."""

    schema: int
    body: bytes = b""


class _Body(Struct, frozen=True, array_like=True):
    kinds: dict[str, Kind]
    pairs: list[Pair]
    bins: bytes
    cells: bytes
    trust: float


def pack(scorer: AdditiveScorer) -> bytes:
    """Encode a scorer; its weights are rounded to 32-bit floats."""
    layout = scorer.layout
    body = _Body(layout.kinds, list(layout.pairs), _floats(scorer.bins), _floats(scorer.cells), scorer.trust)
    return msgspec.msgpack.encode(_Envelope(ARTEFACT_SCHEMA, zlib.compress(msgspec.msgpack.encode(body))))


def _floats(values: Floats) -> bytes:
    return values.astype("<f4").tobytes()


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
        bins, cells = (np.frombuffer(weights, "<f4") for weights in (body.bins, body.cells))
        return AdditiveScorer(layout=Layout(body.kinds, body.pairs), bins=bins, cells=cells, trust=body.trust)
    except (msgspec.DecodeError, RecursionError, zlib.error, ValueError, IndexError) as error:
        raise RefusedArtefact(f"An artefact cannot be decoded: {error}.", REMEDY) from error


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
