"""The control records that the detector accepts."""

import msgspec
import pytest

from detector.knowledge import Knowledge
from weir.artefact import LinearScorer, pack, sign, sign_reputation, verify_reputation
from weir.errors import InvalidRecord
from weir.messages import Publication, Reputation, encode

KEY = b"a signing key"


def a_reputation(**fields):
    required = {"merchant_id": "m1", "epoch": 1, "n": 9, "known_frauds": 3, "known_legitimate": 9, "fraud_rate": 0.3}
    return Reputation(**required | fields)


def a_publication(**fields):
    artefact = pack(LinearScorer(intercept=0.0, terms={}, trust=1.0))
    required = {"publication": 1, "epoch": 1, "n": 9, "contender": "champion", "digest": "d", "published_at_ms": 1}
    return Publication(**{"artefact": artefact, "signature": sign(artefact, KEY)} | required | fields)


@pytest.fixture
def knowledge():
    return Knowledge(KEY)


def test_a_field_that_a_later_version_adds_breaks_no_signature():
    said = {"merchant_id": "m1", "epoch": 1, "n": 9, "known_frauds": 3, "known_legitimate": 9, "fraud_rate": 0.3}
    earlier = encode({"kind": "reputation", **said, "signature": sign(encode(said), KEY)})
    assert verify_reputation(msgspec.json.decode(earlier, type=Reputation), KEY)


@pytest.mark.parametrize(
    "change", [{"known_victims": 4}, {"own_device": True}, {"fraud_rate": 0.2}, {"known_victims": 0}]
)
def test_a_change_after_signing_is_refused(knowledge, change):
    forged = msgspec.structs.replace(sign_reputation(a_reputation(known_victims=2), KEY), **change)
    with pytest.raises(InvalidRecord, match="does not verify"):
        knowledge.apply(encode(forged))


def test_a_restore_leaves_out_records_that_do_not_verify(knowledge):
    genuine = sign_reputation(a_reputation(merchant_id="m2"), KEY)
    knowledge.restore([encode(sign_reputation(a_reputation(), b"another key")), encode(genuine)])
    assert list(knowledge.reputation) == [("m2", False)]


@pytest.mark.parametrize("record", [a_publication(signature="unterschrieben, Jürgen"), a_reputation(signature="ü")])
def test_a_signature_beyond_ascii_is_refused(knowledge, record):
    with pytest.raises(InvalidRecord, match="does not verify"):
        knowledge.apply(encode(record))


def test_a_publication_whose_number_no_score_could_carry_is_refused(knowledge):
    with pytest.raises(InvalidRecord, match="publication"):
        knowledge.apply(encode(a_publication(publication=10**30)))
    assert knowledge.champion is None
