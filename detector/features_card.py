"""Features of the card."""

from math import expm1, log1p

from detector.facts import Facts
from detector.features import feature, newness
from detector.wording import plural
from weir.compiled import compiled


@feature("0 or 1", lambda _, v: f"The card is {'new' if v else 'known'} for this customer")
def card_new(facts: Facts) -> float:
    """Whether the user has never paid with this card; absent if no earlier card is known."""
    return newness(facts.card_first_ms)


@feature("log(1 + cards)", lambda _, v: f"{plural(expm1(v), 'card')} used in the previous 24 hours")
def cards_24h(facts: Facts) -> float:
    """Distinct cards in the previous 24 hours."""
    return log1p(facts.cards_24h)


@compiled
def card_features(facts: Facts) -> tuple[float, ...]:
    """Return the group's values in the schema's order."""
    return (
        card_new(facts),
        cards_24h(facts),
    )
