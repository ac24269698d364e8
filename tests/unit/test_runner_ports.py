import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psutil
import pytest

from operations.runner import endpoints
from operations.runner.port_claims import CLAIM_S, claiming
from operations.runner.ports import free_port_or_another, free_ports, is_free
from weir.settings import Settings


@contextmanager
def a_listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def settings_with(**api):
    kafka, controller, rest, rpc, mlflow = free_ports(5)
    return Settings(
        kafka={"port": kafka, "controller_port": controller},
        flink={"rest_port": rest, "rpc_port": rpc},
        mlflow={"port": mlflow},
        api=api,
    )


def test_port_with_a_listener_is_not_free():
    with a_listener() as port:
        assert not is_free(port)


def test_free_ports_differ():
    assert len(set(free_ports(20))) == 20


def test_port_in_use_is_replaced_by_another():
    with a_listener() as port:
        found = free_port_or_another(port)
    assert found != port


def test_wanted_port_is_kept_when_it_is_free():
    [port] = free_ports(1)
    assert free_port_or_another(port) == port


def test_replaced_port_is_reported():
    with a_listener() as port:
        settings, moved = endpoints.choose_own(settings_with(port=port))
    assert moved == [f"api.port: {port} is in use, using {settings.api.port} instead"]


def test_a_port_that_another_state_folder_has_chosen_and_not_opened_yet_is_avoided(tmp_path):
    [port] = free_ports(1)
    here, there = (
        Settings(cache_dir=tmp_path / "cache", state_dir=tmp_path / name, api={"port": port}) for name in "ab"
    )
    assert endpoints.choose_own(here)[0].api.port == port
    assert endpoints.choose_own(there)[0].api.port != port
    assert endpoints.choose_own(here)[0].api.port == port


@pytest.mark.parametrize("content", [b"no list", b'[{"port": 1}]'])
def test_claims_that_are_old_or_whose_start_has_ended_and_a_damaged_file_claim_nothing(tmp_path, monkeypatch, content):
    [port] = free_ports(1)
    with claiming(tmp_path, tmp_path / "a") as taken:
        taken.add(port)
    with claiming(tmp_path, tmp_path / "b") as taken:
        assert port in taken
    later_s = time.time() + CLAIM_S
    with monkeypatch.context() as later:
        later.setattr(time, "time", lambda: later_s)
        with claiming(tmp_path, tmp_path / "b") as taken:
            assert not taken
    ended = psutil.Popen(["true"])
    ended.wait()
    with monkeypatch.context() as another:
        another.setattr(os, "getpid", lambda: ended.pid)
        with claiming(tmp_path, tmp_path / "a") as taken:
            taken.add(port)
    with claiming(tmp_path, tmp_path / "b") as taken:
        assert not taken
    (tmp_path / "ports.json").write_bytes(content)
    with claiming(tmp_path, tmp_path / "b") as taken:
        assert not taken


def test_starts_in_two_state_folders_at_once_wait_for_each_other(tmp_path):
    order = []

    def start(name):
        with claiming(tmp_path, tmp_path / name) as taken:
            order.append((name, sorted(taken)))
            taken.add(len(taken) + 1)
            time.sleep(0.1)

    with ThreadPoolExecutor() as starts:
        list(starts.map(start, "abc"))
    assert [taken for _, taken in order] == [[], [1], [1, 2]]


def test_where_the_cache_is_no_folder_ports_are_chosen_without_claims(tmp_path):
    (tmp_path / "cache").touch()
    [port] = free_ports(1)
    settings = Settings(cache_dir=tmp_path / "cache", state_dir=tmp_path, api={"port": port})
    assert endpoints.choose_own(settings)[0].api.port == port


def test_parts_that_want_the_same_port_get_different_ones():
    [port] = free_ports(1)
    same = Settings(kafka={"port": port, "controller_port": port}, mlflow={"port": port})
    chosen, _ = endpoints.choose_shared(same)
    assert len({chosen.kafka.port, chosen.kafka.controller_port, chosen.mlflow.port}) == 3


def test_recorded_ports_win_over_the_settings(tmp_path):
    file = tmp_path / "endpoints.toml"
    endpoints.write(settings_with(port=18000), file)
    assert endpoints.with_choice(settings_with(port=8000), file).api.port == 18000


def test_settings_read_the_ports_that_up_chose(tmp_path, monkeypatch):
    monkeypatch.setenv("WEIR_STATE_DIR", str(tmp_path))
    endpoints.write(settings_with(port=18000), tmp_path / "endpoints.toml")
    assert Settings().api_url == "http://127.0.0.1:18000"


def test_a_loop_takes_no_port_that_another_one_has_chosen_and_not_opened_yet(tmp_path):
    [port] = free_ports(1)
    first = Settings(state_dir=tmp_path, namespace="first", api={"port": port})
    endpoints.write(first, first.namespace_dir / "endpoints.toml")
    second, _ = endpoints.choose_own(first.model_copy(update={"namespace": "second"}))
    assert second.api.port != port
    assert endpoints.choose_own(first)[0].api.port == port
