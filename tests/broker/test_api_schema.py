"""Generated valid and invalid requests against the served application on a real broker."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import hypothesis
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from feedback_api.http_app import create_app
from operations.runner.ports import free_ports
from tests.stand_in_detector import a_stand_in_detector
from tests.waiting import eventually
from weir.settings import Settings

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]


FORGIVING = [check for check in CHECKS if check is not checks.negative_data_rejection]
"""A payment with an odd optional value is scored, not refused (docs/adr/0027)."""


@contextmanager
def served(settings: Settings) -> Iterator[str]:
    """Serve the application and yield its address."""
    port = settings.api.port
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=port, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        eventually(lambda: server.started, deadline_s=30)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def api_schema(broker, tmp_path_factory):
    settings = Settings(
        namespace=f"schema-{uuid.uuid4().hex[:8]}",
        kafka={"bootstrap_servers": broker},
        api={
            "port": free_ports(1)[0],
            "database_url": f"sqlite:///{tmp_path_factory.mktemp('api') / 'weir.db'}",
            "decision_deadline_ms": 5000,
        },
    )
    with served(settings) as url, a_stand_in_detector(settings):
        yield schemathesis.openapi.from_url(f"{url}/openapi.json")


PHASES = [Phase.explicit, Phase.generate]  # shrinking over HTTP takes minutes
POSTS = ["/v1/labels", "/v1/decisions", "/v1/user-events"]
OPERATIONS = [
    *((path, "POST", mode) for path in POSTS for mode in GenerationMode),
    *(("/v1/labels:receipts", "POST", mode) for mode in GenerationMode),
    ("/v1/labels:batch", "POST", GenerationMode.POSITIVE),
    ("/v1/labels/{label_id}", "GET", GenerationMode.POSITIVE),
    ("/readyz", "GET", GenerationMode.POSITIVE),
]


@pytest.mark.parametrize(("path", "method", "mode"), OPERATIONS)
def test_no_request_causes_a_server_error_and_answers_fit_the_schema(api_schema, path, method, mode):
    @hypothesis.settings(max_examples=40, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
    @hypothesis.given(case=api_schema[path][method].as_strategy(generation_mode=mode))
    def check(case):
        case.call_and_validate(checks=CHECKS if path != "/v1/decisions" else FORGIVING)

    check()
