"""The console in a browser: a visitor gives verdicts and sees the model learn from them."""

import re
import signal

import pytest
from playwright.sync_api import expect

from operations.runner.process import end, running, spawn
from simulator.world.traffic import START_MS
from tests.browser.conftest import Deployment
from tests.browser.stand_in_loop import WARM_MS, playing
from tests.waiting import eventually

DONE = re.compile("done")
IN_FORCE = "#receipt .steps li:last-child"
FOCUS = "document.activeElement.closest('#case, #keys') !== null"


@pytest.fixture(scope="module")
def played(loop):
    with playing(loop):
        yield loop


@pytest.fixture
def page(visit, deployment, played):  # noqa: ARG001 -- the loop has to play
    """The console with a case on the desk."""
    eventually(lambda: len(deployment.open_alerts()) > 3)
    page = visit()
    expect(page.locator("#key-f")).to_be_visible()
    return page


def case_of(page):
    return page.locator("#case [data-case]").get_attribute("data-case")


def test_an_empty_desk_fills_by_itself(visit, request):
    page = visit()
    expect(page.get_by_role("heading", name="Nothing to review")).to_be_visible()
    expect(page.locator("#keys")).not_to_contain_text("Fraud")
    request.getfixturevalue("played")
    expect(page.locator("#key-f")).to_be_visible()
    expect(page.locator("#top")).to_contain_text("tx/s")


def test_without_a_pass_the_page_says_how_to_sign_in(visit, deployment):
    expect(visit(deployment.address).get_by_text("weir demo")).to_be_visible()


def test_a_verdict_is_learned_and_in_force_while_the_next_case_shows(page, played):
    case = case_of(page)
    page.keyboard.press("f")
    expect(page.locator(f"#case [data-case='{case}']")).to_have_count(0)
    expect(page.locator("#receipt")).to_contain_text(re.compile(r"Learned as example \d+.* by model #\d+ in \d\.\d s"))
    expect(page.locator(IN_FORCE)).to_have_class(DONE)
    page.wait_for_function(FOCUS)
    assert played.verdicts[case] == "fraud"
    expect(page.locator("#feed")).to_contain_text("visitor fraud")


def test_a_key_that_is_hit_twice_judges_one_case(page, played):
    known, case = len(played.verdicts), case_of(page)
    page.keyboard.press("l")
    page.keyboard.press("l")
    expect(page.locator("#receipt .verdict")).to_have_text("Legitimate")
    expect(page.locator(IN_FORCE)).to_have_class(DONE)
    assert played.verdicts[case] == "legitimate"
    assert len(played.verdicts) == known + 1


def test_focus_stays_on_the_button_that_was_used(page):
    for _ in range(2):
        case = case_of(page)
        page.locator("#key-l").focus()
        page.keyboard.press("Enter")
        expect(page.locator(f"#case [data-case='{case}']")).to_have_count(0)
        expect(page.locator("#key-l")).to_be_focused()


def test_skip_gives_another_case(page, deployment):
    case = case_of(page)
    page.keyboard.press("s")
    expect(page.locator(f"#case [data-case='{case}']")).to_have_count(0)
    holders = {alert["transaction_id"]: alert["holder"] for alert in deployment.open_alerts()}
    assert holders[case] is None


def test_a_case_that_somebody_else_labels_gets_a_note(page, deployment):
    case = case_of(page)
    deployment.label(case, "legitimate", "ana")
    expect(page.locator("#note")).to_contain_text("ana marked this payment legitimate")
    expect(page.locator("#key-f")).to_have_count(0)
    assert case_of(page) == case
    page.keyboard.press("s")
    expect(page.locator("#note")).to_be_empty()
    expect(page.locator("#key-f")).to_be_visible()


def test_figures_move_by_themselves(page, deployment):
    model = page.locator("#top .model b").inner_text()
    alert = next(alert for alert in deployment.open_alerts() if alert["holder"] is None)
    deployment.label(alert["transaction_id"], "fraud", "ben")
    expect(page.locator("#top .model b")).not_to_have_text(model)
    expect(page.locator("#top .clock")).to_contain_text(re.compile("1 minute here = .* of payments"))


def test_a_slow_learner_is_named_and_the_verdict_is_safe(page, played):
    played.learning = False
    page.keyboard.press("f")
    expect(page.locator("#receipt .trouble")).to_contain_text("The learner has not published")
    expect(page.locator("#receipt .trouble")).to_contain_text("Your verdict is safe")
    played.learning = True
    played.soon(played.publish)
    expect(page.locator("#receipt .trouble")).to_have_count(0)
    expect(page.locator(IN_FORCE)).to_have_class(DONE)


def test_the_twin_and_weir_are_compared_once_a_new_kind_is_known(page, played, deployment):
    expect(page.locator("#race")).to_contain_text("No frozen twin yet")
    played.soon(lambda: played.freeze(START_MS + WARM_MS))
    expect(page.locator("#race")).to_contain_text("Twin frozen at")
    alert = next(alert for alert in deployment.open_alerts() if alert["holder"] is None)
    deployment.label(alert["transaction_id"], "fraud", "ana", fraud_type="mule_shops")
    expect(page.locator("#race .standing")).to_have_text(re.compile(r"frozen \d+ of 1 · Weir 1 of 1"))
    expect(page.locator("#race svg.race")).to_be_visible()


def test_the_keys_are_shown_on_demand(page):
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    case = case_of(page)
    page.keyboard.press("f")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Keys")).to_be_hidden()
    assert case_of(page) == case


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_schemes_are_readable(visit, scheme):
    page = visit(color_scheme=scheme)
    expect(page.locator("#top")).to_contain_text("tx/s")
    for name in ("ink", "quiet", "risk", "learned"):
        assert page.evaluate(CONTRAST, name) >= 4.5, name


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768), (390, 844)])
def test_nothing_is_cut_off_at_the_side(page, width, height):
    page.set_viewport_size({"width": width, "height": height})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width == 1440:
        assert page.evaluate("document.documentElement.scrollHeight") <= height


def test_a_lost_connection_is_shown_and_an_open_page_does_not_keep_the_process_from_ending(visit, broker, tmp_path):
    deployed = Deployment(broker, tmp_path)
    process = spawn(deployed.command, deployed.log)
    try:
        eventually(deployed.ready)
        page = visit(deployed.entrance)
        expect(page.get_by_role("heading", name="Nothing to review")).to_be_visible()
        process.terminate()
        assert process.wait(60) in {0, -signal.SIGTERM}  # uvicorn ends by the signal it was sent
        expect(page.locator("#lost")).to_be_visible()
        with running(deployed.command, deployed.log):
            expect(page.locator("#lost")).to_be_hidden()
    finally:
        end(process)


CONTRAST = """name => {
  const light = (color) => {
    const parts = color.match(/[0-9a-f]{2}/gi).map((part) => parseInt(part, 16) / 255);
    const [r, g, b] = parts.map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const style = getComputedStyle(document.documentElement);
  const levels = ["paper", name].map((part) => light(style.getPropertyValue("--" + part).trim()));
  return (Math.max(...levels) + 0.05) / (Math.min(...levels) + 0.05);
}"""
