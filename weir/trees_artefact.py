"""The trees' artefact: packed, compressed and signed like the additive model's (`weir.artefact`).

Children follow from the order of the nodes: each tree lists its nodes level by level, siblings side by side.
"""

import math
import zlib

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from weir.artefact import REMEDY, require_signature
from weir.errors import RefusedArtefact
from weir.trees import NODE, Trees

TREES_SCHEMA = 1
"""Raise it when the form changes or the trees read a number otherwise."""

_PARTS = {"feature": "<i2", "default_left": "?", "threshold": "<f4", "value": "<f4"}
"""The columns of the nodes as they are packed. A leaf's number is -1."""


class _TreesEnvelope(Struct, frozen=True):
    """What every release can read. Its fields differ from those of the additive model's envelope."""

    trees_schema: int
    body: bytes = b""


class _TreesBody(Struct, frozen=True, array_like=True):
    names: list[str]
    base: float
    sizes: bytes
    columns: list[bytes]


def pack_trees(trees: Trees) -> bytes:
    """Encode trees; values become 32-bit floats, which is what XGBoost trained."""
    sizes = np.diff(trees.roots, append=len(trees.nodes)).astype("<u2")
    columns = [trees.nodes[name].astype(kind).tobytes() for name, kind in _PARTS.items()]
    body = _TreesBody(list(trees.names), trees.base, sizes.tobytes(), columns)
    return msgspec.msgpack.encode(_TreesEnvelope(TREES_SCHEMA, zlib.compress(msgspec.msgpack.encode(body))))


def unpack_trees(artefact: bytes, signature: str, key: bytes) -> Trees:
    """Verify an artefact's signature, then decode it.

    Raises:
        RefusedArtefact: the signature does not verify, or the artefact cannot be decoded.
    """
    require_signature(artefact, signature, key)
    return read_trees(artefact)


def read_trees(artefact: bytes) -> Trees:
    """Decode an artefact without verifying it, such as one from the model registry.

    Raises:
        RefusedArtefact: the artefact cannot be decoded, or its schema is unknown.
    """
    try:
        envelope = msgspec.msgpack.decode(artefact, type=_TreesEnvelope)
        if envelope.trees_schema != TREES_SCHEMA:
            raise RefusedArtefact(
                f"Trees have the unknown schema {envelope.trees_schema}; this release reads {TREES_SCHEMA}.", REMEDY
            )
        return _decoded(msgspec.msgpack.decode(zlib.decompress(envelope.body), type=_TreesBody))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, zlib.error, ValueError) as error:
        raise RefusedArtefact(f"Trees cannot be decoded: {error}.", REMEDY) from error


def _decoded(body: _TreesBody) -> Trees:
    """Decode the body.

    Raises:
        ValueError: the parts do not fit each other. The scoring code does not check, so nothing wrong may pass.
    """
    sizes = np.frombuffer(body.sizes, "<u2").astype(np.int32)
    if not (sizes > 0).all():
        raise ValueError("a tree has no node")
    roots = (np.cumsum(sizes) - sizes).astype(np.int32)
    nodes = np.zeros(int(sizes.sum()), NODE)
    for (name, kind), column in zip(_PARTS.items(), body.columns, strict=True):
        nodes[name] = np.frombuffer(column, kind)
    _join_children(nodes, roots, sizes)
    if not (nodes["feature"] < len(body.names)).all():
        raise ValueError("a node reads a feature that has no name")
    if not (math.isfinite(body.base) and np.isfinite(nodes["value"]).all() and np.isfinite(nodes["threshold"]).all()):
        raise ValueError("a number is not finite")
    trees = Trees(names=tuple(body.names), base=body.base, roots=roots, nodes=nodes)
    trees.complete  # noqa: B018 -- those that are too deep are refused here
    return trees


def _join_children(nodes: NDArray[np.void], roots: NDArray[np.int32], sizes: NDArray[np.int32]) -> None:
    """Set each node's left child: the nth inner node of a tree has the tree's nodes 2n + 1 and 2n + 2."""
    inner = nodes["feature"] >= 0
    inner_before: NDArray[np.int64] = np.cumsum(inner) - inner
    root_of = np.repeat(roots, sizes)
    left = root_of + 1 + 2 * (inner_before - inner_before[root_of])
    if not (sizes == 1 + 2 * np.add.reduceat(inner, roots)).all() or not (left > np.arange(len(nodes)))[inner].all():
        raise ValueError("a tree's nodes do not make a tree")
    nodes["left"] = np.where(inner, left, 0)
