"""The records that somebody set aside with `weir skip`: the jobs pass over their positions (docs/adr/0032).

A job has one file with a position on each line, `live.transactions:0:1234`, and reads it as it is submitted. Positions
stay in it: a job that starts from its topics' beginning meets the record again.
"""

from pathlib import Path

from weir.errors import DeploymentError
from weir.messages import Position


def read_skipped(file: Path) -> list[Position]:
    """Return the positions that a job passes over, in the order in which they were set aside.

    Raises:
        DeploymentError: a line is no position.
    """
    lines = file.read_text().splitlines() if file.exists() else []
    return [position_of(line) for line in lines]


def add_skipped(file: Path, position: Position) -> None:
    """Add a position to a job's file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as out:
        out.write(f"{text_of(position)}\n")


def text_of(position: Position) -> str:
    """Return a position as one word.

    >>> text_of(Position("live.labels", 0, 12))
    'live.labels:0:12'
    """
    return f"{position.topic}:{position.partition}:{position.offset}"


def position_of(text: str) -> Position:
    """Read a position from a word.

    Raises:
        DeploymentError: the text is not TOPIC:PARTITION:OFFSET.
    """
    topic, *numbers = text.split(":")
    if not (topic and len(numbers) == 2 and all(number.isascii() and number.isdecimal() for number in numbers)):  # noqa: PLR2004 -- partition and offset
        raise DeploymentError(f"{text!r} is not TOPIC:PARTITION:OFFSET.", "Name one record, as transactions:0:1234.")
    return Position(topic, *map(int, numbers))
