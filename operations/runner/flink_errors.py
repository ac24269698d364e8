"""The one line that explains a failure, from a Java stack trace or from the output of the `flink` client."""

_TRACEBACK = "Traceback (most recent call last):"
_PYTHON_ENDED = " ERROR PythonDriver"
_LONGEST = 500
"""Characters; about six lines of a terminal."""


def last_cause(text: str) -> str:
    """The innermost cause of a Java stack trace, or its first line if it names no cause."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    return next(iter(causes[-1:] or lines), "no cause was reported")[:_LONGEST]


def client_error(output: str) -> str:
    """The reason for a failed submission: the job's Python error, or the Java cause behind it."""
    python = output.partition(_PYTHON_ENDED)[0].partition(_TRACEBACK)[2]
    error = next((line for line in python.splitlines() if line and not line[0].isspace()), None)
    if error is None or error.startswith("py4j."):
        return last_cause(python or output)
    return error[:_LONGEST]
