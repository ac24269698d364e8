"""Features in a message: one array whose names are in the schema."""

from hashlib import sha256
from math import isnan

import pytest

from tests.builders import a_scored_transaction
from weir.errors import InvalidRecord
from weir.feature_schema import NAMES, NAMES_OF, SCHEMA
from weir.feature_vector import FeatureVector, named
from weir.messages import SCORED, decode_with, encode
from weir.vectors import packed, vector_of

PAYMENT = {"log_amount": 3.5, "count_1h": 0.0, "device_new": 1.0}
NAMES_DIGESTS = {2: "d96f28a54ee14148", 3: "cc9f77403c51c06c"}


def test_it_reads_like_a_dictionary_of_the_features_that_are_not_missing():
    features = packed(vector_of(PAYMENT))
    assert (named(features), dict(features)) == (PAYMENT, PAYMENT)
    assert ("count_1h" in features, features["count_1h"], features.get("count_1h", 9.0)) == (True, 0.0, 0.0)
    assert ("hour" in features, features.get("hour"), features.get("hour", 9.0)) == (False, None, 9.0)
    with pytest.raises(KeyError, match="hour"):
        features["hour"]
    assert features.get("unheard_of") is None


def test_a_message_keeps_every_value_that_a_32_bit_float_holds():
    scored = a_scored_transaction(features=packed(vector_of(PAYMENT)))
    again = decode_with(SCORED, encode(scored)).features
    assert vector_of(again).tobytes() == vector_of(PAYMENT).tobytes()


def test_names_without_a_schema_are_read_as_before():
    vector = vector_of(PAYMENT | {"unheard_of": 4.0})
    assert vector[NAMES.index("log_amount")] == 3.5
    assert isnan(vector[NAMES.index("hour")])


@pytest.mark.parametrize(
    ("features", "reason"),
    [
        (b'[9, "AAAAAA=="]', f"features of schema 9 are unknown; this release reads up to {SCHEMA}"),
        (b'[2, "AAAAAA=="]', f"schema 2 has {len(NAMES_OF[2])} features"),
        (b'[1, ""]', "Expected `int` >= 2"),
    ],
)
def test_features_outside_every_schema_are_refused(features, reason):
    payload = encode(a_scored_transaction(features={})).replace(b'"features":{}', b'"features":' + features)
    with pytest.raises(InvalidRecord) as refused:
        decode_with(SCORED, payload)
    assert refused.value.field.startswith("features")
    assert refused.value.reason == reason


def test_features_of_a_former_schema_go_to_their_present_places(monkeypatch):
    former = 99
    monkeypatch.setitem(NAMES_OF, former, ("count_1h", "weather", "log_amount"))
    features = FeatureVector(former, b"\0\0\x80\x3f" + b"\0\0\0\x40" * 2)
    assert named(features) == {"count_1h": 1.0, "weather": 2.0, "log_amount": 2.0}
    assert vector_of(features).tobytes() == vector_of({"count_1h": 1.0, "log_amount": 2.0}).tobytes()


def test_changed_names_have_a_new_number():
    digests = {schema: sha256(" ".join(names).encode()).hexdigest()[:16] for schema, names in NAMES_OF.items()}
    assert digests == NAMES_DIGESTS, "raise SCHEMA, keep the former names, and add the new digest"
