"""The mapping from a file's columns to transactions and labels, as a TOML file says it.

[transaction]                 a Transaction's fields: a column's name, or a table with more to say
[attributes]                  further columns that travel along under a name
[label]                       which column holds the verdict, what its values mean, when a label is known
[loop]                        settings of the loop that the data goes through
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
    """Where a value comes from: a column or a constant; text may get a prefix, a number a factor.

    `unit` says what a time column that holds numbers counts; a column of timestamps or ISO 8601 texts needs none.
    """

    column: str | None = None
    constant: Scalar | None = None
    prefix: str = ""
    scale: float = 1.0
    unit: Literal["s", "ms"] | None = None


class Labels(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The verdict column and its values. A value in neither list is an error, an empty one means unlabelled.

    A label is known `delay_s` after its transaction, or at the column `time` when that is given and later.
    `send` = "fraud" leaves legitimate transactions to the maturity horizon; "all" sends every label.
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
    """A whole mapping. `slice_s` is how much event time goes through the loop between two waits for it to learn."""

    title: str = ""
    slice_s: Annotated[float, Meta(gt=0)] = 6 * 3600.0
    transaction: dict[str, str | Source]
    attributes: dict[str, str | Source] = {}
    label: Labels | None = None
    loop: dict[str, Any] = field(default_factory=dict)

    @property
    def sources(self) -> dict[str, Source]:
        """The source of each field of a transaction."""
        return {name: as_source(value) for name, value in self.transaction.items()}

    @property
    def columns(self) -> list[str]:
        """The columns that are read, each once."""
        label = [] if self.label is None else [Source(self.label.column), as_source(self.label.time or Source())]
        wanted = [*self.sources.values(), *map(as_source, self.attributes.values()), *label]
        return list(dict.fromkeys(source.column for source in wanted if source.column is not None))


def as_source(value: str | Source) -> Source:
    """A source, also where only the column's name was written."""
    return Source(column=value) if isinstance(value, str) else value


def parse_mapping(text: str) -> Mapping:
    """Read and check a mapping.

    Raises:
        DeploymentError: naming what is wrong in it.
    """
    try:
        mapping = msgspec.convert(tomllib.loads(text), Mapping)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise DeploymentError(f"The mapping is wrong: {error}.", _REMEDY) from error
    if problem := _problem(mapping):
        raise DeploymentError(f"The mapping is wrong: {problem}.", _REMEDY)
    return mapping


_REMEDY = "See examples/README.md."


def _problem(mapping: Mapping) -> str | None:
    """The first thing that no data could make right."""
    known = [name for name in Transaction.__struct_fields__ if name != "attributes"]
    for name in REQUIRED:
        if name not in mapping.transaction:
            return f"[transaction] has no {name!r}"
    for name, source in mapping.sources.items():
        if name not in known:
            return f"[transaction] {name!r} is not a field of a transaction (those are {', '.join(known)})"
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
    """A verdict value to compare by: 1, 1.0 and True are one, and text is itself."""
    return value if isinstance(value, str) else float(value)
