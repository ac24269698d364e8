"""The model artefact: a compiled, signed scorer for the detector's operator state.

It is linear in standardised features: `log-odds = intercept + sum(weight * (value - mean) / scale)`. A missing feature
adds nothing. River's `StandardScaler | LogisticRegression` compiles to it exactly.
"""

import hashlib
import hmac
import math

import msgspec
from msgspec import Struct

from weir.errors import RefusedArtefact
from weir.messages import Reputation, encode

ARTEFACT_SCHEMA = 1
_UPGRADE = "Upgrade the detector to the learner's release."


class Term(Struct, frozen=True, array_like=True):
    """One feature's part of the log-odds: `slope * value + offset`, computed from weight, mean and scale."""

    slope: float
    offset: float


class LinearScorer(Struct, frozen=True, kw_only=True):
    """A compiled linear model.

    `trust`, 0 to 1, is the model's share in the score; the rules have the rest (docs/adr/0008).
    """

    schema: int = ARTEFACT_SCHEMA
    intercept: float
    terms: dict[str, Term]
    trust: float

    def log_odds(self, features: dict[str, float]) -> float:
        """Return the log-odds of fraud by the model alone."""
        total, terms = self.intercept, self.terms
        for name, value in features.items():
            term = terms.get(name)
            if term is not None:
                total += term.slope * value + term.offset
        return total

    def risk(self, rules_log_odds: float, features: dict[str, float]) -> float:
        """Return the log-odds that the detector scores: rules and model, weighted by trust."""
        return (1 - self.trust) * rules_log_odds + self.trust * self.log_odds(features)

    def contributions(self, features: dict[str, float]) -> dict[str, float]:
        """Return what each feature adds to the log-odds. With the intercept they sum to `log_odds`."""
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
    return msgspec.msgpack.encode(scorer)


def sign(payload: bytes, key: bytes) -> str:
    """Return the HMAC-SHA256 in hexadecimal."""
    return hmac.new(key, payload, hashlib.sha256).hexdigest()


def is_signed(payload: bytes, signature: str, key: bytes) -> bool:
    """Return whether `signature` is the payload's. It compares bytes: `compare_digest` refuses text beyond ASCII."""
    return hmac.compare_digest(sign(payload, key).encode(), signature.encode(errors="replace"))


def unpack(artefact: bytes, signature: str, key: bytes) -> LinearScorer:
    """Verify an artefact's signature, then decode it.

    Raises:
        RefusedArtefact: the signature does not verify, or the artefact cannot be decoded.
    """
    if not is_signed(artefact, signature, key):
        raise RefusedArtefact(
            "A publication's signature does not verify.", "Set the same WEIR_SIGNING_KEY for learner and detector."
        )
    return read_artefact(artefact)


def read_artefact(artefact: bytes) -> LinearScorer:
    """Decode an artefact without verifying it, such as one from the model registry.

    Raises:
        RefusedArtefact: the artefact cannot be decoded, or its schema is unknown.
    """
    try:
        scorer = msgspec.msgpack.decode(artefact, type=LinearScorer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedArtefact(f"An artefact cannot be decoded: {error}.", _UPGRADE) from error
    if scorer.schema != ARTEFACT_SCHEMA:
        raise RefusedArtefact(f"An artefact has the unknown schema {scorer.schema}.", _UPGRADE)
    return scorer


def sign_reputation(reputation: Reputation, key: bytes) -> Reputation:
    """Return the reputation with its signature set."""
    return msgspec.structs.replace(reputation, signature=sign(_unsigned(reputation), key))


def verify_reputation(reputation: Reputation, key: bytes) -> bool:
    """Return whether the reputation is signed with this key."""
    return is_signed(_unsigned(reputation), reputation.signature, key)


_DEFAULTS = {field.name: field.default for field in msgspec.structs.fields(Reputation)}


def _unsigned(reputation: Reputation) -> bytes:
    """Encode what is signed. It omits fields at their default: adding a field breaks no signature (docs/adr/0017)."""
    fields = msgspec.structs.asdict(reputation).items()
    return encode({name: value for name, value in fields if name != "signature" and value != _DEFAULTS[name]})
