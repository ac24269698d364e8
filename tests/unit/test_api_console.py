"""The console over HTTP: who gets in, what every answer carries, what a stranger's text cannot do, and the acts."""

import time
from pathlib import Path

import pytest

from feedback_api.console.facts import Alerted
from feedback_api.http_console import COOKIE, router
from tests.api_client import FakeStream, an_api
from tests.builders import a_scored_transaction, a_transaction
from weir.errors import PartUnavailable
from weir.messages import LABEL, Reason, RuleHit, decode_with, encode
from weir.sign_in import pass_for

KEY = "secret"
NEVER_MS = 10**15
EVIL = "<script>alert(1)</script>"
SAME = {"sec-fetch-site": "same-origin", "hx-request": "true"}


@pytest.fixture
def stream():
    return FakeStream()


@pytest.fixture
def api(tmp_path, stream, cache_dir):
    assert cache_dir
    with an_api(tmp_path, stream, signing_key=KEY) as client:
        yield client


def cookie(name="vera", until_ms=NEVER_MS, key=KEY):
    return {"cookie": f"{COOKIE}={pass_for(name, until_ms, key.encode())}"}


def raise_alert(api, transaction_id="t1", **fields):
    scored = a_scored_transaction(
        **{"transaction_id": transaction_id, "decision": "review", "scored_at_ms": time.time_ns() // 10**6, **fields}
    )
    api.call(api.app.state.parts.console.apply, Alerted(scored), 0)


def act(api, what="verdict", headers=None, **form):
    return api.post(f"/console/{what}", data={"user_id": "u1"} | form, headers={**cookie(), **SAME, **(headers or {})})


def test_signing_in_sets_a_cookie_that_scripts_and_other_sites_cannot_read(api):
    answer = api.get(f"/console/sign-in?pass={pass_for('vera', NEVER_MS, KEY.encode())}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")
    attributes = answer.headers["set-cookie"].lower()
    assert all(word in attributes for word in ("httponly", "samesite=lax", "path=/console"))


@pytest.mark.parametrize("path", ["/console", "/console/live", "/console/sign-in", "/console/sign-in?pass=x.1.y"])
def test_without_a_valid_pass_the_page_says_how_to_sign_in(api, path):
    answer = api.get(path)
    assert answer.status_code == 401
    assert "weir demo" in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("wrong", [{"until_ms": 1}, {"key": "another"}])
def test_an_expired_or_forged_pass_lets_nobody_in(api, wrong):
    assert api.get("/console", headers=cookie(**wrong)).status_code == 401
    assert api.post("/console/verdict", headers={**cookie(**wrong), **SAME}).status_code == 401


def test_without_a_signing_key_nobody_can_sign_in_not_even_with_an_empty_key(tmp_path, stream):
    with an_api(tmp_path, stream) as api:
        answer = api.get("/console", headers=cookie(key=""))
    assert answer.status_code == 401
    assert "No signing key is set" in answer.text


@pytest.mark.parametrize("path", ["/console", "/console/nowhere", "/console/static/x/console.js", "/console/sign-in"])
def test_every_answer_carries_a_strict_policy(api, path):
    headers = api.get(path, headers=cookie()).headers
    policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


def test_other_answers_carry_no_such_policy(api):
    assert "content-security-policy" not in api.get("/healthz").headers


def test_the_page_has_no_inline_script_style_or_handler(api):
    raise_alert(api)
    page = api.get("/console", headers=cookie()).text
    assert "<style" not in page
    assert " style=" not in page
    assert " onclick=" not in page
    assert page.count("<script") == page.count("<script src=") == 3


def test_the_page_is_complete_before_the_first_event(api):
    raise_alert(api)
    page = api.get("/console", headers=cookie()).text
    assert all(f'id="key-{key}"' in page for key in ("f", "l", "s", "help"))
    assert "built-in" not in page


def test_scripts_are_served_for_ever_and_under_a_version(api):
    address = api.app.state.parts.assets.address
    for name, words in {"htmx.min.js": "htmx", "sse.js": "defineExtension", "console.js": "key-f"}.items():
        answer = api.get(address(name))
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
        assert answer.headers["content-type"].startswith("text/javascript")
        assert words in answer.text
    assert api.get("/console/static/other/console.js").status_code == 404


def test_without_its_scripts_the_page_says_what_to_do_and_labels_are_accepted(tmp_path, stream, monkeypatch):
    monkeypatch.setenv("WEIR_CACHE_DIR", str(tmp_path / "nothing"))
    with an_api(tmp_path, stream, signing_key=KEY) as api:
        answer = api.get("/console", headers=cookie())
        assert (answer.status_code, "weir fetch" in answer.text) == (503, True)
        assert api.post("/v1/labels", json={"transaction_id": "t", "verdict": "fraud", "labeler": "a"}).is_success


def test_a_strangers_text_is_never_markup(api):
    payment = a_transaction(merchant_category=EVIL, device_id=EVIL, country="DE")
    raise_alert(
        api,
        EVIL,
        user_id=EVIL,
        merchant_id=EVIL,
        profile=EVIL,
        flags=[EVIL],
        features={"device_new": 1.0},
        reasons=[Reason(code="x", text=EVIL, contribution=1.0), Reason(code="y", text=f"{EVIL}!", contribution=-1.0)],
        rules=[RuleHit(rule=EVIL, version=1, decision="review", text=EVIL)],
        transaction=encode(payment),
    )
    page = api.get("/console", headers=cookie(name=EVIL)).text
    assert "<script>" not in page
    assert page.count("&lt;script&gt;") >= 8


def test_a_verdict_becomes_a_label_by_the_signed_in_visitor(api, stream):
    raise_alert(api, "t1")
    raise_alert(api, "t2", scored_at_ms=1)
    api.get("/console", headers=cookie())
    answer = act(api, transaction_id="t1", verdict="fraud")
    assert answer.status_code == 200
    [(topic, key, value)] = stream.records
    label = decode_with(LABEL, value)
    assert (topic, key) == ("live.labels", "t1")
    assert (label.labeler, label.source, label.verdict) == ("vera", "console", "fraud")
    assert label.as_of_ms == api.app.state.parts.console.clock.event_time_ms
    assert "Case <b>t2</b>" in answer.text


def test_a_verdict_on_a_case_that_is_not_on_the_desk_is_ignored(api, stream):
    raise_alert(api, "t1")
    api.get("/console", headers=cookie())
    assert act(api, transaction_id="t9", verdict="fraud").status_code == 200
    assert stream.records == []


def test_a_verdict_that_is_not_acknowledged_keeps_its_case_and_shows_why(api, stream):
    raise_alert(api, "t1")
    api.get("/console", headers=cookie())
    stream.away = True
    api.app.state.parts.labels._within_s = 0.01
    answer = act(api, transaction_id="t1", verdict="fraud")
    assert "is stored, but the broker has not acknowledged it yet" in answer.text
    assert "Case <b>t1</b>" in answer.text
    stream.away = False
    act(api, transaction_id="t1", verdict="fraud")
    assert len({decode_with(LABEL, value).label_id for _, _, value in stream.records}) == 1


def test_a_skipped_case_returns_to_the_queue(api):
    raise_alert(api, "t1")
    raise_alert(api, "t2", scored_at_ms=1)
    api.get("/console", headers=cookie())
    assert "Case <b>t2</b>" in act(api, "skip", transaction_id="t1").text
    holders = {alert["transaction_id"]: alert["holder"] for alert in api.get("/v1/alerts").json()}
    assert holders == {"t1": None, "t2": "vera"}


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {},
    ],
)
@pytest.mark.parametrize("path", ["/console/verdict", "/console/skip"])
def test_a_form_sent_by_another_site_is_refused(api, stream, path, headers):
    raise_alert(api, "t1")
    api.get("/console", headers=cookie())
    answer = api.post(
        path, data={"transaction_id": "t1", "user_id": "u1", "verdict": "fraud"}, headers={**cookie(), **headers}
    )
    assert (answer.status_code, stream.records) == (403, [])


