"""The model artefact: a compiled scorer, signed, that a detector can hold in its operator state.

It is linear in standardised features: `log-odds = intercept + sum(weight * (value - mean) / scale)`. A feature that
is missing from a transaction adds nothing. River's `StandardScaler | LogisticRegression` compiles to this exactly.
"""

import hashlib
import hmac
import math

import msgspec
from msgspec import Struct

from weir.errors import RefusedArtefact
from weir.messages import Reputation, encode

ARTEFACT_SCHEMA = 1


class Term(Struct, frozen=True, array_like=True):
    """One feature's part: `slope * value + offset` in log-odds, folded from weight, mean and scale."""

    slope: float
    offset: float


class LinearScorer(Struct, frozen=True, kw_only=True):
    """A compiled linear model.

    `trust` in 0..1 is how far the model may speak against the rules: it grows with the verdicts of both kinds learned.
    """

    schema: int = ARTEFACT_SCHEMA
    intercept: float
    terms: dict[str, Term]
    trust: float

    def log_odds(self, features: dict[str, float]) -> float:
        """The log-odds of fraud."""
        total, terms = self.intercept, self.terms
        for name, value in features.items():
            term = terms.get(name)
            if term is not None:
                total += term.slope * value + term.offset
        return total

    def risk(self, rules_log_odds: float, features: dict[str, float]) -> float:
        """The log-odds of fraud with the rules heard, by how far the model is trusted: what the detector scores."""
        return (1 - self.trust) * rules_log_odds + self.trust * self.log_odds(features)

    def contributions(self, features: dict[str, float]) -> dict[str, float]:
        """What each feature adds to the log-odds; with the intercept they sum to `log_odds`."""
        terms = self.terms
        return {
            name: terms[name].slope * value + terms[name].offset for name, value in features.items() if name in terms
        }


def probability(log_odds: float) -> float:
    """The logistic function, safe for any finite argument.

    >>> probability(0.0)
    0.5
    """
    if log_odds >= 0:
        return 1.0 / (1.0 + math.exp(-min(log_odds, 700.0)))
    odds = math.exp(max(log_odds, -700.0))
    return odds / (1.0 + odds)


def pack(scorer: LinearScorer) -> bytes:
    """The artefact's bytes."""
    return msgspec.msgpack.encode(scorer)


def sign(payload: bytes, key: bytes) -> str:
    """HMAC-SHA256, hexadecimal."""
    return hmac.new(key, payload, hashlib.sha256).hexdigest()


def unpack(artefact: bytes, signature: str, key: bytes) -> LinearScorer:
    """Verify, then decode.

    Raises:
        RefusedArtefact: the signature or the schema does not fit.
    """
    if not hmac.compare_digest(sign(artefact, key), signature):
        raise RefusedArtefact("A publication's signature does not verify.", "Give both sides the same signing key.")
    return read_artefact(artefact)


def read_artefact(artefact: bytes) -> LinearScorer:
    """Decode an artefact whose origin is known otherwise, such as one from the model registry.

    Raises:
        RefusedArtefact: it does not decode or its schema is unknown.
    """
    try:
        scorer = msgspec.msgpack.decode(artefact, type=LinearScorer)
    except msgspec.DecodeError as error:
        raise RefusedArtefact(f"An artefact does not decode: {error}.", "Upgrade the detector first.") from error
    if scorer.schema != ARTEFACT_SCHEMA:
        raise RefusedArtefact(f"Artefact schema {scorer.schema} is unknown.", "Upgrade the detector first.")
    return scorer


def sign_reputation(reputation: Reputation, key: bytes) -> Reputation:
    """The same reputation with its signature."""
    return msgspec.structs.replace(reputation, signature=sign(_unsigned(reputation), key))


def verify_reputation(reputation: Reputation, key: bytes) -> bool:
    """Whether this deployment's learner signed it."""
    return hmac.compare_digest(sign(_unsigned(reputation), key), reputation.signature)


_DEFAULTS = {field.name: field.default for field in msgspec.structs.fields(Reputation)}


def _unsigned(reputation: Reputation) -> bytes:
    """What is signed: a field that says its default is left out, so that one added later breaks no signature."""
    said = msgspec.structs.asdict(reputation).items()
    return encode({name: value for name, value in said if name != "signature" and value != _DEFAULTS[name]})
