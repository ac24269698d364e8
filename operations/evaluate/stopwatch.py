"""How long one kind of work takes on average."""


class Stopwatch:
    """A sum of nanoseconds and how many pieces of work it is of.

    >>> watch = Stopwatch()
    >>> watch.add(3_000)
    >>> watch.add(1_000)
    >>> watch.us
    2.0
    """

    __slots__ = ("count", "total_ns")

    def __init__(self) -> None:
        self.total_ns = 0
        self.count = 0

    def add(self, elapsed_ns: int) -> None:
        self.total_ns += elapsed_ns
        self.count += 1

    @property
    def us(self) -> float | None:
        """The mean in microseconds; None before the first piece of work."""
        return self.total_ns / self.count / 1000 if self.count else None