def test_a_browser_without_fetch_metadata_is_checked_by_origin(api, stream):
    raise_alert(api, "t1")
    api.get("/console", headers=cookie())
    headers = {**cookie(), "origin": "http://api"}
    answer = api.post(
        "/console/verdict", data={"transaction_id": "t1", "user_id": "u1", "verdict": "fraud"}, headers=headers
    )
    assert (answer.status_code, answer.headers["location"], len(stream.records)) == (303, "/console", 1)


def test_an_invalid_verdict_names_its_field(api):
    raise_alert(api, "t1")
    answer = act(api, transaction_id="t1", verdict="maybe")
    assert (answer.status_code, answer.json()["field"]) == (422, "verdict")


def test_a_form_over_the_limit_is_refused(api):
    assert act(api, verdict="fraud", transaction_id="x" * 5000).status_code == 413


def test_two_visitors_never_get_the_same_case(api):
    raise_alert(api, "t1")
    assert "Case <b>t1</b>" in api.get("/console", headers=cookie("vera")).text
    assert "Nothing to review" in api.get("/console", headers=cookie("walt")).text


def test_the_landing_page_names_the_console(api):
    assert api.get("/").json()["links"]["console"] == "/console"


def test_every_path_of_the_console_is_documented():
    text = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    assert [route.path for route in router.routes if route.path not in text] == []


def test_a_missing_database_keeps_the_case(api, monkeypatch):
    raise_alert(api, "t1")
    api.get("/console", headers=cookie())

    async def away(_request):
        raise PartUnavailable("The database does not answer.", "Start it.")

    monkeypatch.setattr(api.app.state.parts.labels, "accept", away)
    answer = act(api, transaction_id="t1", verdict="legitimate")
    assert "The database does not answer." in answer.text
    assert "Case <b>t1</b>" in answer.text
