"""What the detector knows from the control topic, and what it takes for genuine."""

import msgspec
import pytest

from detector.knowledge import Knowledge
from weir.artefact import sign, sign_reputation, verify_reputation
from weir.errors import InvalidRecord
from weir.messages import Reputation, encode

KEY = b"a signing key"


def a_reputation(**fields):
    required = {"merchant_id": "m1", "epoch": 1, "n": 9, "known_frauds": 3, "known_legitimate": 9, "fraud_rate": 0.3}
    return Reputation(**required | fields)


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
def test_whatever_is_changed_after_signing_is_refused(knowledge, change):
    forged = msgspec.structs.replace(sign_reputation(a_reputation(known_victims=2), KEY), **change)
    with pytest.raises(InvalidRecord, match="does not verify"):
        knowledge.apply(encode(forged))


def test_what_does_not_verify_any_more_is_left_out_of_a_restore(knowledge):
    genuine = sign_reputation(a_reputation(merchant_id="m2"), KEY)
    knowledge.restore([encode(sign_reputation(a_reputation(), b"another key")), encode(genuine)])
    assert list(knowledge.reputation) == [("m2", False)]
