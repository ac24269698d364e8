"""Features of the payment's channel and type."""

from detector.features import CODE, Feature, code_of, feature
from detector.moment import Moment


@feature(CODE, lambda m, _: f"The channel is {m.transaction.channel}")
def channel_code(moment: Moment) -> float | None:
    """The channel, as a hash of its name."""
    return code_of(moment.transaction.channel)


@feature(CODE, lambda m, _: f"The type of payment is {m.transaction.type}")
def type_code(moment: Moment) -> float | None:
    """The type of payment, as a hash of its name."""
    return code_of(moment.transaction.type)


FEATURES: tuple[Feature, ...] = (channel_code, type_code)
