"""Features of the card."""

from detector.facts import Facts
from detector.features import feature, newness
from weir.compiled import compiled


@feature("0 or 1", lambda _, v: f"The card is {'new' if v else 'known'} for this customer")
def card_new(facts: Facts) -> float:
    """Whether the user has never paid with this card; absent if no earlier card is known."""
    return newness(facts.card_first_ms)


@compiled
def card_features(facts: Facts) -> tuple[float, ...]:
    """Return the group's values in the schema's order."""
    return (card_new(facts),)
