"""A payment with its facts and everything that rules and words need to say about it."""

from msgspec import Struct

from detector.attributes import Attributes
from detector.facts import Facts
from weir.messages import Transaction


class Moment(Struct, frozen=True):
    """A payment as of its event time. `currency` is the base currency, `attributes` are those that are declared."""

    transaction: Transaction
    facts: Facts
    currency: str
    attributes: Attributes
