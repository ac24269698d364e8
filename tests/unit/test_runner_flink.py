import os
from pathlib import Path

import pytest

from operations.runner.checkpoints import newest_checkpoint
from operations.runner.flink_config import FlinkCluster, file_url, write_config
from operations.runner.flink_errors import client_error, last_cause
from operations.runner.flink_memory import FRAMEWORK_OFF_HEAP, METASPACE, NETWORK, OVERHEAD, TaskManagerMemory
from weir.errors import DeploymentError

JAVA = """org.example.Outer: it failed
\tat org.example.Outer.run(Outer.java:1)
Caused by: org.example.Middle: deeper
\tat org.example.Middle.run(Middle.java:1)
\t... 13 more
Caused by: java.net.ConnectException: Connection refused
\t... 20 more
"""
PYTHON = """Traceback (most recent call last):
  File "job.py", line 1, in <module>
    main()
ModuleNotFoundError: No module named 'nothing'
2026-01-01 00:00:00,000 ERROR PythonDriver Run python process failed
java.lang.RuntimeException: Python process exits with code: 1
"""
PY4J = f"""Traceback (most recent call last):
  File "job.py", line 1, in <module>
    main()
py4j.protocol.Py4JJavaError: An error occurred while calling o1.execute.
: {JAVA}
2026-01-01 00:00:00,000 ERROR PythonDriver Run python process failed
Caused by: java.lang.RuntimeException: Python process exits with code: 1
"""


def a_checkpoint(folder, name, at_s, *, complete=True):
    path = folder / name
    path.mkdir(parents=True)
    if complete:
        (path / "_metadata").touch()
        os.utime(path / "_metadata", (at_s, at_s))
    return path


def test_newest_complete_checkpoint_is_found(tmp_path):
    a_checkpoint(tmp_path, "job-a/chk-9", at_s=100)
    newest = a_checkpoint(tmp_path, "job-b/chk-2", at_s=200)
    a_checkpoint(tmp_path, "job-b/chk-3", at_s=300, complete=False)
    assert newest_checkpoint(tmp_path) == newest


def test_savepoint_after_the_last_checkpoint_is_found(tmp_path):
    a_checkpoint(tmp_path, "job-a/chk-9", at_s=100)
    savepoint = a_checkpoint(tmp_path, "savepoint-a-1", at_s=101)
    assert newest_checkpoint(tmp_path) == savepoint


def test_job_without_a_checkpoint_has_none(tmp_path):
    assert newest_checkpoint(tmp_path / "never") is None


def test_innermost_java_cause_is_the_reason():
    assert last_cause(JAVA) == "java.net.ConnectException: Connection refused"


def test_python_error_of_a_job_is_the_reason():
    assert client_error(PYTHON) == "ModuleNotFoundError: No module named 'nothing'"


def test_java_cause_behind_a_python_error_is_the_reason():
    assert client_error(PY4J) == "java.net.ConnectException: Connection refused"


@pytest.mark.parametrize("total_mb", [1024, 1536, 4096])
def test_memory_shares_of_a_taskmanager_add_up(total_mb):
    memory = TaskManagerMemory(total_mb)
    heap = int(memory.jvm_options()[0].removeprefix("-Xmx").removesuffix("m"))
    assert heap + memory.managed_mb + METASPACE + OVERHEAD + NETWORK + FRAMEWORK_OFF_HEAP == total_mb


def test_taskmanager_without_room_for_a_task_is_refused():
    with pytest.raises(DeploymentError, match="640 MB"):
        TaskManagerMemory(640)


def test_configuration_listens_on_this_machine_only_and_runs_python_in_threads(tmp_path):
    write_config(
        FlinkCluster(1, 2, tmp_path, tmp_path), tmp_path / "conf", taskmanager__resource_id="live-taskmanager-1"
    )
    lines = (tmp_path / "conf" / "config.yaml").read_text().splitlines()
    hosts = [line for line in lines if line.split(": ")[0].endswith(("host", "address"))]
    assert {line.split(": ")[1] for line in hosts} == {'"127.0.0.1"'}
    assert 'python.execution-mode: "thread"' in lines
    assert 'taskmanager.resource-id: "live-taskmanager-1"' in lines


def test_flink_gets_a_path_as_it_is():
    assert file_url(Path("/srv/50 % off")) == "file:///srv/50 % off"
