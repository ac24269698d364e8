"""The one line that explains a failure, from a Java stack trace or from the output of the `flink` client."""

from itertools import pairwise
from pathlib import Path

_TRACEBACK = "Traceback (most recent call last):"
_PYTHON_ENDED = " ERROR PythonDriver"
_LONGEST = 500
"""Characters; about six lines of a terminal."""
_NOTICED_WITHIN_MS = 60_000
"""From a crash to its failure in Flink: a heartbeat's timeout and the time to write a core dump. A round number; not measured."""
_HEAD = 40
"""Lines of a crash report before its details. A round number; not measured."""


def last_cause(text: str) -> str:
    """The innermost cause of a Java stack trace, or its first line if it names no cause."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    return next(iter(causes[-1:] or lines), "no cause was reported")[:_LONGEST]


def native_crash(folder: Path, at_ms: int) -> str | None:
    """How the JVM of this folder crashed just before `at_ms`, such as `SIGSEGV (0xb) in C [libc.so.6+0x1]`; None if it did not."""
    for file in folder.glob("hs_err_pid*.log"):
        if abs(file.stat().st_mtime * 1000 - at_ms) < _NOTICED_WITHIN_MS:
            lines = [line.strip("# \n") for line in file.read_text(errors="replace").splitlines()[:_HEAD]]
            told = [line.partition(" at pc=")[0] for line in lines if line][1:2]
            framed = [after for line, after in pairwise(lines) if line == "Problematic frame:"]
            return " in ".join([*told, *framed])
    return None


def client_error(output: str) -> str:
    """The reason for a failed submission: the job's Python error, or the Java cause behind it."""
    python = output.partition(_PYTHON_ENDED)[0].partition(_TRACEBACK)[2]
    error = next((line for line in python.splitlines() if line and not line[0].isspace()), None)
    if error is None or error.startswith("py4j."):
        return last_cause(python or output)
    return error[:_LONGEST]
