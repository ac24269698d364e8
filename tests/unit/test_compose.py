"""docker-compose.yml and the local runner start the same parts in the same way."""

from pathlib import Path

import pytest
import yaml

from operations.runner.parts import MLFLOW_ENV, Health, every_part
from weir.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
PARTS = {part.name: part for part in every_part(Settings())}
WITHOUT_HEALTH_CHECK = {Health.DONE, Health.PROCESS}


def test_services_are_the_parts():
    assert list(SERVICES) == list(PARTS)


@pytest.mark.parametrize("name", PARTS)
def test_service_runs_the_parts_command(name):
    assert SERVICES[name]["command"] == f"weir run {name}"


@pytest.mark.parametrize("name", PARTS)
def test_service_and_part_have_the_same_dependencies(name):
    conditions = {other: wait["condition"] for other, wait in SERVICES[name].get("depends_on", {}).items()}
    ended = "service_completed_successfully"
    assert conditions == {
        other: ended if PARTS[other].health is Health.DONE else "service_healthy" for other in PARTS[name].depends_on
    }


@pytest.mark.parametrize("name", PARTS)
def test_service_and_part_have_the_same_health_check(name):
    check = SERVICES[name].get("healthcheck", {}).get("test")
    expected = None if PARTS[name].health in WITHOUT_HEALTH_CHECK else ["CMD", "weir", "healthy", name]
    assert check == expected


@pytest.mark.parametrize("name", PARTS)
def test_every_dependency_has_a_health_check(name):
    waited_for = [other for other in PARTS[name].depends_on if PARTS[other].health is not Health.DONE]
    assert all("healthcheck" in SERVICES[other] for other in waited_for)


def test_published_ports_are_the_settings_ports_on_this_machine_only():
    settings = Settings()
    ports = {"api": settings.api.port, "mlflow": settings.mlflow.port, "jobmanager": settings.flink.rest_port}
    ports["kafka"] = SERVICES["kafka"]["environment"]["WEIR_KAFKA__HOST_PORT"]
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {name: [f"127.0.0.1:{port}:{port}"] for name, port in ports.items()}


def test_every_service_keeps_its_state_on_a_volume():
    assert all(service["volumes"] == ["state:/var/lib/weir"] for service in SERVICES.values())
    assert set(COMPOSE["volumes"]) == {"state"}


def test_the_file_contains_no_secret():
    keys = {service["environment"]["WEIR_SIGNING_KEY"] for service in SERVICES.values()}
    assert len(keys) == 1
    assert keys.pop().startswith("${WEIR_SIGNING_KEY:?")


@pytest.mark.parametrize("name", PARTS)
def test_environment_contains_existing_settings_only(name, monkeypatch):
    for variable, value in SERVICES[name]["environment"].items():
        monkeypatch.setenv(variable, str(value))
    settings = load_settings()
    assert (settings.bootstrap_servers, settings.flink_rest) == ("kafka:9092", "http://jobmanager:8081")
    assert settings.mlflow_uri == "http://mlflow:5000"


def test_mlflow_reads_the_local_runners_environment():
    assert ROOT / SERVICES["mlflow"]["env_file"] == MLFLOW_ENV
    assert "MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false" in MLFLOW_ENV.read_text().splitlines()
