"""Compiled and as plain Python, the same code gives the same: Numba neither reorders nor rounds differently."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).parents[2]

# 400 payments of a user, some out of order, late, without names or position, and every 25th sent twice, with user events
# and reputations.
SCRIPT = """
import random, sys
from detector.facts import look
from tests.builders import MINUTE_MS
from tests.detecting import User
from weir.compiled import warm
from weir.messages import encode
from weir.settings import Settings
warm(Settings().cache_dir)
rng, user = random.Random(3), User(max_recent_events=16)
user.know(own_device=True, known_frauds=2, fraud_run=2, fraud_rate=0.3)
user.know(entity="card", entity_id="card", known_frauds=1, fraud_run=1)
assert hasattr(look, "py_func") == (sys.argv[1] == "compiled")
some = lambda value: value if rng.random() < 0.8 else None
for n in range(400):
    place = {"latitude": rng.uniform(-60, 60), "longitude": rng.uniform(-180, 180)} if rng.random() < 0.8 else {}
    at_ms = n * 300 * MINUTE_MS - int(rng.random() < 0.2) * rng.randrange(90 * MINUTE_MS)
    at_ms -= int(rng.random() < 0.05) * rng.randrange(40 * 24 * 60 * MINUTE_MS)
    names = {"merchant_id": some(f"m{rng.randrange(90)}"), "device_id": some(f"d{rng.randrange(3)}"), "card_id": some("card")}
    names |= {"merchant_category": some(f"c{rng.randrange(5)}"), "ip": some(f"i{rng.randrange(90)}"), "country": some("FR")}
    if n % 20 == 0:
        user.tell(rng.choice(["trip_confirmed", "device_confirmed", "challenge_failed"]), at_ms=at_ms, device_id="d1")
    for _ in range(1 + (n % 25 == 0)):
        print(encode(user.pay(50.0 + n % 7, transaction_id=f"t{n}", at_ms=at_ms, **names, **place)).decode())
"""


def lived(how: str, **environment: str) -> list[dict]:
    """The scored payments of a process."""
    command = [sys.executable, "-c", SCRIPT, how]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    return [msgspec.json.decode(line) for line in done.stdout.splitlines()]


def test_features_and_scores_are_those_of_plain_python():
    compiled, plain = lived("compiled"), lived("plain", NUMBA_DISABLE_JIT="1")
    assert len(compiled) == len(plain) == 416
    assert sum("duplicate" in one.get("flags", []) for one in plain) > 8  # the rest is late
    for one, other in zip(compiled, plain, strict=True):
        assert one["features"] == pytest.approx(other["features"], abs=1e-9)
        assert one["score"] == pytest.approx(other["score"])
        assert [one.get(field) for field in ("rules", "flags")] == [other.get(field) for field in ("rules", "flags")]
