"""The ports that `weir up` chose. It replaces ports in use by free ones and records its choice in `endpoints.toml`."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from operations.runner.port_claims import claiming
from operations.runner.ports import free_port_or_another
from weir.settings import Settings

_SHARED = {"kafka": ("port", "controller_port", "host_port"), "flink": ("rest_port", "rpc_port"), "mlflow": ("port",)}
_OWN = {"api": ("port",)}


def choose_shared(settings: Settings) -> tuple[Settings, list[str]]:
    """Settings with free ports for the infrastructure, and one sentence for each port that was in use."""
    return _choose(settings, _SHARED, set())


def choose_own(settings: Settings) -> tuple[Settings, list[str]]:
    """As `choose_shared`, for the ports of one namespace's loop. Those of other namespaces may not be in use yet."""
    return _choose(settings, _OWN, _of_others(settings))


def write(settings: Settings, file: Path) -> None:
    sections = {name: getattr(settings, name) for name in (*_SHARED, *_OWN)}
    lines = [
        f"[{name}]\n"
        + "".join(
            f"{port} = {value}\n" for port in (_SHARED | _OWN)[name] if (value := getattr(section, port)) is not None
        )
        for name, section in sections.items()
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    whole = file.with_suffix(".new")  # a reader never sees half of it
    whole.write_text("# Written by `weir up`: the ports it chose.\n" + "\n".join(lines))
    whole.replace(file)


def with_choice(settings: Settings, file: Path) -> Settings:
    """Settings with the ports recorded in `file`, which win because running parts already use them."""
    chosen = tomllib.loads(file.read_text()) if file.exists() else {}
    return settings.model_copy(
        update={name: getattr(settings, name).model_copy(update=ports) for name, ports in chosen.items()}
    )


def _of_others(settings: Settings) -> set[int]:
    files = settings.namespace_dir.parent.glob("*/endpoints.toml")
    others = [tomllib.loads(file.read_text()) for file in files if file.parent != settings.namespace_dir]
    return {chosen[name][port] for chosen in others for name, ports in _OWN.items() for port in ports}


def _choose(settings: Settings, sections: Mapping[str, tuple[str, ...]], avoid: set[int]) -> tuple[Settings, list[str]]:
    with claiming(settings.cache_dir, settings.state_dir) as claimed:
        taken = claimed | avoid
        settings, moved = _chosen(settings, sections, taken)
        claimed.update(taken - avoid)
    return settings, moved


def _chosen(settings: Settings, sections: Mapping[str, tuple[str, ...]], taken: set[int]) -> tuple[Settings, list[str]]:
    moved: list[str] = []
    update: dict[str, object] = {}
    for name, ports in sections.items():
        section = getattr(settings, name)
        for port in ports:
            wanted = getattr(section, port)
            if wanted is None:
                continue
            found = free_port_or_another(wanted, settings.bind_host, taken)
            taken.add(found)
            section = section.model_copy(update={port: found})
            if found != wanted:
                moved.append(f"{name}.{port}: {wanted} is in use, using {found} instead")
        update[name] = section
    return settings.model_copy(update=update), moved
