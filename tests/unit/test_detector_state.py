from base64 import b64decode
from math import expm1
from pathlib import Path

import msgspec
import pytest

from detector.names import name_of
from detector.state import COUNTRY, KINDS, MAX_KNOWN, MERCHANT, fresh_state, header_of, known_of, means_of
from detector.state_encoding import decode_state, encode_state
from tests.builders import DAY_MS, HOUR_MS, MINUTE_MS
from tests.detecting import User
from weir.errors import DeploymentError

GOLDEN = Path(__file__).parent.parent / "golden"


def test_no_state_yet_is_a_fresh_state():
    assert encode_state(decode_state(None)) == encode_state(fresh_state())


def test_a_state_of_version_1_keeps_decoding():
    user = User()
    user.state = b64decode((GOLDEN / "user_state_1.base64").read_text())
    scored = user.pay(transaction_id="next", at_ms=10 * MINUTE_MS, merchant_id="m1", device_id="d3")
    assert scored.features["count_1h"] == pytest.approx(0.6931471805599453)
    assert (scored.features["merchant_new"], scored.features["device_new"], scored.features["history_cold"]) == (
        0,
        0,
        0,
    )
    assert "duplicate" in user.pay(transaction_id="p0").flags


def a_state_of_version_3():
    """A customer who paid every day for 20 days, at another merchant each time and with one device, until NOON_MS."""
    return b64decode((GOLDEN / "user_state_3.base64").read_text())


def test_a_state_of_version_3_keeps_its_names_without_their_last_uses():
    user = User()
    user.state = a_state_of_version_3()
    features = user.pay(at_ms=MINUTE_MS, merchant_id="m3", device_id="d1").features
    assert (features["merchant_new"], features["device_new"]) == (0, 0)
    assert expm1(features["device_age_days"]) == pytest.approx(20, abs=0.01)
    assert [expm1(features[f"devices_{window}"]) for window in ("1h", "24h", "7d")] == pytest.approx([1, 1, 1])
    assert expm1(features["merchants_30d"]) == pytest.approx(21)


@pytest.mark.parametrize("broken", [slice(100), slice(-8), slice(8, None)])
def test_a_broken_state_of_version_3_is_a_wrong_deployment(broken):
    with pytest.raises(DeploymentError, match="does not decode"):
        decode_state(a_state_of_version_3()[:8] + a_state_of_version_3()[8:][broken])


def test_fields_that_a_state_lacks_get_their_defaults():
    assert encode_state(decode_state(msgspec.msgpack.encode([1]))) == encode_state(fresh_state())


def test_a_state_of_a_newer_detector_is_a_wrong_deployment():
    newer = b"weir" + (99).to_bytes(4, "big") + encode_state(fresh_state())[8:]
    with pytest.raises(DeploymentError, match="schema 99"):
        decode_state(newer)
    with pytest.raises(DeploymentError, match="schema 98"):
        decode_state(msgspec.msgpack.encode([98]))


def test_bytes_that_are_no_state_are_a_wrong_deployment():
    for payload in (b"\xff", b"", encode_state(fresh_state())[:100], a_busy_user().state[:700]):
        with pytest.raises(DeploymentError, match="does not decode"):
            decode_state(payload)


@pytest.mark.parametrize("field", range(13))
@pytest.mark.parametrize("count", [-1, 2**40, 7937])
def test_counts_that_do_not_fit_are_a_wrong_deployment(field, count):
    """The header's counts decide what compiled code, which checks no bounds, reads."""
    at = 8 + 8 * field
    payload = encode_state(fresh_state())
    with pytest.raises(DeploymentError, match="does not decode"):
        decode_state(payload[:at] + count.to_bytes(8, "little", signed=True) + payload[at + 8 :])


def a_busy_user():
    user = User()
    user.pay_daily(9, merchant_id="m1", device_id="d1")
    return user


def test_known_things_are_bounded_and_the_least_recently_used_goes():
    user = User()
    for n in range(3 * MAX_KNOWN):
        usual = "usual" if n % 2 else f"m{n}"
        others = {"device_id": f"d{n}", "ip": f"i{n}", "card_id": f"k{n}", "country": "FR"}
        user.pay(at_ms=n * DAY_MS, merchant_id=usual, merchant_category=usual, **others)
    state = decode_state(user.state)
    header = header_of(state)
    assert (header.known.tolist(), header.means) == ([MAX_KNOWN if kind != COUNTRY else 1 for kind in KINDS], MAX_KNOWN)
    assert name_of("usual") in known_of(state, MERCHANT)["name"]
    usual = means_of(state)["name"] == name_of("usual")
    assert means_of(state)["count"][usual].item() > MAX_KNOWN


def test_state_stays_bounded_however_much_a_user_does():
    user, sizes = User(max_recent_events=32), []
    for n in range(3000):
        named = {"merchant_id": f"m{n}", "device_id": f"d{n}", "merchant_category": f"c{n}"}
        user.pay(at_ms=n * HOUR_MS, ip=f"10.0.{n // 256}.{n % 256}", card_id=f"card{n}", **named)
        user.tell("device_confirmed", at_ms=n * HOUR_MS, device_id=f"d{n}")
        user.tell("trip_confirmed", at_ms=n * HOUR_MS)
        user.tell("challenge_failed", at_ms=n * HOUR_MS)
        sizes.append(len(user.state))
    assert max(sizes[2500:]) <= 1.02 * max(sizes[:2500])
    assert sizes[-1] < 24_000
