"""Encoding the state at any point changes nothing, and the same input gives the same bytes in any process."""

import os
import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from detector.state_encoding import decode_state, encode_state
from tests.builders import HOUR_MS
from tests.detecting import User, a_model_of_everything
from weir.artefact import pack
from weir.messages import encode

ROOT = Path(__file__).parent.parent.parent

steps = st.lists(
    st.tuples(
        st.integers(0, 600),
        st.floats(0, 5000, width=32),
        st.sampled_from([None, "a", "b", "c"]),
        st.booleans(),
    ),
    max_size=30,
)


def run(script, encode_always=False):
    """The scored bytes and the state's bytes of a user who lives through a script of (hour, amount, name, encode)."""
    user, out = User(a_model_of_everything(), max_recent_events=16), []
    for hour, amount, name, encode_now in script:
        names = dict.fromkeys(("merchant_id", "merchant_category", "device_id", "ip", "card_id"), name)
        scored = user.pay(amount, at_ms=hour * HOUR_MS, **names)
        out.append(encode(scored))
        if encode_now or encode_always:
            user.state = encode_state(decode_state(user.state))
    return [*out, user.state or b""]


@settings(deadline=None, max_examples=40)
@given(steps)
def test_encoding_the_state_at_any_point_changes_nothing(script):
    assert run(script) == run(script, encode_always=True)


@settings(deadline=None, max_examples=40)
@given(steps)
def test_decode_after_encode_is_the_same_state(script):
    user = User()
    for hour, amount, name, _ in script:
        user.pay(amount, at_ms=hour * HOUR_MS, merchant_id=name)
    assert user.state is None or encode_state(decode_state(user.state)) == user.state


@settings(deadline=None, max_examples=40)
@given(steps)
def test_scoring_changes_nothing_but_the_state(script):
    user = User(a_model_of_everything())
    model, settings = pack(user.champion.scorer.additive), user.detector._settings.model_copy(deep=True)
    for hour, amount, name, _ in script:
        user.pay(amount, at_ms=hour * HOUR_MS, merchant_id=name)
    assert (pack(user.champion.scorer.additive), user.detector._settings, user.reputation) == (model, settings, {})


SCRIPT = """
from hashlib import sha256
from tests.builders import HOUR_MS
from tests.detecting import User, a_model_of_everything
from detector.state_encoding import encode_state
from weir.compiled import warm
from weir.messages import encode
from weir.settings import Settings
warm(Settings().cache_dir)
user = User(a_model_of_everything())
names = ["d1", "d2", "d3", None]
user.know(entity="card", entity_id="d1", known_frauds=1, fraud_run=1)
named = [dict(device_id=names[n % 4], merchant_id=names[n % 3], card_id=names[n % 2], channel="pos") for n in range(60)]
scored = [encode(user.pay(n, at_ms=n * HOUR_MS, **fields)) for n, fields in enumerate(named)]
print(sha256(b"".join([*scored, user.state])).hexdigest())
"""


def test_bytes_do_not_depend_on_the_hash_seed():
    digests = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1
