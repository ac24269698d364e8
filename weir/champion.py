"""The champion, paired from verified publications of both voices: it is known by the pair (`n`, `trees_n`)."""

from dataclasses import dataclass

from msgspec import Struct

from weir.artefact import AdditiveScorer, unpack
from weir.messages import ModelRef, Publication, TreesPublication
from weir.trees import Trees
from weir.trees_artefact import unpack_trees
from weir.voices import Voices


class Champion(Struct, frozen=True):
    """The model in force and its place in the learning log."""

    ref: ModelRef
    scorer: Voices


@dataclass(frozen=True, eq=False)
class VerifiedModel:
    """A publication whose signature and schema are valid, with its scorer."""

    publication: Publication
    scorer: AdditiveScorer


@dataclass(frozen=True, eq=False)
class VerifiedTrees:
    """A publication of trees whose signature and schema are valid, with its trees."""

    publication: TreesPublication
    trees: Trees

    @property
    def place(self) -> tuple[int, int]:
        """The position that they were trained at; the highest is in force."""
        return self.publication.epoch, self.publication.n


def verified_model(publication: Publication, key: bytes) -> VerifiedModel:
    """Verify and decode a publication.

    Raises:
        RefusedArtefact: the signature does not verify, or the artefact cannot be decoded.
    """
    return VerifiedModel(publication, unpack(publication.artefact, publication.signature, key))


def verified_trees(publication: TreesPublication, key: bytes) -> VerifiedTrees:
    """Verify and decode a publication of trees.

    Raises:
        RefusedArtefact: the signature does not verify, or the artefact cannot be decoded.
    """
    return VerifiedTrees(publication, unpack_trees(publication.artefact, publication.signature, key))


def champion_of(model: VerifiedModel, trees: VerifiedTrees | None) -> Champion:
    """Pair the newest of both voices. Trees of another epoch's log are left out."""
    said = model.publication
    if trees is None or trees.publication.epoch != said.epoch:
        return Champion(ModelRef(said.publication, said.epoch, said.n), Voices(model.scorer))
    learned = trees.publication
    age_ms = 0 if said.clock_ms is None else said.clock_ms - learned.clock_ms
    ref = ModelRef(said.publication, said.epoch, said.n, learned.n)
    return Champion(ref, Voices(model.scorer, trees.trees, age_ms))
