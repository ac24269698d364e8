"""Open the database: SQLite by default, PostgreSQL if `api.database_url` names one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import InterfaceError, OperationalError

from weir.errors import PartUnavailable

MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 0x77656972  # "weir" in ASCII: instances that start together migrate one after the other


def open_database(database_url: str) -> Engine:
    """Return an engine after migrating its database to the newest schema.

    Raises:
        PartUnavailable: the database does not answer.
    """
    url = make_url(database_url)
    engine = _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url)
    with answering():
        _migrate(engine)
    return engine


@contextmanager
def answering() -> Iterator[None]:
    """Turn a driver's error within the block into PartUnavailable.

    Raises:
        PartUnavailable: the database does not answer or stays locked.
    """
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise PartUnavailable(
            f"The database does not answer: {error.orig}.", "Check api.database_url and the database's own log."
        ) from error


def _sqlite(url: URL) -> Engine:
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url)  # the driver waits 5 s for a lock; `?timeout=` changes that
    event.listen(engine, "connect", _set_pragmas)
    return engine


def _set_pragmas(connection: Any, _record: object) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _postgresql(url: URL) -> Engine:
    return create_engine(
        url.set(drivername="postgresql+psycopg"), pool_pre_ping=True, connect_args={"connect_timeout": 5}
    )


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
