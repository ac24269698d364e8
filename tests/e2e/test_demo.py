"""`weir demo` as a visitor meets it: the page in a browser while it runs, the figures at its end, and Ctrl-C."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, expect

from tests.waiting import while_it_moves

pytestmark = pytest.mark.timeout(3600)

WEIR = Path(sys.executable).parent / "weir"
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/console/sign-in\?pass=[\w.=-]+")


class Running:
    """A `weir demo` with its state in a folder of its own."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder, self.output = folder, folder / "output"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WEIR_")}
        environment |= {"WEIR_STATE_DIR": str(folder / "state"), "COLUMNS": "400"}
        with self.output.open("wb") as output:
            argv = [WEIR, "demo", "--no-browser", *arguments]
            self.process = subprocess.Popen(argv, env=environment, stdout=output, stderr=subprocess.STDOUT)

    def said(self, pattern: str | re.Pattern[str]) -> str:
        """What it printed that fits; it has to run on until then."""

        def found() -> str | None:
            ended = self.process.poll() is not None
            match = re.search(pattern, self.output.read_text())
            if match is None and ended:
                pytest.fail(f"the demo ended:\n{self.output.read_text()}")
            return match and match[0]

        return while_it_moves(found, self.progress)

    def progress(self) -> list[str]:
        """What it has printed, without the clock: it prints a line of figures every ten seconds, moving or not."""
        return [re.sub(r"^\s*\d+ s live", "", line) for line in self.output.read_text().splitlines()[-2:]]

    def ended(self) -> int:
        """Its exit code."""
        while_it_moves(lambda: self.process.poll() is not None, self.progress)
        return self.process.wait()

    def left_running(self) -> list[str]:
        """Processes that have this state folder in their environment or command."""
        return [
            " ".join(process.info["cmdline"] or [])
            for process in psutil.process_iter(["cmdline", "environ"])
            if str(self.folder) in f"{process.info['cmdline']} {process.info['environ']}" and process.pid != os.getpid()
        ]


@contextmanager
def a_demo(folder: Path, *arguments: str):
    demo = Running(folder, *arguments)
    try:
        yield demo
    finally:
        if demo.process.poll() is None:
            demo.process.terminate()
            demo.process.wait(120)


class Visit:
    """A visitor on the page: what she saw, and what the browser complained of."""

    def __init__(self, chromium: Browser, demo: Running) -> None:
        self.demo = demo
        self.complaints: list[str] = []
        page = chromium.new_page(viewport={"width": 1440, "height": 900})
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(demo.said(ADDRESS))
        self.url = page.url
        self._judge(page)
        page.close()

    def _judge(self, page) -> None:
        self._until(page.locator("#key-f").is_visible)
        case = page.locator("#case [data-case]").get_attribute("data-case")
        figures = page.locator("#top .figures").inner_text()
        page.wait_for_timeout(500)  # a key just after a case has come is taken for a slip
        page.keyboard.press("f")
        receipt = page.locator("#receipt")
        self._until(lambda: re.search(r"example [\d,]+", receipt.inner_text()))
        self._until(lambda: "done" in (receipt.locator(".steps li").last.get_attribute("class") or ""))
        expect(page.locator(f'#case [data-case="{case}"]')).to_have_count(0)
        self._until(lambda: page.locator("#top .figures").inner_text() != figures)
        self.receipt = receipt.inner_text()
        self._until(lambda: re.search(r"frozen at|Frozen|frozen \d+", page.locator("#race").inner_text()))

    def _until(self, check: Callable[[], object]) -> None:
        while_it_moves(check, self.demo.progress)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory, chromium):
    folder = tmp_path_factory.mktemp("demo")
    with a_demo(folder, "--for", "60s", "--attack-after", "12", "--json", str(folder / "figures.json")) as demo:
        visit = Visit(chromium, demo)
        code = demo.ended()
    figures = folder / "figures.json"
    assert figures.exists(), demo.output.read_text()
    return code, json.loads(figures.read_text()), visit, demo


def test_every_arrow_carried_something_and_nothing_was_lost(outcome):
    code, figures, _, demo = outcome
    assert code == 0, demo.output.read_text()
    assert (figures["lost"], figures["doubled"]) == (0, 0)


def test_the_figures_tell_what_was_measured(outcome):
    _, figures, _, _ = outcome
    assert figures["transactions_scored"] > 10_000
    assert figures["model_sequence_detector"] > 1000
    assert 0 < figures["latency_p50_ms"] <= figures["latency_p99_ms"]
    assert figures["label_to_model_p95_s"] > 0


def test_the_live_model_catches_more_of_the_new_attack_than_its_frozen_twin(outcome):
    _, figures, _, _ = outcome
    assert figures["new_attack_total"] > 20
    assert figures["new_attack_caught_live"] > figures["new_attack_caught_frozen"]


def test_the_visitors_verdict_became_an_example_that_is_in_force(outcome):
    visit = outcome[2]
    assert visit.url.endswith("/console"), "the pass does not stay in the address"
    assert "Fraud" in visit.receipt


def test_the_browser_had_nothing_to_complain_of(outcome):
    assert outcome[2].complaints == []


def test_nothing_is_left_running_nor_lying_about(outcome):
    demo = outcome[3]
    assert demo.left_running() == []
    state = demo.folder / "state"
    assert [*(state / "namespaces").glob("demo-*"), *(state / "logs").glob("loop-demo-*")] == []


def test_ctrl_c_in_the_midst_of_the_start_ends_everything_it_started(tmp_path):
    with a_demo(tmp_path) as demo:
        demo.said(r"ready\s+kafka")
        demo.process.send_signal(signal.SIGINT)
        assert demo.ended() == 130
    assert demo.left_running() == []
