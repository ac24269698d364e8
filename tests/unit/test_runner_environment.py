import configparser
import stat

import pytest
from pydantic import SecretStr
from supervisor.datatypes import dict_of_key_value_pairs
from supervisor.options import UnhosedConfigParser, expand

from operations.runner.environment import environment_of, infrastructure_environment
from operations.runner.loops import launch
from operations.runner.parts import Health, Part, loop
from operations.runner.signing_key import with_signing_key
from operations.runner.supervisor_config import Folders, group_of, supervisord
from operations.runner.supervisord import Supervisor
from tests.waiting import eventually
from weir.errors import DeploymentError
from weir.settings import Settings, load_settings


def test_settings_survive_the_environment(tmp_path, monkeypatch):
    settings = Settings(
        state_dir=tmp_path,
        cache_dir=tmp_path / "cache",
        namespace="second",
        api={"port": 18000, "fail_open_below": 12.5},
        flink={"exactly_once_scores": True},
        detector={"categorical_attributes": ("shop kind", "tier"), "rates_file": tmp_path / "rates.csv"},
    )
    for name, value in environment_of(settings).items():
        monkeypatch.setenv(name, value)
    assert load_settings() == settings


def test_signing_key_is_not_in_the_environment_of_the_parts(tmp_path):
    settings = Settings(state_dir=tmp_path, signing_key=SecretStr("very-secret"))
    assert "very-secret" not in str(environment_of(settings))


def test_infrastructure_environment_is_the_same_for_all_namespaces(tmp_path):
    live, second = (
        Settings(state_dir=tmp_path, namespace=name, api={"port": port}) for name, port in [("a", 1), ("b", 2)]
    )
    assert infrastructure_environment(live) == infrastructure_environment(second)


def test_signing_key_is_created_once(tmp_path):
    first, second = (with_signing_key(Settings(state_dir=tmp_path)) for _ in range(2))
    assert first.require_signing_key() == second.require_signing_key()


def test_signing_key_is_readable_by_its_owner_only(tmp_path):
    with_signing_key(Settings(state_dir=tmp_path))
    assert stat.S_IMODE((tmp_path / "signing.key").stat().st_mode) == 0o600


def test_key_from_the_settings_is_used(tmp_path):
    settings = with_signing_key(Settings(state_dir=tmp_path, signing_key=SecretStr("mine")))
    assert settings.require_signing_key() == b"mine"


def test_group_starts_every_part_of_the_loop(tmp_path):
    parts = loop(Settings())
    config = configparser.RawConfigParser(delimiters=["="])
    config.read_string(group_of("loop-live", parts, {}, Folders(tmp_path)))
    names = config["group:loop-live"]["programs"].split(",")
    assert [config[f"program:{name}"]["process_name"] for name in names] == [part.name for part in parts]


VALUES = [
    '["refund", "charge-back"]',
    "/home/it's mine/50 % off",
    "a\\b",
    "",
    "a,b=c",
    '{"a": ["x"]}',
    "C:/x;y#z",
    "ü 💳",
]


@pytest.mark.parametrize("value", VALUES)
def test_supervisord_reads_every_value_as_it_is(tmp_path, value):
    group = group_of("loop-live", loop(Settings())[:1], {"WEIR_A": value, "WEIR_B": "b"}, Folders(tmp_path))
    parser = UnhosedConfigParser()
    parser.read_string(group)
    [section] = [name for name in parser.sections() if name.startswith("program:")]
    expanded = expand(parser.get(section, "environment"), {}, "environment")
    assert dict_of_key_value_pairs(expanded) == {"WEIR_A": value, "WEIR_B": "b"}


@pytest.mark.parametrize("value", ['it\'s "both"', '"quoted"', "two\nlines", "a ;comment", "a #comment"])
def test_a_value_that_supervisord_cannot_read_is_refused(tmp_path, value):
    with pytest.raises(DeploymentError, match="WEIR_A"):
        group_of("loop-live", loop(Settings())[:1], {"WEIR_A": value}, Folders(tmp_path))


def test_socket_path_is_short_even_in_a_long_state_folder(tmp_path):
    folders = Folders(tmp_path / ("long" * 40))
    assert len(str(folders.socket)) < 108
    assert str(folders.socket) in supervisord(folders)


@pytest.mark.parametrize("name", ["50 % off", "it's ours"])
def test_supervisord_works_in_a_folder_of_any_name(tmp_path, name):
    supervisor, nothing = Supervisor(Folders(tmp_path / name)), Part("nothing", Health.PROCESS)
    supervisor.start({})
    try:
        launch("group", [nothing], {}, supervisor, tmp_path / name)
        log = Folders(tmp_path / name).log("group", "nothing")
        assert eventually(lambda: "There is no part 'nothing'" in log.read_text(), deadline_s=120)
    finally:
        supervisor.shut_down()
