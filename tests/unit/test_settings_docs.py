"""docs/settings.md lists the settings of `weir.settings` with their defaults."""

import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from weir.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
ROW = re.compile(r"^\| `([a-z_.]+)` \| (.*?) \| (.*?) \| (.*?) \|$", re.MULTILINE)


def documented() -> dict[str, str]:
    return {name: default.strip("`") for name, default, _, _ in ROW.findall(PAGE.read_text())}


def declared(model: type[BaseModel] = Settings, prefix: str = "") -> dict[str, str]:
    """The dotted name of every setting, with its default as the page writes it."""
    found = {}
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            found |= declared(type(field.default), f"{prefix}{name}.")
        else:
            found[prefix + name] = written(field.default)
    return found


def written(default: Any) -> str:
    if default is None:
        return "none"
    if isinstance(default, Path):
        return str(default).replace(str(Path.home()), "~")
    return str(default).lower() if isinstance(default, bool) else str(default)


def test_every_setting_is_on_the_page_and_nothing_else():
    assert set(documented()) == set(declared())


def test_the_page_has_the_actual_defaults():
    assert documented() == declared()


def test_every_setting_has_a_unit_and_a_meaning():
    rows = ROW.findall(PAGE.read_text())
    assert not [name for name, _, unit, meaning in rows if not unit or not meaning.endswith((".", ")."))]
