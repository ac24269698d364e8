"""Features of the payment's channel and type."""

from detector.facts import Facts
from detector.features import CODE, feature
from weir.compiled import compiled


@feature(CODE, lambda m, _: f"The channel is {m.transaction.channel}")
def channel_code(facts: Facts) -> float:
    """The channel, as a hash of its name."""
    return facts.channel_code


@feature(CODE, lambda m, _: f"The type of payment is {m.transaction.type}")
def type_code(facts: Facts) -> float:
    """The type of payment, as a hash of its name."""
    return facts.type_code


@compiled
def payment_features(facts: Facts) -> tuple[float, ...]:
    """Return the group's values in the schema's order."""
    return (
        channel_code(facts),
        type_code(facts),
    )
