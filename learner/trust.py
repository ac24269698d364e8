"""How far a model is trusted: the more verdicts of both kinds it has learned, the more (docs/adr/0008)."""

FRAUDS_FOR_HALF_TRUST, LEGITIMATE_FOR_HALF_TRUST = 20, 100
"""docs/adr/0008: both verdicts count; three frauds must not overrule the rules. The numbers themselves are round."""


def trust_in(frauds: int, legitimate: int) -> float:
    """Return a model's trust, 0 to 1, from the number of verdicts of each kind that it has learned.

    Frauds are labelled first; legitimate payments mature later. A model that knows only frauds sees fraud everywhere.
    """
    known = legitimate + 1
    return frauds / (frauds + FRAUDS_FOR_HALF_TRUST) * known / (known + LEGITIMATE_FOR_HALF_TRUST)
