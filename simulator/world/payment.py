"""A simulated payment: the transaction that the detector sees and the truth that it does not see."""

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
    """A transaction and its truth: `kind` is the kind of fraud, or None for a legitimate payment.

    `look_alike` names the reason why a legitimate payment looks like fraud.
    """

    transaction: Transaction
    kind: str | None = None
    look_alike: str | None = None

    @property
    def event_time_ms(self) -> int:
        return self.transaction.event_time_ms

    @property
    def fraud(self) -> bool:
        """Whether someone other than the card's owner made the payment."""
        return self.kind is not None
