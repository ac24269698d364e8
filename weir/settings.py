"""Settings: typed, read once where a process begins, and passed on as values. docs/settings.md explains every default.

The first source that has a value wins: arguments, the environment (`WEIR_KAFKA__PORT=9192`), the endpoints that
`weir up` chose (`<state_dir>/endpoints.toml`), a file (`weir.toml`, or the one that `WEIR_SETTINGS` names), defaults.
"""

import os
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from weir.errors import DeploymentError
from weir.messages import MAX_RECORD_BYTES, Decision
from weir.topics import Topics

Port = Annotated[int, Field(ge=1, le=65535)]
Milliseconds = Annotated[int, Field(ge=0)]
Mebibytes = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR"],
    BeforeValidator(lambda level: level.upper() if isinstance(level, str) else level),
]

_LIKENESS = 0.85
"""How like a setting's name a variable must be to count as misspelt, from 0 to 1.

WEIR_HOTS is 0.89 like WEIR_HOST, WEIR_API_URL only 0.8 like WEIR_API__PORT. Otherwise a round number; not measured.
"""

_KUBERNETES = re.compile(r"\w+(_SERVICE_HOST|_SERVICE_PORT\w*|_PORT_\d+_(TCP|UDP|SCTP)\w*)=.*|\w+=(tcp|udp|sctp)://.*")
"""What Kubernetes sets for a service such as `weir-api`: WEIR_API_SERVICE_HOST, WEIR_API_PORT=tcp://10.0.0.1:8000, ..."""


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    if not all(names) or len(set(names)) < len(names):
        raise ValueError("needs names, each once")
    return names


def _lower_case(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.strip().lower() for name in names)


class _Section(BaseModel):
    """A misspelt name is an error. Ignoring one would silently apply the default."""

    model_config = ConfigDict(extra="forbid")


class KafkaSettings(_Section):
    """The broker. `bootstrap_servers` names an external broker and overrides host and port."""

    port: Port = 9092
    controller_port: Port = 9093
    host_port: Port | None = None
    bootstrap_servers: str | None = None
    partitions: Annotated[int, Field(ge=1)] = 4
    replication: Annotated[int, Field(ge=1)] = 1
    heap_mb: Mebibytes = 512


class FlinkSettings(_Section):
    rest_port: Port = 8081
    rpc_port: Port = 6123
    jobmanager_host: str | None = None
    detector_parallelism: Annotated[int, Field(ge=1)] = 1
    label_join_parallelism: Annotated[int, Field(ge=1)] = 1
    standby_taskmanagers: Annotated[int, Field(ge=0)] = 1
    one_taskmanager: bool = False
    jobmanager_mb: Mebibytes = 1024
    taskmanager_mb: Mebibytes = 1536
    state_backend: Literal["rocksdb", "hashmap"] = "rocksdb"
    detector_checkpoint_ms: Milliseconds = 2000
    label_join_checkpoint_ms: Milliseconds = 500
    transaction_timeout_ms: Milliseconds = 3_600_000
    exactly_once_scores: bool = False
    bundle_ms: Milliseconds = 5
    buffer_ms: Milliseconds = 2
    linger_ms: Milliseconds = 2

    @property
    def python_subtasks(self) -> int:
        """How many subtasks of one namespace run Python."""
        return self.detector_parallelism + self.label_join_parallelism


class MlflowSettings(_Section):
    """The tracking server. `uri` names an external server and overrides host and port."""

    port: Port = 5000
    uri: str | None = None
    model_name: str = "weir-champion"
    register_every_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 10.0


class ApiSettings(_Section):
    """The feedback API and the synchronous decision service.

    After `decision_deadline_ms`, a payment below `fail_open_below` (base currency) is approved and any other gets
    `fail_closed_decision`. Both are flagged `deadline_exceeded`. A body above the limit of `max_body_bytes` would be
    accepted with 202, then dead-lettered.
    """

    port: Port = 8000
    database_url: str | None = None
    decision_deadline_ms: Annotated[int, Field(ge=1)] = 250
    fail_open_below: Amount = 50.0
    fail_closed_decision: Decision = "review"
    max_body_bytes: Annotated[int, Field(ge=1, le=MAX_RECORD_BYTES)] = 65_536


Declared = Annotated[tuple[str, ...], Field(max_length=4), AfterValidator(_distinct)]


class DetectorSettings(_Section):
    """Event time, money and decisions. With `twin_freezes_at_ms`, a frozen twin runs beside the detector."""

    base_currency: str = "EUR"
    rates_file: Path | None = None
    money_back_types: Annotated[tuple[str, ...], AfterValidator(_lower_case)] = (
        "refund",
        "reversal",
        "return",
        "void",
        "cancellation",
        "chargeback",
    )
    allowed_lateness_ms: Annotated[int, Field(ge=0, le=5 * 24 * 3_600_000)] = 3_600_000
    future_skew_ms: Milliseconds = 60_000
    max_recent_events: Annotated[int, Field(ge=16)] = 256
    otp_threshold: Amount = 30.0
    numeric_attributes: Declared = ()
    categorical_attributes: Declared = ()
    challenge_at: Share = 0.3
    review_at: Share = 0.6
    block_at: Share = 0.95
    twin_freezes_at_ms: Milliseconds | None = None


class LearningSettings(_Section):
    """The label join and the learner. `clock` says by which clock payments mature and are forgotten."""

    clock: Literal["wall", "stream"] = "wall"
    epoch: Annotated[int, Field(ge=1)] = 1
    maturity_horizon_s: Annotated[int, Field(ge=1)] = 30 * 24 * 3600
    retention_s: Annotated[int, Field(ge=1)] = 180 * 24 * 3600
    implicit_share: Annotated[float, Field(gt=0, le=1)] = 0.2
    publish_every_ms: Milliseconds = 250
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.1


