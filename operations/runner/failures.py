"""A job's failures: when, why, and how far it had got. Its keeper notes them, and `weir status` tells them.

Flink's own history ends with the JobManager and knows no offsets, so a job has a file of the failures of the last hour.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from weir.messages import Position
from weir.skipped import text_of

Offsets = dict[tuple[str, int], int]
"""By topic and partition, the offset of the next record."""

HOUR_MS = 3600 * 1000
LOOP = 3
"""Failures at the same place that make a loop. A round number; not measured: one may be chance, ten end the job."""


class Failure(Struct, frozen=True):
    """A failure of a job. `next` holds, by topic and partition, the offset from which the job resumed."""

    at_ms: int
    cause: str
    next: dict[str, dict[int, int]]

    @property
    def offsets(self) -> Offsets:
        return {(topic, partition): at for topic, some in self.next.items() for partition, at in some.items()}


class Candidates(Struct, frozen=True):
    """Where the record lies if one record causes a loop: from the first position to the partition's last offset."""

    first: Position
    last: int


def failure(at_ms: int, cause: str, offsets: Offsets) -> Failure:
    by_topic: dict[str, dict[int, int]] = {}
    for (topic, partition), at in offsets.items():
        by_topic.setdefault(topic, {})[partition] = at
    return Failure(at_ms, cause, by_topic)


def read_failures(file: Path, now_ms: int) -> list[Failure]:
    """A job's failures of the last hour, in order."""
    lines = file.read_bytes().splitlines() if file.exists() else []
    found = [msgspec.json.decode(line, type=Failure) for line in lines]
    return [one for one in found if one.at_ms > now_ms - HOUR_MS]


def write_failures(file: Path, failures: Iterable[Failure]) -> None:
    """Replace the file whole, so that a reader never sees half a line."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in failures))
    new.replace(file)


def in_a_row(failures: list[Failure], reached: Offsets) -> int:
    """The number of last failures at one place, 0 if the job has got further since (`reached` is its next offsets)."""
    count = 0
    for one in reversed(failures):
        if one.offsets != reached:
            break
        count += 1
    return count


def candidates(reached: Offsets, ends: Offsets, is_done: Callable[[Position], bool]) -> list[Candidates]:
    """Where the record may lie, by partition: not at a position that is done. Partitions without one are left out."""
    found = []
    for (topic, partition), offset in sorted(reached.items()):
        end = ends.get((topic, partition), 0)
        first = next((at for at in range(offset, end) if not is_done(Position(topic, partition, at))), None)
        if first is not None:
            found.append(Candidates(Position(topic, partition, first), end - 1))
    return found


def sentence(name: str, failures: list[Failure], loop: int, where: list[Candidates], namespace: str) -> str:
    """The last hour's failures in words, and in a loop of `loop` failures what to do. `name` is the job's part."""
    last = failures[-1]
    at = datetime.fromtimestamp(last.at_ms / 1000, UTC).strftime("%H:%M:%S UTC")
    why = last.cause.rstrip(".")
    times = "once" if len(failures) == 1 else f"{len(failures)} times"
    if loop < LOOP or not where:
        return f"{name} restarted {times} in the last hour, last at {at}: {why}."
    ranges = ", ".join(_range(one, namespace) for one in where)
    first = _short(where[0].first, namespace)
    return (
        f"{name} failed {loop} times without getting further, last at {at}: {why}. "
        f"If one record causes this, it is in {ranges}. `weir skip {first}` sets the first of them aside."
    )


def _range(one: Candidates, namespace: str) -> str:
    first = _short(one.first, namespace)
    return first if one.first.offset == one.last else f"{first} to {one.last}"


def _short(position: Position, namespace: str) -> str:
    return text_of(position).removeprefix(f"{namespace}.")
