"""Fixtures for the console: a real broker, the API's own process, a loop that learns, and Chromium."""

import sys
import uuid
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from operations.runner.ports import free_ports
from operations.runner.process import Command, running
from tests.browser.stand_in_loop import StandInLoop, now_ms
from tests.waiting import eventually
from weir import kafka_clients
from weir.settings import Settings
from weir.sign_in import pass_for

KEY = "browser-tests"
expect.set_options(timeout=120_000)  # a slow machine is not a broken page


class Deployment:
    """One namespace with its API's process. `address` is the console's URL; `entrance` also signs in."""

    def __init__(self, bootstrap_servers, folder: Path) -> None:
        self.port = free_ports(1)[0]
        self.settings = Settings(
            namespace=f"console-{uuid.uuid4().hex[:8]}",
            signing_key=KEY,
            kafka={"bootstrap_servers": bootstrap_servers, "partitions": 1},
            api={"port": self.port, "database_url": f"sqlite:///{folder / 'weir.db'}"},
        )
        self.log = folder / "api.log"
        self.address = f"http://127.0.0.1:{self.port}/console"
        kafka_clients.create_topics(bootstrap_servers, self.settings.topics.all())

    @property
    def entrance(self) -> str:
        return f"{self.address}/sign-in?pass={pass_for('visitor', now_ms() + 3_600_000, KEY.encode())}"

    @property
    def command(self) -> Command:
        settings = self.settings
        env = {
            "WEIR_NAMESPACE": settings.namespace,
            "WEIR_SIGNING_KEY": KEY,
            "WEIR_KAFKA__BOOTSTRAP_SERVERS": settings.bootstrap_servers,
            "WEIR_KAFKA__PARTITIONS": "1",
            "WEIR_API__PORT": str(self.port),
            "WEIR_API__DATABASE_URL": settings.database_url,
        }
        return Command([sys.executable, "-m", "feedback_api"], env)

    def open_alerts(self):
        return httpx.get(f"http://127.0.0.1:{self.port}/v1/alerts?limit=500").json()

    def label(self, transaction_id, verdict, labeler, **more):
        body = {"transaction_id": transaction_id, "verdict": verdict, "labeler": labeler, **more}
        httpx.post(f"http://127.0.0.1:{self.port}/v1/labels", json=body).raise_for_status()

    def ready(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/readyz").status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture(scope="module")
def deployment(broker, tmp_path_factory):
    """A running API on empty topics."""
    deployed = Deployment(broker, tmp_path_factory.mktemp("console"))
    with running(deployed.command, deployed.log):
        eventually(deployed.ready)
        yield deployed


@pytest.fixture(scope="module")
def loop(deployment):
    """A loop with two days of history that has not started to play."""
    stand_in = StandInLoop(deployment.settings)
    stand_in.warm_up()
    return stand_in


def complains(message) -> bool:
    """Whether it is an error that the page does not show itself, as it does failed requests (htmx logs those as `Event`)."""
    return message.type == "error" and message.text != "Event" and "Failed to load resource" not in message.text


@pytest.fixture
def visit(chromium, deployment):
    """Open the console as a visitor. After the test, no page may have logged an error."""
    complaints, contexts = [], []

    def open_page(address=None, **options):
        context = chromium.new_context(viewport={"width": 1440, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if complains(message) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address or deployment.entrance)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
