"""The same log gives the same fold, with snapshots at any point and with any hash seed."""

import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learner.fold import Fold
from learner.snapshot import Snapshot, seal, unseal
from tests.learning_stream import a_learning_stream, numbered
from weir.settings import LearningSettings

KEY = b"a signing key"
COUNT = 120


def fold_of(stream, cuts=()):
    """Fold the stream; at each cut, continue from a restored snapshot."""
    fold = Fold(LearningSettings())
    for n, example in numbered(stream):
        fold.learn(1, n, example)
        if n in cuts:
            snapshot = Snapshot.of(fold, offset=n, publication=1, control_offset=0)
            fold = unseal(seal(snapshot, KEY), KEY).restore()
    return fold


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 50), st.sets(st.integers(1, COUNT), max_size=5))
def test_uninterrupted_fold_equals_snapshot_and_tail(seed, cuts):
    stream = a_learning_stream(COUNT, seed)
    assert fold_of(stream, cuts).full_digest() == fold_of(stream).full_digest()


def test_snapshots_around_a_choice_of_pairs_change_nothing():
    stream, cuts = a_learning_stream(1400), {700, 850, 900, 950, 1000, 1100, 1350}
    fold = fold_of(stream)
    assert len(fold.model.layout.pairs) > 1
    assert fold_of(stream, cuts).full_digest() == fold.full_digest()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 50), st.randoms(use_true_random=False))
def test_order_of_features_in_a_message_does_not_matter(seed, rng):
    stream, shuffled = a_learning_stream(COUNT, seed), a_learning_stream(COUNT, seed)
    for example in shuffled:
        items = list(example.features.items())
        rng.shuffle(items)
        example.features.clear()
        example.features.update(items)
    assert fold_of(shuffled).digest() == fold_of(stream).digest()


def test_any_change_of_the_log_changes_the_digest():
    stream = a_learning_stream(COUNT)
    assert fold_of(stream[:-1]).digest() != fold_of(stream).digest()


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_digest_is_the_same_for_any_hash_seed(hash_seed):
    program = (
        "from tests.learning_stream import a_learning_stream, numbered\n"
        "from learner.fold import Fold\n"
        "from weir.settings import LearningSettings\n"
        "fold = Fold(LearningSettings())\n"
        f"[fold.learn(1, n, example) for n, example in numbered(a_learning_stream({COUNT}))]\n"
        "print(fold.full_digest())"
    )
    env = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    found = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == fold_of(a_learning_stream(COUNT)).full_digest()
