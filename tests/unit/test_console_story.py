"""Alerts as stories and charts as SVG: exact if a feature is present, silent if it is absent, and never markup."""

import xml.etree.ElementTree as ET
from datetime import datetime
from itertools import pairwise
from math import log, log1p

import pytest

from feedback_api.console import charts
from feedback_api.console.story import clarity, story_of
from feedback_api.console.words import clock, moment
from tests.builders import HOUR_MS, a_scored_transaction, a_transaction
from tests.detecting import User
from weir.messages import Reason, RuleHit, encode
from weir.vectors import packed, vector_of

HIT = RuleHit(rule="amount_spike", version=3, decision="challenge", text="6.0 times the usual amount")


def a_story(features=None, reasons=(), rules=(), payment=None, **fields):
    alert = a_scored_transaction(
        features=features or {}, reasons=list(reasons), rules=list(rules), transaction=encode(payment), **fields
    )
    return story_of(alert, "EUR")


def fact(story, name):
    return next(fact for fact in story.facts if fact.name == name)


def test_the_usual_amount_stands_beside_the_amount():
    story = a_story({"amount_ratio": log(241 / 41)}, amount=240.0)
    assert fact(story, "amount")[1:] == ("240.00 €, 5.9× usual", "40.00 €", True)
    assert "Usually 40.00 €" in story.detail


def test_a_large_usual_amount_has_no_cents_because_the_feature_holds_none():
    ratio = packed(vector_of({"amount_ratio": log(500_001 / 196_763.49)}))
    assert fact(a_story(ratio, amount=500_000.0), "amount")[2] == "196,762 €"


def test_a_first_payment_is_compared_with_nothing():
    story = a_story({}, amount=240.0)
    assert fact(story, "amount").normal == "first payment"
    assert "No earlier payment" in story.detail


def test_impossible_travel_is_shown_as_distance_and_time():
    features = {"distance_km": log1p(6300), "seconds_since_last": log1p(120), "speed_kmh": log1p(189_000)}
    hit = RuleHit(rule="impossible_travel", version=1, decision="review", text="6300 km")
    story = a_story(features, rules=[HIT, hit])
    assert story.headline == "6,300 km from the payment 2 minutes earlier"
    assert fact(story, "last paid")[1:] == ("2 minutes earlier, 6,300 km away", "needs 189,000 km/h", True)


def test_the_hour_is_that_of_the_customers_clock():
    payment = a_transaction(event_time=datetime.fromisoformat("2024-01-11T03:30:00+05:30"))
    story = a_story(payment=payment, event_time_ms=payment.event_time_ms)
    assert fact(story, "hour")[1] == "03:30 UTC+05:30"


def test_a_rule_makes_the_headline_and_is_named_with_its_version():
    story = a_story(reasons=[Reason(code="night", text="The time is 03:12 UTC", contribution=9.0)], rules=[HIT])
    assert (story.headline, story.rules) == ("6.0 times the usual amount", ["amount_spike v3"])


def test_without_a_rule_the_strongest_reason_makes_the_headline():
    weak, strong = (
        Reason(code="night", text=text, contribution=size) for text, size in (("weak", 0.5), ("strong", 2.0))
    )
    assert a_story(reasons=[weak, strong]).headline == "Strong"
    assert a_story().headline == "Many small signals add up"


def test_evidence_in_the_same_words_is_one_piece_of_evidence():
    hour, night = (Reason(code=code, text="The time", contribution=c) for code, c in (("hour", 0.4), ("night", -0.9)))
    other = Reason(code="amount_z", text="The amount", contribution=0.2)
    assert [(why.text, round(why.contribution, 3)) for why in a_story(reasons=[hour, other, night]).why] == [
        ("The amount", 0.2),
        ("The time", -0.5),
    ]


@pytest.mark.parametrize(
    ("features", "told"),
    [
        ({"device_new": 1.0, "devices_24h": 0.0}, ("new: d1", "no device in 24 h", True)),
        (
            {"device_new": 0.0, "device_own": 1.0, "device_age_days": log1p(14)},
            ("own: d1", "used for 14 days", False),
        ),
        (
            {"device_new": 0.0, "device_own": 0.0, "device_age_days": log1p(27 / 1440)},
            ("recent: d1", "used for 27 minutes", True),
        ),
    ],
)
def test_a_device_is_new_or_recent_or_the_customers_own(features, told):
    assert fact(a_story(features, payment=a_transaction(device_id="d1")), "device")[1:] == told


