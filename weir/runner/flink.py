"""A standalone Flink session cluster from the apache-flink wheel's own scripts, and the client that talks to it.

The connector and PyFlink's jar lie in the cluster's lib folder, and the virtual environment comes first on the PATH:
both are how pemja finds one Python with one set of packages (fact 4 of the design).
"""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

from weir.errors import MissingPart
from weir.runner.flink_config import FlinkCluster, write_config
from weir.runner.jars import jars
from weir.runner.java import java_home
from weir.runner.process import Command

_LOGGING = Path(__file__).with_name("log4j2.properties")


def prepare_jobmanager(cluster: FlinkCluster) -> Command:
    """Write the JobManager's folder and return the command that serves it in the foreground."""
    return _prepare(cluster, "jobmanager", ["jobmanager.sh", "start-foreground"])


def prepare_taskmanager(cluster: FlinkCluster, name: str) -> Command:
    """Write a TaskManager's folder and return the command that serves it in the foreground."""
    return _prepare(cluster, name, ["taskmanager.sh", "start-foreground"], taskmanager__resource_id=name)


def client(cluster: FlinkCluster, name: str, arguments: list[str], **config: object) -> Command:
    """The `flink` program with these arguments, in a folder called `name` and with `config` on top."""
    return _prepare(cluster, name, ["flink", *arguments], **config)


def flink_home() -> Path:
    """The folder of the apache-flink wheel, found without importing it.

    Raises:
        MissingPart: it is not installed.
    """
    spec = importlib.util.find_spec("pyflink")
    if spec is None or spec.origin is None:
        raise MissingPart("apache-flink is not installed.", "Run `make venv`.")
    return Path(spec.origin).parent


def _prepare(cluster: FlinkCluster, name: str, argv: list[str], **config: object) -> Command:
    folder = (cluster.folder / name).absolute()
    for part in ("conf", "lib", "pids", "../tmp"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    write_config(cluster, folder / "conf", **config)
    for logging in ("log4j-console.properties", "log4j-cli.properties"):
        shutil.copyfile(_LOGGING, folder / "conf" / logging)
    _link_jars(folder / "lib", cluster.cache_dir)
    return Command([str(flink_home() / "bin" / argv[0]), *argv[1:]], _environment(folder))


def _link_jars(lib: Path, cache_dir: Path) -> None:
    home = flink_home()
    wanted = [*(home / "lib").glob("*.jar"), *(home / "opt").glob("flink-python-*.jar"), *jars("flink", cache_dir)]
    for old in lib.iterdir():
        old.unlink()
    for jar in wanted:
        (lib / jar.name).symlink_to(jar.absolute())


def _environment(folder: Path) -> dict[str, str]:
    return {
        "JAVA_HOME": str(java_home()),
        "FLINK_CONF_DIR": str(folder / "conf"),
        "FLINK_LIB_DIR": str(folder / "lib"),
        "FLINK_PID_DIR": str(folder / "pids"),
        "FLINK_LOG_DIR": str(folder),
        "FLINK_ENV_JAVA_OPTS": _java_options(),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    }


def _java_options() -> str:
    """What Flink needs on Java 21; given here, its scripts need not start another Java to find out."""
    config = (flink_home() / "conf" / "config.yaml").read_text()
    opened = next(line for line in config.splitlines() if "--add-opens" in line).partition(": ")[2]
    return f"-XX:+IgnoreUnrecognizedVMOptions -XX:+UseG1GC -Djava.security.manager=allow {opened.strip()}"
