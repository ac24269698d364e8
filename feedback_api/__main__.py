"""`python -m feedback_api`: run the API with one worker."""

import sys
import threading
from types import FrameType

import structlog
import uvicorn

from feedback_api.http_app import create_app
from feedback_api.sql_database import open_database
from weir.errors import DeploymentError
from weir.logs import configure_logs
from weir.settings import load_settings

SHUTDOWN_S = 10  # for open requests, before they are cancelled


class Server(uvicorn.Server):
    """Sets `stopping` on a signal, before it waits for open requests: a console's event stream never ends by itself."""

    def __init__(self, config: uvicorn.Config, stopping: threading.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._stopping.set()
        super().handle_exit(sig, frame)


def main() -> None:
    settings = load_settings()
    configure_logs(settings.log_level)
    open_database(settings.database_url).dispose()  # fail early, with one sentence instead of a traceback
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.bind_host,
        port=settings.api.port,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=SHUTDOWN_S,
    )
    Server(config, app.state.stopping).run()


if __name__ == "__main__":
    try:
        main()
    except DeploymentError as error:
        structlog.get_logger().error("api_not_started", problem=error.problem, remedy=error.remedy)
        sys.exit(1)
