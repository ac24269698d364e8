"""Features of the card."""

from math import expm1, log1p

from detector.features import Feature, feature
from detector.moment import NO_EARLIER, Moment
from detector.wording import plural


@feature("0 or 1", lambda _, v: f"The card is {'new' if v else 'known'} for this customer")
def card_new(moment: Moment) -> float | None:
    """Whether the user has never paid with this card; absent if no earlier card is known."""
    return None if moment.card_first_ms is None else float(moment.card_first_ms == NO_EARLIER)


@feature("log(1 + cards)", lambda _, v: f"{plural(expm1(v), 'card')} used in the previous 24 hours")
def cards_24h(moment: Moment) -> float | None:
    """Distinct cards in the previous 24 hours."""
    return log1p(moment.windows.cards_24h)


FEATURES: tuple[Feature, ...] = (card_new, cards_24h)
