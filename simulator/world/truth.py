"""The truth: which payments were fraud. Only the simulator knows it."""

from collections import Counter

from simulator.world.payment import Payment


class Truth:
    """Remembers the payments' kinds by transaction id.

    >>> Truth().is_fraud("p-0")
    False
    """

    def __init__(self) -> None:
        self._kinds: dict[str, str] = {}
        self._counts: Counter[str | None] = Counter()

    def remember(self, payment: Payment) -> None:
        """Keep what a payment is."""
        self._counts[payment.kind] += 1
        if payment.kind is not None:
            self._kinds[payment.transaction.transaction_id] = payment.kind

    def kind_of(self, transaction_id: str) -> str | None:
        """The kind of fraud; None for a legitimate payment, or one never seen."""
        return self._kinds.get(transaction_id)

    def is_fraud(self, transaction_id: str) -> bool:
        """Whether the payment was not its owner's doing."""
        return transaction_id in self._kinds

    @property
    def counts(self) -> dict[str | None, int]:
        """Payments by kind; those under None are legitimate."""
        return dict(self._counts)
