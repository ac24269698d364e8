"""The truth about each payment, known only to the simulator."""

from collections import Counter

from simulator.world.payment import Payment


class Truth:
    """The kinds of all payments by transaction id.

    >>> Truth().is_fraud("p-0")
    False
    """

    def __init__(self) -> None:
        self._kinds: dict[str, str] = {}
        self._counts: Counter[str | None] = Counter()

    def remember(self, payment: Payment) -> None:
        self._counts[payment.kind] += 1
        if payment.kind is not None:
            self._kinds[payment.transaction.transaction_id] = payment.kind

    def kind_of(self, transaction_id: str) -> str | None:
        """Return the kind of fraud; None for a legitimate or an unknown payment."""
        return self._kinds.get(transaction_id)

    def is_fraud(self, transaction_id: str) -> bool:
        return transaction_id in self._kinds

    @property
    def counts(self) -> dict[str | None, int]:
        """The number of payments of each kind; None is the legitimate ones."""
        return dict(self._counts)
