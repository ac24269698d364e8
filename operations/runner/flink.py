"""A standalone Flink session cluster from the apache-flink wheel, and the client that submits jobs to it.

This module starts Java directly, because the wheel's scripts start it three times per process to compute the options
that `flink_config` already has. The connector and PyFlink's jar are on the cluster's class path, and the virtual
environment is first on `PATH`: pemja needs both (docs/platform-notes.md#class-path-and-pemja).
"""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

from operations.runner.flink_config import FlinkCluster, write_config
from operations.runner.flink_memory import METASPACE, TaskManagerMemory
from operations.runner.java import java_home, on_classpath, with_archive
from operations.runner.process import Command
from weir.errors import MissingPart
from weir.jars import jars

_LOGGING = Path(__file__).with_name("log4j2.properties")
_JOBMANAGER = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
_TASKMANAGER = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
_CLIENT = "org.apache.flink.client.cli.CliFrontend"
_CHEAP_TO_START = "-XX:TieredStopAtLevel=1"
"""Use the C1 compiler only: JobManager, client, and a TaskManager for a short replay do too little work to repay what C2
costs at the start."""
_CLIENT_HEAP = "-Xmx512m"
"""A round number; not measured. The client only plans a job and submits it."""
_QUIET = "-Dweir.log.level=WARN"
_LASTING, _BRIEF = "-XX:+UseG1GC", "-XX:+UseSerialGC"
"""The collectors of what runs for long and of what does not: a client takes 12.4 s of CPU time with the serial one and
13.9 s with the other."""


def prepare_jobmanager(cluster: FlinkCluster) -> Command:
    """Write the JobManager's folder and return the command that runs it in the foreground.

    Half of the memory is heap; metaspace and threads share the other half. The split is not measured.
    """
    folder = _write_folder(cluster, "jobmanager")
    heap = [f"-Xmx{cluster.jobmanager_mb // 2}m", f"-XX:MaxMetaspaceSize={METASPACE}m", _CHEAP_TO_START, _LASTING]
    arguments = [*heap, _JOBMANAGER, "--configDir", str(folder / "conf")]
    start = with_archive(_on_flinks_classpath(cluster), "jobmanager", cluster.cache_dir)
    return _java(folder, start, arguments)


def prepare_taskmanager(cluster: FlinkCluster, name: str) -> Command:
    """Write a TaskManager's folder and return the command that runs it in the foreground."""
    folder = _write_folder(cluster, name, taskmanager__resource_id=name)
    memory = TaskManagerMemory(cluster.taskmanager_mb).jvm_options()
    pace = [_CHEAP_TO_START, _BRIEF] if cluster.slots > 1 else [_LASTING]
    arguments = [*memory, *pace, _TASKMANAGER, "--configDir", str(folder / "conf")]
    return _java(folder, _on_flinks_classpath(cluster), arguments)


def client(cluster: FlinkCluster, name: str, arguments: list[str], **config: object) -> Command:
    """The `flink` command with these arguments. Its folder is `name`; `config` overrides the cluster's configuration."""
    folder = _write_folder(cluster, name, **config)
    return _java(
        folder, _on_flinks_classpath(cluster), [_CLIENT_HEAP, _CHEAP_TO_START, _BRIEF, _QUIET, _CLIENT, *arguments]
    )


def flink_home() -> Path:
    """The folder of the apache-flink wheel, without the cost of importing it.

    Raises:
        MissingPart: the wheel is not installed.
    """
    spec = importlib.util.find_spec("pyflink")
    if spec is None or spec.origin is None:
        raise MissingPart("apache-flink is not installed.", "Run `make venv`.")
    return Path(spec.origin).parent


def _write_folder(cluster: FlinkCluster, name: str, **config: object) -> Path:
    folder = (cluster.folder / name).absolute()
    for part in (folder / "conf", cluster.folder / "tmp"):
        part.mkdir(parents=True, exist_ok=True)
    write_config(cluster, folder / "conf", **config)
    shutil.copyfile(_LOGGING, folder / "conf" / _LOGGING.name)
    return folder


def _java(folder: Path, start: list[str], arguments: list[str]) -> Command:
    logging = f"-Dlog4j.configurationFile={folder / 'conf' / _LOGGING.name}"
    crash = f"-XX:ErrorFile={folder / 'hs_err_pid%p.log'}"
    return Command([*start, *_java_options(), crash, logging, *arguments], _environment(folder))


def _on_flinks_classpath(cluster: FlinkCluster) -> list[str]:
    home = flink_home()
    python = (home / "opt").glob("flink-python-*.jar")
    added = [jar for group in ("flink", "flink-zstd") for jar in jars(group, cluster.cache_dir)]
    return on_classpath([*sorted((home / "lib").glob("*.jar")), *python, *added])


def _environment(folder: Path) -> dict[str, str]:
    home = flink_home()
    return {
        "JAVA_HOME": str(java_home()),
        "FLINK_CONF_DIR": str(folder / "conf"),
        "FLINK_OPT_DIR": str(home / "opt"),
        "FLINK_PLUGINS_DIR": str(home / "plugins"),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    }


def _java_options() -> list[str]:
    """The `--add-opens` options from the wheel's own configuration, and the options that Java 21 needs."""
    config = (flink_home() / "conf" / "config.yaml").read_text()
    opened = next(line for line in config.splitlines() if "--add-opens" in line).partition(": ")[2].split()
    return ["-XX:+IgnoreUnrecognizedVMOptions", "-Djava.security.manager=allow", *opened]
