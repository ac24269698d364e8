"""The mapping from the columns of a file to transactions and labels, read from a TOML file.

[transaction]                 the fields of a transaction: the name of a column, or a table with more options
[attributes]                  more columns to keep, each with the name of its attribute
[label]                       the column with the verdict, the meaning of its values, and when a label becomes known
[loop]                        settings of the loop that processes the data
"""

import tomllib
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from weir.errors import DeploymentError
from weir.messages import Transaction

REQUIRED = ("transaction_id", "user_id", "event_time", "amount")
NUMBERS = ("amount", "latitude", "longitude")
Scalar = str | float | int
Seconds = Annotated[float, Meta(ge=0)]


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """The source of a value: a column or a constant. Text can get a prefix, and a number a factor (`scale`).

    `unit` is the unit of a time column that holds numbers. Timestamps and ISO 8601 texts need none.
    """

    column: str | None = None
    constant: Scalar | None = None
    prefix: str = ""
    scale: float = 1.0
    unit: Literal["s", "ms"] | None = None


class Labels(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The verdict column and its values. An empty value means unlabelled; a value in neither list is an error.

    A label becomes known `delay_s` after its transaction, or at the time in column `time` if that is later.
    `send` = "fraud" sends only frauds and lets legitimate transactions mature; "all" sends every label.
    """

    column: str
    fraud: list[Scalar]
    legitimate: list[Scalar]
    delay_s: Seconds = 0.0
    time: str | Source | None = None
    send: Literal["fraud", "all"] = "fraud"
    labeler: str = "replay"
    source: str = "replay"


class Mapping(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole mapping. `slice_s` is the event time that lockstep sends between two waits; six hours is a round number."""

    title: str = ""
    slice_s: Annotated[float, Meta(gt=0)] = 6 * 3600.0
    transaction: dict[str, str | Source]
    attributes: dict[str, str | Source] = {}
    label: Labels | None = None
    loop: dict[str, Any] = field(default_factory=dict)

    @property
    def sources(self) -> dict[str, Source]:
        """The source of each field in `[transaction]`."""
        return {name: as_source(value) for name, value in self.transaction.items()}

    @property
    def columns(self) -> list[str]:
        """The columns to read, without duplicates."""
        label = [] if self.label is None else [Source(self.label.column), as_source(self.label.time or Source())]
        wanted = [*self.sources.values(), *map(as_source, self.attributes.values()), *label]
        return list(dict.fromkeys(source.column for source in wanted if source.column is not None))


def as_source(value: str | Source) -> Source:
    """The source; a plain string is the name of a column."""
    return Source(column=value) if isinstance(value, str) else value


def parse_mapping(text: str) -> Mapping:
    """Parse and check a mapping.

    Raises:
        DeploymentError: the mapping is invalid.
    """
    try:
        mapping = msgspec.convert(tomllib.loads(text), Mapping)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise DeploymentError(f"The mapping is invalid: {error}.", _REMEDY) from error
    if problem := _problem(mapping):
        raise DeploymentError(f"The mapping is invalid: {problem}.", _REMEDY)
    return mapping


_REMEDY = "See examples/README.md for the keys of a mapping."


def _problem(mapping: Mapping) -> str | None:
    """The first problem that is independent of the data."""
    known = [name for name in Transaction.__struct_fields__ if name != "attributes"]
    for name in REQUIRED:
        if name not in mapping.transaction:
            return f"[transaction] has no {name!r}"
    for name, source in mapping.sources.items():
        if name not in known:
            return f"[transaction] {name!r} is not a field of a transaction (the fields are {', '.join(known)})"
        if (source.column is None) == (source.constant is None):
            return f"[transaction] {name!r} needs either a column or a constant"
    if mapping.sources["event_time"].column is None:
        return "[transaction] 'event_time' must be a column"
    return _label_problem(mapping.label) if mapping.label is not None else None


def _label_problem(label: Labels) -> str | None:
    if both := set(map(as_key, label.fraud)) & set(map(as_key, label.legitimate)):
        return f"[label] {min(map(str, both))!r} is both fraud and legitimate"
    return None if label.fraud else "[label] 'fraud' names no value"


def as_key(value: Any) -> str | float:
    """A verdict value for comparison: 1, 1.0 and True are equal; text stays as it is."""
    return value if isinstance(value, str) else float(value)
