"""Settings as environment variables, which is how the runner passes them to the parts."""

import json
from collections.abc import Iterator

from weir.settings import Settings

PREFIX, BETWEEN = "WEIR_", "__"


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables from which `load_settings` restores these settings, without the signing key."""
    values = settings.model_dump(mode="json", exclude={"signing_key"}, exclude_none=True)
    values |= {name: str(getattr(settings, name).absolute()) for name in ("state_dir", "cache_dir")}
    if settings.detector.rates_file is not None:
        values["detector"]["rates_file"] = str(settings.detector.rates_file.absolute())
    return dict(_flat(values, PREFIX))


def infrastructure_environment(settings: Settings) -> dict[str, str]:
    """The variables of the infrastructure only.

    They are the same for every namespace; otherwise `weir up` in another namespace would restart the infrastructure.
    """
    own = ("NAMESPACE", "API__", "DETECTOR__", "LEARNING__")
    shared = {name: value for name, value in environment_of(settings).items() if not name.startswith(_with_prefix(own))}
    return shared | {"WEIR_NAMESPACE": "infrastructure"}


def _with_prefix(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(PREFIX + name for name in names)


def _flat(values: dict[str, object], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name.upper()}{BETWEEN}")
        else:
            yield f"{prefix}{name.upper()}", value if isinstance(value, str) else json.dumps(value)
