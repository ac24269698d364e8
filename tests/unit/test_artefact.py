"""The artefact: what is packed comes back, and everything else is refused with a remedy."""

import random
from itertools import combinations

import msgspec
import pytest

from tests.scorers import a_scorer
from weir.artefact import AdditiveScorer, pack, read_artefact, sign, unpack
from weir.bins import Layout
from weir.errors import RefusedArtefact
from weir.feature_schema import KIND_OF

KEY = b"a signing key"


def a_full_scorer():
    """A model of all features whose weights are all learned, and the twelve pairs with the most cells."""
    layout = Layout(KIND_OF)
    codes_first = sorted(range(len(layout.names)), key=lambda place: layout.kinds[layout.names[place]] != "code")
    layout, rng = Layout(KIND_OF, list(combinations(sorted(codes_first[:12]), 2))), random.Random(1)
    bins, cells = ([rng.gauss(0, 1) for _ in range(n)] for n in (layout.bin_count, layout.cell_count))
    return AdditiveScorer(layout=layout, bins=bins, cells=cells, trust=0.75)


def test_unpacked_scorer_is_the_packed_one():
    scorer = a_full_scorer()
    found = unpack(pack(scorer), sign(pack(scorer), KEY), KEY)
    assert (found.layout.kinds, found.layout.pairs, found.trust) == (scorer.layout.kinds, scorer.layout.pairs, 0.75)
    assert list(found.bins) == pytest.approx(scorer.bins, abs=1e-6)
    assert list(found.cells) == pytest.approx(scorer.cells, abs=1e-6)


def test_even_a_model_that_has_learned_every_weight_is_small():
    assert len(pack(a_full_scorer())) < 120_000


def test_a_pairs_weight_goes_half_to_each_of_its_features():
    layout = Layout({"night": "flag", "country_new": "flag"}, [(0, 1)])
    cells = [0.0] * layout.cell_count
    cells[layout.cells({"night": 1.0})[0]] = 3.0
    scorer = AdditiveScorer(layout=layout, bins=[-2.0] + [0.25] * 6, cells=cells, trust=1.0)
    assert scorer.contributions({"night": 1.0}) == {"night": 1.75, "country_new": 1.75}
    assert scorer.log_odds({"night": 1.0}) == 1.5


def test_artefact_with_another_signature_is_refused():
    with pytest.raises(RefusedArtefact, match="WEIR_SIGNING_KEY"):
        unpack(pack(a_scorer()), sign(pack(a_scorer()), b"another key"), KEY)


def test_linear_artefact_of_an_earlier_release_is_an_unknown_schema():
    linear = msgspec.msgpack.encode({"schema": 1, "intercept": -3.0, "terms": {"log_amount": [0.5, 0.0]}, "trust": 0.6})
    with pytest.raises(RefusedArtefact, match="unknown schema 1; this release reads 2") as refused:
        read_artefact(linear)
    assert "publishes its model anew" in refused.value.remedy


@pytest.mark.parametrize("artefact", [b"", b"nonsense", msgspec.msgpack.encode({"schema": 2, "body": b"nonsense"})])
def test_malformed_artefact_is_refused(artefact):
    with pytest.raises(RefusedArtefact, match="cannot be decoded"):
        read_artefact(artefact)


def test_artefact_whose_weights_do_not_fit_its_features_is_refused():
    scorer = a_scorer(log_amount=1.0)
    scorer.bins = scorer.bins[:-1]
    with pytest.raises(RefusedArtefact, match="cannot be decoded"):
        read_artefact(pack(scorer))


def test_scorer_whose_weights_do_not_fit_its_features_cannot_be_built():
    scorer = a_scorer(log_amount=1.0)
    with pytest.raises(ValueError, match="do not fit"):
        AdditiveScorer(layout=scorer.layout, bins=scorer.bins, cells=[1.0], trust=1.0)


@pytest.mark.parametrize("pair", [(0, 5), (-1, 0)])
def test_artefact_with_a_pair_of_features_that_it_lacks_is_refused(pair):
    layout = Layout({"night": "flag"})
    layout.pairs = (pair,)
    packed = pack(AdditiveScorer(layout=layout, bins=[0.0] * layout.bin_count, cells=(), trust=1.0))
    with pytest.raises(RefusedArtefact, match="cannot be decoded"):
        read_artefact(packed)
