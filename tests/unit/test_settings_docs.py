"""docs/settings.md lists the settings of `weir.settings` with their defaults."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from weir.errors import DeploymentError
from weir.messages import MAX_RECORD_BYTES
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
    if isinstance(default, tuple):
        return str([*default])
    return str(default).lower() if isinstance(default, bool) else str(default)


def test_every_setting_is_on_the_page_and_nothing_else():
    assert set(documented()) == set(declared())


def test_the_page_has_the_actual_defaults():
    assert documented() == declared()


def test_every_setting_has_a_unit_and_a_meaning():
    rows = ROW.findall(PAGE.read_text())
    assert not [name for name, _, unit, meaning in rows if not unit or not meaning.endswith((".", ")."))]


@pytest.mark.parametrize(
    "variable",
    [
        "WEIR_KAFKA__PROT",
        "WEIR_KAFAK__PORT",
        "WEIR_FOO__PORT",
        "WEIR_LEARNING__SEED",
        "WEIR_NAMESPCE",
        "WEIR_NAMESPACE__X",
        "WEIR_KAFKA__PORT__X",
        "WEIR_API_PORT",
        "WEIR_KAFKA_BOOTSTRAP_SERVERS",
        "WEIR_DETECTOR_OTP_THRESHOLD",
        "WEIR_SETTING",
        "weir_kafak__port",
        "weir_api_port",
    ],
)
def test_a_misspelt_variable_stops_the_process(monkeypatch, variable):
    monkeypatch.setenv(variable, "7")
    with pytest.raises(DeploymentError, match=variable) as refused:
        load_settings()
    assert "docs/settings.md" in refused.value.remedy


@pytest.mark.parametrize("variable", ["WEIR_MLFLOW_URI", "WEIR_MLFLWO__URI", "weir_mlflow__ur"])
def test_the_error_names_the_variable_that_was_meant(monkeypatch, variable):
    monkeypatch.setenv(variable, "http://mlflow")
    with pytest.raises(DeploymentError) as refused:
        load_settings()
    assert "Did you mean WEIR_MLFLOW__URI?" in refused.value.remedy


@pytest.mark.parametrize("setting", [name for name in declared() if "." in name])
def test_a_variable_with_one_underscore_too_few_stops_the_process(monkeypatch, setting):
    variable = f"WEIR_{setting.replace('.', '_')}".upper()
    monkeypatch.setenv(variable, "7")
    with pytest.raises(DeploymentError, match=variable):
        load_settings()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("WEIR_API_SERVICE_HOST", "10.0.0.1"),
        ("WEIR_API_SERVICE_PORT", "8000"),
        ("WEIR_API_SERVICE_PORT_HTTP", "8000"),
        ("WEIR_API_PORT", "tcp://10.0.0.1:8000"),
        ("WEIR_API_PORT_8000_TCP", "tcp://10.0.0.1:8000"),
        ("WEIR_API_PORT_8000_TCP_PROTO", "tcp"),
        ("WEIR_API_PORT_8000_TCP_PORT", "8000"),
        ("WEIR_API_PORT_8000_TCP_ADDR", "10.0.0.1"),
        ("WEIR_KAFKA_PORT", "udp://10.0.0.1:9092"),
        ("WEIR_CHROMIUM", "/usr/bin/chromium"),
    ],
)
def test_variables_of_an_orchestrator_are_none_of_our_settings(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    load_settings()


@pytest.mark.parametrize("variable", ["WEIR_KAFKA__PORT", "weir_kafka__port"])
def test_a_variable_sets_its_setting_in_either_case(monkeypatch, variable):
    monkeypatch.setenv(variable, "9192")
    assert load_settings().kafka.port == 9192


def test_a_misspelt_name_in_the_file_stops_the_process(monkeypatch, tmp_path):
    file = tmp_path / "weir.toml"
    file.write_text("[detector]\nblock_att = 0.9\n")
    monkeypatch.setenv("WEIR_SETTINGS", str(file))
    with pytest.raises(DeploymentError, match="block_att"):
        load_settings()


@pytest.mark.parametrize("variable", ["WEIR_SETTINGS", "weir_settings"])
def test_a_named_file_that_is_missing_stops_the_process(monkeypatch, tmp_path, variable):
    monkeypatch.setenv(variable, str(tmp_path / "missing.toml"))
    with pytest.raises(DeploymentError, match=r"missing\.toml"):
        load_settings()


@pytest.mark.parametrize(("variable", "value"), [("WEIR_SETTINGS", "not [toml"), ("WEIR_KAFKA", "not json")])
def test_settings_that_cannot_be_read_stop_the_process(monkeypatch, tmp_path, variable, value):
    file = tmp_path / "weir.toml"
    file.write_text(value)
    monkeypatch.setenv(variable, str(file) if variable == "WEIR_SETTINGS" else value)
    with pytest.raises(DeploymentError, match="cannot be read"):
        load_settings()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("log_level", "NONSENSE"),
        ("kafka.port", "0"),
        ("kafka.heap_mb", "-5"),
        ("flink.jobmanager_mb", "0"),
        ("flink.taskmanager_mb", "-1"),
        ("flink.state_backend", "nonsense"),
        ("mlflow.register_every_s", "nan"),
        ("api.fail_open_below", "nan"),
        ("api.fail_closed_decision", "perhaps"),
        ("api.max_body_bytes", "0"),
        ("api.max_body_bytes", str(MAX_RECORD_BYTES + 1)),
        ("detector.otp_threshold", "inf"),
        ("detector.block_at", "nan"),
        ("learning.learning_rate", "-1"),
        ("learning.learning_rate", "nan"),
        ("learning.implicit_share", "0"),
    ],
)
def test_a_value_out_of_range_stops_the_process_and_is_named(monkeypatch, setting, value):
    monkeypatch.setenv(f"WEIR_{setting.replace('.', '__')}".upper(), value)
    with pytest.raises(DeploymentError, match=re.escape(f"'{setting}'")):
        load_settings()


def test_a_body_may_be_as_long_as_a_record_on_kafka(monkeypatch):
    monkeypatch.setenv("WEIR_API__MAX_BODY_BYTES", str(MAX_RECORD_BYTES))
    assert load_settings().api.max_body_bytes == MAX_RECORD_BYTES


def test_a_log_level_may_be_in_small_letters(monkeypatch):
    monkeypatch.setenv("WEIR_LOG_LEVEL", "debug")
    assert load_settings().log_level == "DEBUG"
