"""The state of every label: one byte beside an 8-byte hash of its identity.

Refused transactions are in the book, too: a label that waits for one must not look like one whose transaction was lost.
A label's identity is its transaction id and label id, as in the label join. A record without them is identified by its
position. The book grows without bound, by about 120 bytes a label (120 MB for a million). Among a million labels, the
chance that two share a hash is 3 in 100 million.
"""

from collections import Counter
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from ledger.waiting_labels import WaitingLabels
from weir.dead_letters import RecordIds
from weir.messages import Outcome, WaitingLabel

SEGMENT = 512
"""Labels in a segment. A changed segment is written whole, so it is small: under 5 kB."""

_HASH_BYTES = 8
_ACCEPTED = 8
_WAITING, _DEAD, _REFUSED_TRANSACTION = 0, 4, 16
_OUTCOMES: dict[str, int] = {"example": 1, "revision": 2, "confirmation": 3}


_WAITING_LABELS = msgspec.msgpack.Decoder(list[tuple[int, WaitingLabel]])


NONE_WAIT = msgspec.msgpack.encode([])


class Segment(NamedTuple):
    """A part of the book as it is stored: hashes and states, and the waiting labels by their place, as MessagePack."""

    states: bytes
    waiting: bytes = NONE_WAIT


def identity(transaction_id: str, label_id: str) -> bytes:
    return _hashed(f"{len(transaction_id)}:{transaction_id}{label_id}")


def identity_of(ids: RecordIds, partition: int, offset: int) -> bytes:
    """Return the identity of any record on `labels`: from its ids if it has both, else from its position."""
    if ids.transaction_id is None or ids.label_id is None:
        return _hashed(f"@{partition}:{offset}")
    return identity(ids.transaction_id, ids.label_id)


def _transaction(transaction_id: str) -> bytes:
    return _hashed(f"transaction {transaction_id}")


def _hashed(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_HASH_BYTES).digest()


class LabelBook:
    """The state of every label, in segments. `changed_segments` returns those to store."""

    def __init__(self) -> None:
        self._slots: dict[bytes, int] = {}
        self._hashes: list[bytes] = []
        self._states = bytearray()
        self._tally: Counter[int] = Counter()
        self._changed: set[int] = set()
        self.waiting_labels = WaitingLabels()
        self.repeated = 0

    def accept(self, label: bytes, told: WaitingLabel) -> None:
        """Note a record of this label on `labels`. A further record counts as repeated."""
        slot = self._slot(label)
        if self._states[slot] & _ACCEPTED:
            self.repeated += 1
        else:
            self._set(slot, self._states[slot] | _ACCEPTED)
            self._wait(slot, told)

    def refuse(self, transaction_id: str) -> None:
        """Note that a transaction was refused."""
        transaction = _transaction(transaction_id)
        slot = self._slot(transaction)
        if self._states[slot] != _REFUSED_TRANSACTION:
            self._set(slot, _REFUSED_TRANSACTION)
            self.waiting_labels.refuse(transaction)

    def learn(self, label: bytes, outcome: Outcome) -> None:
        """Note that the label is in the learning log. The first outcome stands, and overrides a dead letter."""
        slot = self._slot(label)
        if self._states[slot] & 7 in (_WAITING, _DEAD):
            self._set(slot, self._states[slot] & _ACCEPTED | _OUTCOMES[outcome])

    def bury(self, label: bytes) -> None:
        """Note that the label is a dead letter, unless it is in the learning log."""
        slot = self._slot(label)
        if self._states[slot] & 7 == _WAITING:
            self._set(slot, self._states[slot] & _ACCEPTED | _DEAD)

    def count(self, outcome: Outcome) -> int:
        """Return the number of accepted labels with this outcome."""
        return self._tally[_ACCEPTED | _OUTCOMES[outcome]]

    @property
    def waiting(self) -> int:
        """The number of accepted labels without an outcome or dead letter."""
        return self._tally[_ACCEPTED | _WAITING]

    @property
    def dead(self) -> int:
        """The number of accepted labels that are dead letters."""
        return self._tally[_ACCEPTED | _DEAD]

    @property
    def accepted(self) -> int:
        """The number of distinct labels on `labels`."""
        return sum(number for state, number in self._tally.items() if state & _ACCEPTED)

    def changed_segments(self) -> dict[int, Segment]:
        """Return the segments that changed since the last call. `states` has the hashes first, then the states."""
        changed, self._changed = sorted(self._changed), set()
        return {number: self._segment(number * SEGMENT) for number in changed}

    def load_segment(self, number: int, stored: Segment) -> None:
        """Load a stored segment. Start with an empty book and load segments in the order of their numbers."""
        states = stored.states
        size = len(states) // (_HASH_BYTES + 1)
        for index in range(size):
            label = states[index * _HASH_BYTES : (index + 1) * _HASH_BYTES]
            self._set(self._slot(label), states[size * _HASH_BYTES + index])
            if states[size * _HASH_BYTES + index] == _REFUSED_TRANSACTION:
                self.waiting_labels.refuse(label)
        for index, told in _WAITING_LABELS.decode(stored.waiting):
            self._wait(number * SEGMENT + index, told)
        self._changed.discard(number)

    def _segment(self, start: int) -> Segment:
        hashes, states = self._hashes[start : start + SEGMENT], self._states[start : start + SEGMENT]
        waiting = [
            (index, self.waiting_labels[label]) for index, label in enumerate(hashes) if label in self.waiting_labels
        ]
        return Segment(b"".join(hashes) + bytes(states), msgspec.msgpack.encode(waiting))

    def _wait(self, slot: int, told: WaitingLabel) -> None:
        if self._states[slot] == _ACCEPTED | _WAITING:
            transaction = _transaction(told.transaction_id)
            refused = transaction in self._slots and self._states[self._slots[transaction]] == _REFUSED_TRANSACTION
            self.waiting_labels.add(self._hashes[slot], told, transaction, refused=refused)

    def _slot(self, label: bytes) -> int:
        slot = self._slots.setdefault(label, len(self._hashes))
        if slot == len(self._hashes):
            self._hashes.append(label)
            self._states.append(_WAITING)
            self._tally[_WAITING] += 1
            self._changed.add(slot // SEGMENT)
        return slot

    def _set(self, slot: int, state: int) -> None:
        label = self._hashes[slot]
        if label in self.waiting_labels and state != _ACCEPTED | _WAITING:
            self.waiting_labels.remove(label, _transaction(self.waiting_labels[label].transaction_id))
        self._tally[self._states[slot]] -= 1
        self._tally[state] += 1
        self._states[slot] = state
        self._changed.add(slot // SEGMENT)
