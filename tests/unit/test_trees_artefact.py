"""The trees' artefact: what is packed comes back, and everything else is refused with a remedy."""

import zlib
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from tests.scorers import a_scorer
from tests.trees import features_of, rows, some_trees
from weir.artefact import pack, read_artefact, sign
from weir.errors import RefusedArtefact
from weir.trees import Trees
from weir.trees_artefact import pack_trees, read_trees, unpack_trees

KEY = b"a signing key"


def with_nodes(**columns) -> Trees:
    """Return the trees with columns replaced."""
    nodes = some_trees().nodes.copy()
    for name, column in columns.items():
        nodes[name] = column
    return replace(some_trees(), nodes=nodes)


def with_body(change) -> bytes:
    """Pack the trees with the body's parts changed by a function."""
    envelope = msgspec.msgpack.decode(pack_trees(some_trees()))
    body = change(msgspec.msgpack.decode(zlib.decompress(envelope["body"])))
    return msgspec.msgpack.encode(envelope | {"body": zlib.compress(msgspec.msgpack.encode(body))})


def test_unpacked_trees_are_the_packed_ones():
    trees, packed = some_trees(), pack_trees(some_trees())
    found = unpack_trees(packed, sign(packed, KEY), KEY)
    assert (found.names, found.base, found.roots.tolist()) == (trees.names, trees.base, trees.roots.tolist())
    for column in ("feature", "default_left", "left", "threshold"):
        assert (found.nodes[column] == trees.nodes[column]).all()
    for payment in map(features_of, rows(50, seed=3)):
        assert found.log_odds(payment) == trees.log_odds(payment)
        assert found.contributions(payment) == pytest.approx(trees.contributions(payment), abs=1e-5)
    assert pack_trees(found) == packed


def test_a_hundred_deep_trees_are_small():
    assert len(some_trees().roots) == 100
    assert len(some_trees().nodes) > 2500
    assert len(pack_trees(some_trees())) < 50_000


def test_another_signature_is_refused():
    packed = pack_trees(some_trees())
    with pytest.raises(RefusedArtefact, match="WEIR_SIGNING_KEY"):
        unpack_trees(packed, sign(packed, b"another key"), KEY)


def test_the_voices_artefacts_are_not_taken_for_each_other():
    with pytest.raises(RefusedArtefact, match="cannot be decoded"):
        read_trees(pack(a_scorer()))
    with pytest.raises(RefusedArtefact, match="cannot be decoded"):
        read_artefact(pack_trees(some_trees()))


def test_another_schema_is_refused():
    envelope = msgspec.msgpack.decode(pack_trees(some_trees()))
    with pytest.raises(RefusedArtefact, match="unknown schema 2; this release reads 1") as refused:
        read_trees(msgspec.msgpack.encode(envelope | {"trees_schema": 2}))
    assert "publishes its model anew" in refused.value.remedy


@pytest.mark.parametrize(
    "artefact", [b"", b"nonsense", msgspec.msgpack.encode({"trees_schema": 1, "body": b"nonsense"})]
)
def test_a_malformed_artefact_is_refused(artefact):
    with pytest.raises(RefusedArtefact, match="cannot be decoded"):
        read_trees(artefact)


@pytest.mark.parametrize(
    ("trees", "complaint"),
    [
        (with_nodes(feature=7), "do not make a tree"),
        (with_nodes(feature=-1), "do not make a tree"),
        (replace(some_trees(), names=some_trees().names[:1]), "no name"),
        (replace(some_trees(), base=float("nan")), "not finite"),
        (with_nodes(threshold=np.inf), "not finite"),
        (with_nodes(value=np.nan), "not finite"),
        (replace(some_trees(), roots=some_trees().roots[[0, 0]]), "has no node"),
    ],
)
def test_trees_whose_parts_do_not_fit_are_refused(trees, complaint):
    with pytest.raises(RefusedArtefact, match=complaint):
        read_trees(pack_trees(trees))


def test_a_node_that_is_its_own_child_is_refused():
    """Or a payment would never leave it."""
    feature, default_left = np.array([-1, 0, -1], "<i2").tobytes(), np.zeros(3, "?").tobytes()
    numbers = np.zeros(3, "<f4").tobytes()
    sizes = np.array([3], "<u2").tobytes()
    packed = with_body(lambda body: [["hour"], body[1], sizes, [feature, default_left, numbers, numbers]])
    with pytest.raises(RefusedArtefact, match="do not make a tree"):
        read_trees(packed)


@pytest.mark.parametrize("columns", [[], [b"\x00"] * 4])
def test_columns_that_are_missing_or_too_short_are_refused(columns):
    with pytest.raises(RefusedArtefact, match="cannot be decoded"):
        read_trees(with_body(lambda body: [*body[:3], columns]))