def test_a_merchants_reputation_is_shown_as_a_rate():
    rate = log(0.2 / 0.8) - log(0.01 / 0.99)
    features = {"merchant_known_frauds": log1p(2), "merchant_fraud_rate": rate, "merchant_new": 1.0, "device_own": 1.0}
    story, told = a_story(features), "2 known frauds from customers' own devices, 20.0%"
    assert fact(story, "reputation")[1:] == (told, "reference rate 1%", True)
    assert fact(story, "merchant").normal == "never paid here before"


def test_an_absent_feature_gives_no_fact():
    assert {fact.name for fact in a_story({}).facts} == {"amount", "merchant", "hour"}


def test_a_transaction_that_does_not_decode_still_has_a_story():
    assert a_story({}, payment=None).detail.startswith("Paid 20.00 € to m1")


def test_strong_reasons_and_rules_make_an_alert_clear():
    clear = a_scored_transaction(reasons=[Reason(code="x", text="x", contribution=3.0)], rules=[HIT])
    vague = a_scored_transaction(reasons=[Reason(code="x", text="x", contribution=-3.0)])
    assert clarity(clear) > clarity(vague)


def test_evidence_for_and_against_differ_in_shape():
    assert "<line" not in charts.evidence_bar(2.0, 2.0)
    assert "<line" in charts.evidence_bar(-2.0, 2.0)


def test_every_chart_is_well_formed_and_escapes_its_texts():
    points = [charts.Point(0, 0), charts.Point(1, 5)]
    lines = [charts.Line("<Weir> & 'co'", style, points) for style in ("live", "frozen", "known")]
    drawn = [
        charts.sparkline([], "<none>"),
        charts.sparkline([0.0, 3.0, 1.0], 'a "title"'),
        charts.evidence_bar(0.01, 2.0),
        charts.evidence_bar(-9.0, 9.0),
        charts.race(lines, "<script>"),
    ]
    for chart in drawn:
        assert ET.fromstring(chart).tag == "svg"  # noqa: S314 -- our own charts
        assert "style=" not in chart


def test_names_at_the_ends_of_lines_do_not_touch():
    same = [charts.Point(0, 0), charts.Point(1, 1)]
    chart = ET.fromstring(charts.race([charts.Line(name, name, same) for name in "abc"], "x"))  # noqa: S314 -- ours
    heights = sorted(float(text.get("y")) for text in chart.iter("text"))
    assert all(after - before >= charts.LABEL_GAP for before, after in pairwise(heights))
    assert heights[-1] <= charts.RACE_HEIGHT


def test_the_story_reads_back_what_the_detector_computed():
    user = User()
    user.pay_daily(10, amount=20.0, device_id="d1", merchant_id="m1")
    user.know(entity_id="m2", known_frauds=9, fraud_rate=0.4, fraud_run=3)
    story = story_of(user.pay(100.0, at_ms=-2 * HOUR_MS, device_id="d2", merchant_id="m2"), "EUR")
    assert "Usually 20.00 €" in story.detail
    assert fact(story, "reputation").happened == "9 known frauds from other devices, 40.0%"
    assert fact(story, "device").happened == "new: d2"
    assert fact(story, "payments")[1:3] == ("1 in 24 h, 0 in 1 h", "1.0 a day")


LOGARITHMS = [
    *(
        "amount_ratio",
        "pace_ratio",
        "merchant_fraud_rate",
        "merchant_known_frauds",
        "seconds_since_last",
        "distance_km",
    ),
    *("speed_kmh", "home_distance_km", "device_age_days", "devices_24h", "count_1h", "count_24h"),
]


@pytest.mark.parametrize("value", [1e300, -1e300])
def test_features_that_no_detector_computes_still_make_a_story(value):
    features = dict.fromkeys(LOGARITHMS, value) | {"device_new": 1.0}
    travel = RuleHit(rule="impossible_travel", version=1, decision="block", text="too fast")
    story = a_story(features, rules=[travel], payment=a_transaction(country="FR"), amount=1e308, merchant_id="m1")
    assert len(story.facts) == 8


@pytest.mark.parametrize(("ms", "year"), [(-(2**63), 1970), (2**63 - 1, 9999)])
def test_times_beyond_the_calendar_are_shown_as_its_ends(ms, year):
    assert str(year) in moment(ms)
    assert clock(ms).endswith("UTC")
