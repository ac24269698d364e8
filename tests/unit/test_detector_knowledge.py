"""The control records that the detector accepts, and what broadcast state keeps of them."""

import msgspec
import pytest

from detector.knowledge import Knowledge
from tests.builders import DAY_MS, NOON_MS, a_reputation
from tests.scorers import a_scorer
from tests.trees import trees_published
from weir.artefact import pack, sign, sign_reputation, verify_reputation
from weir.errors import InvalidRecord
from weir.messages import (
    DecayedCounts,
    ModelRef,
    Publication,
    Reputation,
    ReputationKey,
    encode,
)

KEY = b"a signing key"
COUNTS = DecayedCounts(NOON_MS, 0.01, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
DEVICE = a_reputation(entity="device", entity_id="d1", known_frauds=2, decayed=COUNTS, unexplained_frauds=1.5)


def signed(reputation, key=KEY):
    return encode(sign_reputation(reputation, key))


def a_publication(**fields):
    artefact = pack(a_scorer())
    required = {"publication": 1, "epoch": 1, "n": 9, "contender": "champion", "digest": "d", "published_at_ms": 1}
    return Publication(**{"artefact": artefact, "signature": sign(artefact, KEY)} | required | fields)


@pytest.fixture
def knowledge():
    return Knowledge(KEY)


def test_a_field_that_a_later_version_adds_breaks_no_signature():
    said = {"merchant_id": "m1", "epoch": 1, "n": 9, "known_frauds": 3, "known_legitimate": 9, "fraud_rate": 0.3}
    earlier = encode({"kind": "reputation", **said, "signature": sign(encode(said), KEY)})
    assert verify_reputation(msgspec.json.decode(earlier, type=Reputation), KEY)


def test_a_record_of_the_last_release_verifies_and_is_a_merchants():
    said = {"merchant_id": "m1", "own_device": True, "epoch": 1, "n": 9, "known_frauds": 3, "known_victims": 2}
    said |= {"known_legitimate": 9, "fraud_rate": 0.3, "fraud_run": 1, "last_fraud_ms": NOON_MS}
    defaults = {"schema_version": 1}
    payload = encode({"kind": "reputation", **defaults, **said, "signature": sign(encode(said), KEY)})
    knowledge = Knowledge(KEY)
    assert knowledge.apply(payload).key == "own-device-reputation:m1"
    assert knowledge.reputation[ReputationKey("merchant", "m1", own_device=True)].decayed is None


@pytest.mark.parametrize(
    "change",
    [
        {"known_victims": 4},
        {"own_device": True},
        {"fraud_rate": 0.2},
        {"known_victims": 0},
        {"entity": "card"},
        {"unexplained_frauds": 2.0},
        {"decayed": COUNTS},
    ],
)
def test_a_change_after_signing_is_refused(knowledge, change):
    forged = msgspec.structs.replace(sign_reputation(a_reputation(known_victims=2), KEY), **change)
    with pytest.raises(InvalidRecord, match="does not verify"):
        knowledge.apply(encode(forged))


def test_a_restore_leaves_out_records_that_do_not_verify(knowledge):
    knowledge.restore([signed(a_reputation(), b"another key"), signed(a_reputation(entity_id="m2"))])
    assert list(knowledge.reputation) == [("merchant", "m2", False)]


@pytest.mark.parametrize("entity", ["merchant", "device", "ip", "card"])
def test_entities_of_the_same_id_are_kept_apart(knowledge, entity):
    for other in ("merchant", "device", "ip", "card"):
        knowledge.apply(signed(a_reputation(entity=other, entity_id="x", known_frauds=len(other))))
    assert knowledge.reputation[ReputationKey(entity, "x")].known_frauds == len(entity)


def test_a_restore_gives_what_broadcast_state_kept(knowledge):
    kept = knowledge.apply(signed(DEVICE))
    restored = Knowledge(KEY)
    restored.restore([kept.payload])
    assert kept.key == "device-reputation:d1"
    assert restored.reputation == {DEVICE.key: DEVICE}


def test_values_that_a_later_version_appends_are_missing_in_old_state(knowledge):
    values = msgspec.msgpack.decode(knowledge.apply(signed(DEVICE)).payload)
    knowledge.restore([msgspec.msgpack.encode(values[:-1])])
    assert knowledge.reputation[DEVICE.key].decayed is None


def test_a_record_takes_a_fifth_of_a_kilobyte_of_broadcast_state(knowledge):
    """20,000 of them stay under 5 MB: the ids have 16 letters, and all fields have values."""
    full = msgspec.structs.replace(
        DEVICE,
        entity_id="d" * 16,
        n=1_000_000,
        fraud_run=2,
        last_fraud_ms=NOON_MS,
        run_since_ms=NOON_MS,
        last_legitimate_ms=NOON_MS,
    )
    kept = knowledge.apply(signed(full))
    assert 20_000 * (len(kept.key.encode()) + len(kept.payload)) < 5_000_000


@pytest.mark.parametrize("reputation", [DEVICE, a_reputation(), a_reputation(own_device=True)])
def test_a_tombstone_withdraws_a_reputation(knowledge, reputation):
    knowledge.apply(signed(reputation))
    knowledge.apply(signed(a_reputation(entity_id="another")))
    kept = knowledge.apply(None, reputation.control_key.encode())
    assert kept == (reputation.control_key, None)
    assert [key.entity_id for key in knowledge.reputation] == ["another"]
    assert knowledge.apply(None, reputation.control_key.encode()) == kept


@pytest.mark.parametrize("key", [b"model:champion", b"reputation", b"", None, b"\xff:x", b"card-reputation "])
def test_a_tombstone_of_anything_else_is_refused(knowledge, key):
    with pytest.raises(InvalidRecord, match="no reputation's"):
        knowledge.apply(None, key)


@pytest.mark.parametrize("entity_id", ["m1", "a:b", ":", ""])
def test_a_control_key_names_its_reputation(entity_id):
    keys = [ReputationKey("merchant", entity_id, own_device) for own_device in (False, True)]
    keys += [ReputationKey(entity, entity_id) for entity in ("device", "ip", "card")]
    assert [ReputationKey.parse(key.control_key) for key in keys] == keys


@pytest.mark.parametrize("record", [a_publication(signature="unterschrieben, Jürgen"), a_reputation(signature="ü")])
def test_a_signature_beyond_ascii_is_refused(knowledge, record):
    with pytest.raises(InvalidRecord, match="does not verify"):
        knowledge.apply(encode(record))


def test_a_publication_whose_number_no_score_could_carry_is_refused(knowledge):
    with pytest.raises(InvalidRecord, match="publication"):
        knowledge.apply(encode(a_publication(publication=10**30)))
    assert knowledge.champion is None


def test_an_older_publication_leaves_the_champion_and_its_kept_bytes(knowledge):
    newest = encode(a_publication(publication=7))
    kept = knowledge.apply(newest)
    assert knowledge.apply(encode(a_publication(publication=6))) == kept == ("model:champion", newest)
    with pytest.raises(InvalidRecord, match="does not verify"):
        knowledge.apply(encode(a_publication(publication=6, signature="forged")))
    assert (knowledge.champion.ref.publication, knowledge.flags) == (7, ())


def test_trees_and_the_additive_model_make_the_champion_in_either_order(knowledge):
    knowledge.apply(encode(trees_published(8, KEY)))
    assert knowledge.champion is None
    knowledge.apply(encode(a_publication(clock_ms=NOON_MS + 21 * DAY_MS)))
    assert (knowledge.champion.ref, knowledge.champion.scorer.share) == (ModelRef(1, 1, 9, 8), 0.25)
    knowledge.apply(encode(trees_published(9, KEY, clock_ms=NOON_MS + 20 * DAY_MS)))
    assert (knowledge.champion.ref, knowledge.champion.scorer.share) == (ModelRef(1, 1, 9, 9), 0.5)


def test_trees_stay_in_force_under_later_publications(knowledge):
    for record in (a_publication(), trees_published(8, KEY), a_publication(publication=2, n=20)):
        knowledge.apply(encode(record))
    assert knowledge.champion.ref == ModelRef(2, 1, 20, 8)


def test_trees_of_another_epoch_are_left_out(knowledge):
    for record in (trees_published(8, KEY), a_publication(epoch=2)):
        knowledge.apply(encode(record))
    assert knowledge.champion.ref == ModelRef(1, 2, 9)
    assert knowledge.champion.scorer.trees is None


def test_older_trees_leave_the_newer_ones_and_their_kept_bytes(knowledge):
    newest = encode(trees_published(8, KEY))
    kept = knowledge.apply(newest)
    assert knowledge.apply(encode(trees_published(7, KEY))) == kept == ("model:trees", newest)


def test_refused_trees_are_flagged_until_others_verify(knowledge):
    knowledge.apply(encode(a_publication()))
    knowledge.apply(encode(trees_published(8, KEY)))
    with pytest.raises(InvalidRecord, match="does not verify"):
        knowledge.apply(encode(trees_published(9, KEY, signature="forged")))
    assert (knowledge.champion.ref.trees_n, knowledge.flags) == (8, ("model_refused",))
    knowledge.apply(encode(trees_published(10, KEY)))
    assert (knowledge.champion.ref.trees_n, knowledge.flags) == (10, ())


def test_forged_trees_that_are_older_raise_no_flag(knowledge):
    knowledge.apply(encode(trees_published(8, KEY)))
    with pytest.raises(InvalidRecord, match="does not verify"):
        knowledge.apply(encode(trees_published(7, KEY, signature="forged")))
    assert knowledge.flags == ()


def test_trees_that_cannot_be_decoded_are_refused(knowledge):
    with pytest.raises(InvalidRecord, match="Trees cannot be decoded"):
        knowledge.apply(encode(trees_published(8, KEY, artefact=b"?", signature=sign(b"?", KEY))))


def test_a_restore_gives_both_voices(knowledge):
    kept = [knowledge.apply(encode(record)) for record in (a_publication(), trees_published(8, KEY))]
    restored = Knowledge(KEY)
    restored.restore([one.payload for one in kept])
    assert (restored.champion.ref, restored.champion.scorer.share) == (knowledge.champion.ref, 0.5)
