from importlib import metadata

import pytest

from operations.runner import doctor
from operations.runner.supervisor_config import Folders
from operations.runner.supervisord import Supervisor
from weir.settings import Settings


def a_lock(**versions):
    return "".join(f"{name}=={version} \\\n    --hash=sha256:00\n" for name, version in versions.items())


@pytest.mark.parametrize("version", [(3, 11), (3, 12)])
def test_supported_python_is_fine(version):
    assert doctor.python_version(version).remedy is None


@pytest.mark.parametrize("version", [(3, 10), (3, 13)])
def test_other_python_has_a_remedy(version):
    assert "3.11 or 3.12" in doctor.python_version(version).remedy


def test_too_little_memory_is_reported_with_both_numbers(tmp_path):
    finding = doctor.memory(Settings(state_dir=tmp_path), available_mb=100)
    assert finding.detail.startswith("100 MB free, ")
    assert finding.remedy is not None


def test_enough_memory_is_fine(tmp_path):
    assert doctor.memory(Settings(state_dir=tmp_path), available_mb=64_000).remedy is None


def test_package_of_another_version_is_named():
    finding = doctor.packages(a_lock(msgspec="0.0.1"))
    assert finding.detail == f"msgspec 0.0.1 ({metadata.version('msgspec')})"
    assert finding.remedy == "Run `make venv`."


def test_package_that_is_not_installed_is_named():
    assert doctor.packages(a_lock(**{"no-such-package": "1.0"})).detail == "no-such-package 1.0 (missing)"


def test_package_for_another_system_is_not_missing():
    lock = "no-such-package==1.0 ; sys_platform == 'win32' \\\n    --hash=sha256:00\n"
    assert doctor.packages(lock).remedy is None


def test_lock_contains_no_address():
    assert "://" not in doctor.LOCK.read_text()


def test_state_folder_that_does_not_exist_yet_has_a_disk(tmp_path):
    assert doctor.disk(tmp_path / "not" / "yet").detail.endswith(f"under {tmp_path}")


def test_missing_jars_are_fetched_by_a_command(tmp_path):
    assert doctor.jars(tmp_path).remedy == "Run `weir fetch`."


def test_java_from_the_package_index_runs():
    assert 'version "21' in doctor.java_runs().detail


def test_a_state_folder_of_something_else_is_named(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    finding = doctor.state_folder(tmp_path)
    assert "is not a state folder of Weir" in finding.detail
    assert finding.remedy == "Set WEIR_STATE_DIR to a new or empty folder."


def test_a_state_folder_below_a_file_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    assert doctor.state_folder(tmp_path / "file" / "state").remedy is not None


def test_a_system_that_nobody_started_is_not_up_and_no_fault(tmp_path):
    finding = doctor.system(Settings(state_dir=tmp_path))
    assert (finding.detail, finding.remedy) == ("is not up", None)


def test_a_supervisor_without_a_running_part_is_not_called_up(tmp_path):
    supervisor = Supervisor(Folders(tmp_path))
    supervisor.start({})
    try:
        finding = doctor.system(Settings(state_dir=tmp_path))
        assert (finding.detail, finding.remedy) == ("none of its parts runs", "Run `weir down`, then `weir up`.")
    finally:
        supervisor.shut_down()
