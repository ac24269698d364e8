"""What became of every label: one byte of state beside an 8-byte hash of its identity.

A label's identity is its transaction id with its label id, the pair that the label join tells apart; a record that
names none is known by its position. Honest about memory: a set of ids has no bound, so this grows with the labels, by
about 120 bytes each (120 MB for a million). Two of a million labels share a hash with a chance of 3 in 100 million.
"""

from collections import Counter
from hashlib import blake2b

from weir.dead_letters import names_in
from weir.messages import Outcome

SEGMENT = 512
"""Labels in a segment: the unit in which the book is stored, small because a changed one is written whole."""

_HASH_BYTES = 8
_ACCEPTED = 8
_WAITING, _DEAD = 0, 4
_OUTCOMES: dict[str, int] = {"example": 1, "revision": 2, "confirmation": 3}


def identity(transaction_id: str, label_id: str) -> bytes:
    """The identity of a label that names itself."""
    return _hashed(f"{len(transaction_id)}:{transaction_id}{label_id}")


def identity_of(payload: bytes | None, partition: int, offset: int) -> bytes:
    """The identity of any record on `labels`, whatever it holds: by its names, or else by its position."""
    names = names_in(payload)
    if names.transaction_id is None or names.label_id is None:
        return _hashed(f"@{partition}:{offset}")
    return identity(names.transaction_id, names.label_id)


def _hashed(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_HASH_BYTES).digest()


class LabelBook:
    """Every label's state, in segments that remember whether they changed since they were last stored."""

    def __init__(self) -> None:
        self._slots: dict[bytes, int] = {}
        self._hashes: list[bytes] = []
        self._states = bytearray()
        self._tally: Counter[int] = Counter()
        self._changed: set[int] = set()
        self.repeated = 0

    def accept(self, label: bytes) -> None:
        """A record of this label stands on `labels`; a second one is a repetition."""
        slot = self._slot(label)
        if self._states[slot] & _ACCEPTED:
            self.repeated += 1
        else:
            self._set(slot, self._states[slot] | _ACCEPTED)

    def learn(self, label: bytes, outcome: Outcome) -> None:
        """The label became an entry of the learning log; the first outcome stands and wins over a dead letter."""
        slot = self._slot(label)
        if self._states[slot] & 7 in (_WAITING, _DEAD):
            self._set(slot, self._states[slot] & _ACCEPTED | _OUTCOMES[outcome])

    def bury(self, label: bytes) -> None:
        """The label became a dead letter."""
        slot = self._slot(label)
        if self._states[slot] & 7 == _WAITING:
            self._set(slot, self._states[slot] & _ACCEPTED | _DEAD)

    def count(self, outcome: Outcome) -> int:
        """Accepted labels that ended as this outcome."""
        return self._tally[_ACCEPTED | _OUTCOMES[outcome]]

    @property
    def waiting(self) -> int:
        """Accepted labels that did not end yet."""
        return self._tally[_ACCEPTED | _WAITING]

    @property
    def dead(self) -> int:
        """Accepted labels that ended as dead letters."""
        return self._tally[_ACCEPTED | _DEAD]

    @property
    def accepted(self) -> int:
        """Distinct labels seen on `labels`."""
        return sum(number for state, number in self._tally.items() if state & _ACCEPTED)

    def changed_segments(self) -> dict[int, bytes]:
        """The segments that changed since the last call, encoded as hashes followed by states."""
        changed, self._changed = sorted(self._changed), set()
        return {number: self._segment(number * SEGMENT) for number in changed}

    def load_segment(self, number: int, stored: bytes) -> None:
        """Take back a stored segment; call in the order of their numbers, on an empty book."""
        size = len(stored) // (_HASH_BYTES + 1)
        for index in range(size):
            slot = self._slot(stored[index * _HASH_BYTES : (index + 1) * _HASH_BYTES])
            self._set(slot, stored[size * _HASH_BYTES + index])
        self._changed.discard(number)

    def _segment(self, start: int) -> bytes:
        stop = start + SEGMENT
        return b"".join(self._hashes[start:stop]) + bytes(self._states[start:stop])

    def _slot(self, label: bytes) -> int:
        slot = self._slots.setdefault(label, len(self._hashes))
        if slot == len(self._hashes):
            self._hashes.append(label)
            self._states.append(_WAITING)
            self._tally[_WAITING] += 1
            self._changed.add(slot // SEGMENT)
        return slot

    def _set(self, slot: int, state: int) -> None:
        self._tally[self._states[slot]] -= 1
        self._tally[state] += 1
        self._states[slot] = state
        self._changed.add(slot // SEGMENT)
