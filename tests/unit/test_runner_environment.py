import configparser
import stat

from pydantic import SecretStr

from operations.runner.environment import environment_of, infrastructure_environment
from operations.runner.parts import loop
from operations.runner.signing_key import with_signing_key
from operations.runner.supervisor_config import Folders, group_of, supervisord
from weir.settings import Settings, load_settings


def test_settings_survive_the_environment(tmp_path, monkeypatch):
    settings = Settings(
        state_dir=tmp_path,
        cache_dir=tmp_path / "cache",
        namespace="second",
        api={"port": 18000, "fail_open_below": 12.5},
        flink={"exactly_once_scores": True},
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
    config.read_string(group_of("loop-live", parts, {"WEIR_NAMESPACE": 'a "%" b'}, Folders(tmp_path)))
    names = config["group:loop-live"]["programs"].split(",")
    assert [config[f"program:{name}"]["process_name"] for name in names] == [part.name for part in parts]
    assert config[f"program:{names[0]}"]["environment"] == 'WEIR_NAMESPACE="a \\"%%\\" b"'


def test_socket_path_is_short_even_in_a_long_state_folder(tmp_path):
    folders = Folders(tmp_path / ("long" * 40))
    assert len(str(folders.socket)) < 108
    assert str(folders.socket) in supervisord(folders)
