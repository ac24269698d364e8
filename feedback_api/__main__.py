"""`python -m feedback_api`: the API's process, one worker."""

import sys

import structlog
import uvicorn

from feedback_api.app import create_app
from feedback_api.sql_database import open_database
from weir.errors import DeploymentError
from weir.logs import configure_logs
from weir.settings import load_settings

SHUTDOWN_S = 10


def main() -> None:
    """Serve until told to stop."""
    settings = load_settings()
    configure_logs(settings.log_level)
    open_database(settings.database_url).dispose()  # a database that is away ends the start with one sentence
    uvicorn.run(
        create_app(settings),
        host=settings.bind_host,
        port=settings.api.port,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=SHUTDOWN_S,
    )


if __name__ == "__main__":
    try:
        main()
    except DeploymentError as error:
        structlog.get_logger().error("api_not_started", problem=error.problem, remedy=error.remedy)
        sys.exit(1)
