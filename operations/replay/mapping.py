"""The mapping from the columns of a file to transactions and labels, read from a TOML file.

[file]                        how the file is written: delimiter, encoding, decimal point and the like
[transaction]                 the fields of a transaction: the name of a column, or a table with more options
[attributes]                  more columns to keep, each with the name of its attribute
[label]                       the column with the verdict, the meaning of its values, and when a label becomes known
[loop]                        settings of the loop that processes the data
"""

import tomllib
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from weir.errors import DeploymentError

NUMBERS = ("amount", "latitude", "longitude")
REQUIRED = ("transaction_id", "user_id", "event_time", "amount")
Scalar = str | float | int | bool
Seconds = Annotated[float, Meta(ge=0)]
Unit = Literal["ns", "us", "ms", "s", "min", "h", "d"]


class FileOptions(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a text file is written. A Parquet file takes `null_values`, `decimal`, `thousands` and `sort` alone.

    `skip_lines` counts the lines above the header, empty ones too. `compression` is found by the file's first bytes;
    one that is named must be the file's. `quote = ""` makes quotation marks plain characters.
    """

    delimiter: str | None = None
    quote: str | None = None
    encoding: str | None = None
    skip_lines: Annotated[int, Meta(ge=0)] | None = None
    compression: Literal["none", "gzip", "bz2", "xz", "zip", "zstd"] | None = None
    decimal: str | None = None
    thousands: str | None = None
    null_values: list[str] = []
    sort: bool = False


class Source(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The source of a value: a column, several columns, a constant, or the number of the row.

    Each further key belongs to some kinds of field; `operations.replay.mapping_keys` refuses it elsewhere.
    """

    column: str | None = None
    columns: list[str] | None = None
    join: str | None = None
    constant: Scalar | None = None
    row_number: bool | None = None
    prefix: str | None = None
    strip: str | list[str] | None = None
    map: dict[str, Scalar] | None = None
    scale: float | None = None
    unit: Unit | None = None
    origin: str | None = None
    format: str | None = None
    zone: str | None = None

    @property
    def names(self) -> list[str]:
        """The columns that it reads."""
        return [self.column] if self.column is not None else list(self.columns or [])

    @property
    def name(self) -> str:
        """Its columns, as a sentence names them."""
        return ", ".join(self.names)

    @property
    def stripped(self) -> list[str]:
        """The texts to strip."""
        return [self.strip] if isinstance(self.strip, str) else list(self.strip or [])


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
    file: FileOptions = FileOptions()
    transaction: dict[str, str | Source]
    attributes: dict[str, str | Source] = {}
    label: Labels | None = None
    loop: dict[str, Any] = field(default_factory=dict)

    @property
    def sources(self) -> dict[str, Source]:
        """The source of each field in `[transaction]`."""
        return {name: as_source(value) for name, value in self.transaction.items()}

    @property
    def attribute_sources(self) -> dict[str, Source]:
        """The source of each attribute."""
        return {name: as_source(value) for name, value in self.attributes.items()}

    @property
    def label_time(self) -> Source | None:
        """The source of the time at which a label becomes known."""
        return None if self.label is None or self.label.time is None else as_source(self.label.time)

    @property
    def columns(self) -> list[str]:
        """The columns to read, without duplicates."""
        sources = [*self.sources.values(), *self.attribute_sources.values()]
        if self.label is not None:
            sources += [Source(column=self.label.column), self.label_time or Source()]
        return list(dict.fromkeys(name for source in sources for name in source.names))


def as_source(value: str | Source) -> Source:
    """The source; a plain string is the name of a column."""
    return Source(column=value) if isinstance(value, str) else value


_TRUTH = {"true": 1.0, "false": 0.0}


def as_key(value: Any) -> str | float:
    """A verdict value for comparison: 1, 1.0, "1", "1.0" and true are equal; any other text stays as it is.

    >>> as_key(True), as_key("1.0"), as_key(" Yes ")
    (1.0, 1.0, 'Yes')
    """
    if isinstance(value, int | float):
        return float(value)
    text = str(value).strip()
    try:
        number = float(text)
    except ValueError:
        return _TRUTH.get(text.lower(), text)
    return number if isfinite(number) else text


def read_mapping(file: Path) -> Mapping:
    """Read and check a mapping.

    Raises:
        DeploymentError: the file is not a text file, or the mapping is invalid.
    """
    try:
        return parse_mapping(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise DeploymentError(f"The mapping {file} cannot be read: {error}.", "Give --mapping a TOML file.") from error


def parse_mapping(text: str) -> Mapping:
    """Parse and check a mapping.

    Raises:
        DeploymentError: the mapping is invalid.
    """
    from operations.replay.mapping_keys import first_problem  # noqa: PLC0415 -- it reads the types above

    try:
        mapping = msgspec.convert(msgspec.to_builtins(tomllib.loads(text)), Mapping)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise DeploymentError(f"The mapping is invalid: {error}.", _REMEDY) from error
    if problem := first_problem(mapping):
        raise DeploymentError(f"The mapping is invalid: {problem}.", _REMEDY)
    return mapping


_REMEDY = "See examples/README.md for the keys of a mapping."