class Settings(BaseSettings):
    """All settings. A test compares them with docs/settings.md."""

    model_config = SettingsConfigDict(env_prefix="WEIR_", env_nested_delimiter="__", extra="forbid")

    state_dir: Path = Path(".weir")
    cache_dir: Path = Path.home() / ".cache" / "weir"
    namespace: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")] = "live"
    host: str = "127.0.0.1"
    bind_host: str = "127.0.0.1"
    signing_key: SecretStr | None = None
    log_level: LogLevel = "INFO"
    kafka: KafkaSettings = KafkaSettings()
    flink: FlinkSettings = FlinkSettings()
    mlflow: MlflowSettings = MlflowSettings()
    api: ApiSettings = ApiSettings()
    detector: DetectorSettings = DetectorSettings()
    learning: LearningSettings = LearningSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- pydantic passes it by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources in the order of the module's docstring."""
        state_dir = Path(_variable("WEIR_STATE_DIR") or ".weir")
        files = [state_dir / "endpoints.toml", Path(_variable("WEIR_SETTINGS") or "weir.toml")]
        return (
            init_settings,
            env_settings,
            *(TomlConfigSettingsSource(settings_cls, toml_file=file) for file in files),
        )

    @property
    def bootstrap_servers(self) -> str:
        """The broker's address for clients, `host:port`, several separated by commas."""
        return self.kafka.bootstrap_servers or f"{self.host}:{self.kafka.port}"

    @property
    def topics(self) -> Topics:
        return Topics(self.namespace, self.kafka.partitions)

    @property
    def twin_group(self) -> str:
        """The consumer group whose committed offsets are the frozen twin's progress."""
        return f"weir-{self.namespace}-twin"

    @property
    def flink_rest(self) -> str:
        """The URL of Flink's REST API and dashboard."""
        return f"http://{self.flink.jobmanager_host or self.host}:{self.flink.rest_port}"

    @property
    def mlflow_uri(self) -> str:
        """The URL of the tracking server."""
        return self.mlflow.uri or f"http://{self.host}:{self.mlflow.port}"

    @property
    def registered_model(self) -> str:
        """The registered model. Only `live` has the plain name, so a replay never moves the live alias."""
        name = self.mlflow.model_name
        return name if self.namespace == "live" else f"{name}-{self.namespace}"

    @property
    def api_url(self) -> str:
        """The URL of the feedback API."""
        return f"http://{self.host}:{self.api.port}"

    @property
    def namespace_dir(self) -> Path:
        """The folder of this namespace's checkpoints and database."""
        return self.state_dir / "namespaces" / self.namespace

    def skipped_file(self, job: str) -> Path:
        """The list of what a job, `detector` or `label-join`, passes over (`weir.skipped`)."""
        return self.namespace_dir / "skipped" / job

    @property
    def database_url(self) -> str:
        """The URL of the API's database: SQLite in the namespace's folder unless another is set."""
        return self.api.database_url or f"sqlite:///{(self.namespace_dir / 'weir.db').absolute()}"

    def require_signing_key(self) -> bytes:
        """Return the key that signs publications.

        Raises:
            DeploymentError: no key is set. A default would let anybody sign.
        """
        if self.signing_key is None or not self.signing_key.get_secret_value():
            raise DeploymentError(
                "No signing key is set.", "Set WEIR_SIGNING_KEY, or start with `weir up`, which makes one."
            )
        return self.signing_key.get_secret_value().encode()


def load_settings(**overrides: object) -> Settings:
    """Read the settings.

    Raises:
        DeploymentError: a setting is unknown or invalid, or the named file is missing; the error names it.
    """
    _require_known(os.environ)
    _require_file(_variable("WEIR_SETTINGS"))
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise DeploymentError(f"The setting {name!r} is invalid: {first['msg']}.", "See docs/settings.md.") from error
    except ValueError as error:  # a section that is not JSON, a file that is not TOML
        raise DeploymentError(f"The settings cannot be read: {error}.", "See docs/settings.md.") from error


def _require_known(environment: Mapping[str, str]) -> None:
    """Refuse a misspelt variable.

    Orchestrators set variables of their own that begin with `WEIR_`. A name without `__` is therefore refused only if it
    resembles a setting's, with one underscore or two, and Kubernetes does not set it.
    """
    known = {"WEIR_SETTINGS", *_variables()}
    flat = {name.replace("__", "_"): name for name in sorted(known)}
    for variable, value in environment.items():
        name = variable.upper()
        if not name.startswith("WEIR_") or name in known or _KUBERNETES.fullmatch(f"{name}={value}"):
            continue
        close = get_close_matches(name.replace("__", "_"), flat, n=1, cutoff=_LIKENESS)
        if close or "__" in name:
            hint = f"Did you mean {flat[close[0]]}? " if close else ""
            raise DeploymentError(f"There is no setting for the variable {variable}.", f"{hint}See docs/settings.md.")


def _variables() -> Iterator[str]:
    """Yield the variable of every setting, and of every section, which may be set whole as JSON."""
    for name, field in Settings.model_fields.items():
        yield f"WEIR_{name}".upper()
        if isinstance(field.default, _Section):
            yield from (f"WEIR_{name}__{key}".upper() for key in type(field.default).model_fields)


def _require_file(named: str | None) -> None:
    if named is not None and not Path(named).is_file():
        remedy = "Correct the path, or unset the variable."
        raise DeploymentError(f"WEIR_SETTINGS names {named!r}, which is not a file.", remedy)


def _variable(name: str) -> str | None:
    """Return a variable's value. Its case is ignored, as pydantic does."""
    return next((value for variable, value in os.environ.items() if variable.upper() == name), None)
