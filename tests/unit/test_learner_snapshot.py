"""Snapshots restore the fold exactly; any other bytes are refused."""

import pickle

import msgspec
import pytest

from learner.fold import Fold
from learner.learning_log import read_entry
from learner.snapshot import Snapshot, fits, seal, unseal
from tests.builders import an_example
from tests.learning_stream import a_learning_stream, numbered
from tests.trees import trees_published
from weir.errors import BrokenLog, RefusedArtefact
from weir.messages import encode
from weir.settings import LearningSettings
from weir.topics import LARGE_MESSAGE_BYTES

KEY = b"a signing key"


def a_fold(count=30):
    fold = Fold(LearningSettings())
    for n, example in numbered(a_learning_stream(count)):
        fold.learn(1, n, example)
    return fold


def a_snapshot(**fields):
    return Snapshot.of(a_fold(), **({"offset": 61, "publication": 4, "control_offset": 9} | fields))


def test_snapshot_restores_the_fold_and_its_position():
    found = unseal(seal(a_snapshot(), KEY), KEY)
    assert found.restore().full_digest() == a_fold().full_digest()
    assert (found.epoch, found.offset, found.publication, found.control_offset) == (1, 61, 4, 9)


def test_snapshot_keeps_the_published_trees():
    trees = trees_published(9, KEY)
    assert unseal(seal(a_snapshot(trees=trees), KEY), KEY).trees == trees
    assert unseal(seal(a_snapshot(), KEY), KEY).trees is None


def test_snapshot_that_no_message_can_hold_does_not_fit():
    assert fits(seal(a_snapshot(), KEY))
    assert not fits(bytes(LARGE_MESSAGE_BYTES))


def test_snapshot_signed_with_another_key_is_refused():
    with pytest.raises(RefusedArtefact, match="not signed"):
        unseal(seal(a_snapshot(), b"another key"), KEY)


def test_changed_snapshot_is_refused():
    sealed = bytearray(seal(a_snapshot(), KEY))
    sealed[-10] ^= 1
    with pytest.raises(RefusedArtefact, match="not signed"):
        unseal(bytes(sealed), KEY)


def test_snapshot_of_another_version_is_refused():
    other = msgspec.structs.replace(a_snapshot(), format="0 river-0.1")
    with pytest.raises(RefusedArtefact, match="format"):
        unseal(seal(other, KEY), KEY)


@pytest.mark.parametrize(
    "sealed",
    [
        b"",
        b"nonsense",
        b"\x92\xa1a",
        b"\x92\xa2\xff\xfe\xc4\x00",
        msgspec.msgpack.encode(["ü", b""]),
        msgspec.msgpack.encode(["", "ü"]),
    ],
    ids=["empty", "text", "cut", "not UTF-8", "signature beyond ASCII", "no bytes"],
)
def test_malformed_snapshot_is_refused(sealed):
    with pytest.raises(RefusedArtefact):
        unseal(sealed, KEY)


@pytest.mark.parametrize(
    "payload",
    [b"", b"nonsense", b"cno_such_module\nFold\n.", b"clearner.fold\nNoSuchClass\n.", pickle.dumps("no fold")],
    ids=["empty", "no pickle", "a module that is gone", "a class that is gone", "another class"],
)
def test_snapshot_whose_fold_cannot_be_restored_is_refused(payload):
    with pytest.raises(RefusedArtefact, match="snapshot"):
        msgspec.structs.replace(a_snapshot(), fold=payload).restore()


def test_entry_is_a_number_and_an_example():
    assert read_entry(b"2:17", encode(an_example()), 40) == ((2, 17), an_example())


@pytest.mark.parametrize(
    ("key", "value"), [(None, encode(an_example())), (b"17", encode(an_example())), (b"1:1", None), (b"1:1", b"{}")]
)
def test_unreadable_entry_is_a_broken_log(key, value):
    with pytest.raises(BrokenLog, match="offset 40"):
        read_entry(key, value, 40)
