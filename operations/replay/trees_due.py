"""Which trees a loop must have in force, by its learning log: a replay in lockstep waits for them.

The trainer works beside the learner for seconds. In those a replay would pass hours of event time, and its scores would
depend on how fast the machine is.
"""

from contextlib import suppress

from learner.tree_learner import TreeLearner
from operations.runner.reconciliation import amount
from weir.errors import InvalidRecord
from weir.messages import EXAMPLE, EntryNumber, decode_with


class TreesDue:
    """Follows one epoch of the learning log as the trainer does, without training.

    `due_n` is the last example that trees are to be trained on, 0 before the first ones are. One thread may read the log
    while another asks what is missing.
    """

    def __init__(self, epoch: int) -> None:
        self._trees = TreeLearner(epoch, columns=())
        self.due_n = self._read_n = 0

    def read(self, key: bytes | None, payload: bytes | None) -> None:
        """Apply a record of the learning log; one that is no example changes nothing."""
        with suppress(InvalidRecord):
            number = EntryNumber.parse(key)
            if number.epoch == self._trees.epoch:
                if self._trees.learn(number.n, decode_with(EXAMPLE, payload)):
                    self.due_n = number.n
                self._read_n = number.n  # last: until then nobody may take `due_n` for known

    def missing(self, length: int, trees_n: int) -> str | None:
        """Say what a log of this length still waits for, if the newest trees were trained on `trees_n` examples."""
        if unread := max(length - self._read_n, 0):
            return f"the replay has yet to read {amount(unread, 'example')} of the learning log"
        if self.due_n > trees_n:
            return f"the trainer has yet to train the trees on the first {amount(self.due_n, 'example')}"
        return None
