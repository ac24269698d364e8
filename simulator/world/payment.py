"""A payment of the simulator: the transaction that the detector sees, and the truth that it does not."""

from msgspec import Struct

from weir.messages import Transaction

NEW_KIND = "mule_shops"
KINDS = (
    "velocity_under_otp",
    "impossible_travel",
    "card_testing",
    "card_testing_spread",
    "account_takeover",
    "compromised_merchant",
    "stolen_card",
    NEW_KIND,
)
LOOK_ALIKES = ("travel", "gift", "new_phone", "household", "new_shop")


class Payment(Struct, frozen=True):
    """A transaction with its truth: `kind` is the kind of fraud, None for a legitimate payment.

    `look_alike` says why a legitimate payment looks odd.
    """

    transaction: Transaction
    kind: str | None = None
    look_alike: str | None = None

    @property
    def event_time_ms(self) -> int:
        """The event time in epoch milliseconds."""
        return self.transaction.event_time_ms

    @property
    def fraud(self) -> bool:
        """Whether the payment was not its owner's doing."""
        return self.kind is not None
