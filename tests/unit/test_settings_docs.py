"""docs/settings.md lists the settings of `weir.settings` with their defaults."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from weir.errors import DeploymentError
from weir.settings import Settings, load_settings

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


@pytest.mark.parametrize(
    "variable", ["WEIR_KAFKA__PROT", "WEIR_KAFAK__PORT", "WEIR_NAMESPCE", "WEIR_FOO__PORT", "WEIR_LEARNING__SEED"]
)
def test_a_misspelt_variable_stops_the_process(monkeypatch, variable):
    monkeypatch.setenv(variable, "7")
    with pytest.raises(DeploymentError) as refused:
        load_settings()
    assert "docs/settings.md" in refused.value.remedy


def test_a_misspelt_name_in_the_file_stops_the_process(monkeypatch, tmp_path):
    file = tmp_path / "weir.toml"
    file.write_text("[detector]\nblock_att = 0.9\n")
    monkeypatch.setenv("WEIR_SETTINGS", str(file))
    with pytest.raises(DeploymentError, match="block_att"):
        load_settings()


def test_variables_of_an_orchestrator_are_none_of_our_settings(monkeypatch):
    monkeypatch.setenv("WEIR_API_SERVICE_HOST", "10.0.0.1")
    load_settings()
