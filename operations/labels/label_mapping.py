"""The mapping from the columns of a file to labels, read from a TOML file.

[file]       how the file is written, as for `weir replay`
[label]      the fields of a label: the name of a column, or a table with more options
[verdict]    the column with the verdict and its values; without it every row is a fraud
"""

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from operations.replay.mapping import FileOptions, Labels, Scalar, Source, as_source
from operations.replay.mapping_keys import file_problems, source_problems
from weir.errors import DeploymentError

TEXTS = ("transaction_id", "user_id", "label_id", "labeler", "source", "note", "fraud_type")
TIMES = ("labelled_at", "as_of")
REQUIRED = ("transaction_id", "labeler")

_REMEDY = "See examples/README.md for the keys of a mapping of labels."


class VerdictColumn(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The verdict's column and its values. A value in neither list is an error."""

    column: str
    fraud: list[Scalar]
    legitimate: list[Scalar] = []


class LabelMapping(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole mapping."""

    file: FileOptions = FileOptions()
    label: dict[str, str | Source]
    verdict: VerdictColumn | None = None

    @property
    def sources(self) -> dict[str, Source]:
        """The source of each field."""
        return {name: as_source(value) for name, value in self.label.items()}

    @property
    def verdicts(self) -> Labels | None:
        """The verdict's column, as a replay reads it."""
        if self.verdict is None:
            return None
        return Labels(column=self.verdict.column, fraud=self.verdict.fraud, legitimate=self.verdict.legitimate)

    @property
    def columns(self) -> list[str]:
        """The columns to read, without duplicates."""
        names = [name for source in self.sources.values() for name in source.names]
        return list(dict.fromkeys([*names, *([] if self.verdict is None else [self.verdict.column])]))


def read_label_mapping(file: Path) -> LabelMapping:
    """Read and check a mapping.

    Raises:
        DeploymentError: the file cannot be read, or the mapping is invalid.
    """
    try:
        mapping = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), LabelMapping)
    except (OSError, UnicodeDecodeError) as error:
        raise DeploymentError(f"The mapping {file} cannot be read: {error}.", "Give --mapping a TOML file.") from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise DeploymentError(f"The mapping is invalid: {error}.", _REMEDY) from error
    if problem := next(_problems(mapping), None):
        raise DeploymentError(f"The mapping is invalid: {problem}.", _REMEDY)
    return mapping


def mapping_by_names(columns: Sequence[str]) -> LabelMapping:
    """Return the mapping of a file whose columns have the names of a label's fields.

    Raises:
        DeploymentError: a required column is missing.
    """
    missing = [name for name in (*REQUIRED, "verdict") if name not in columns]
    if missing:
        raise DeploymentError(
            f"The file has no column {missing[0]!r}.", "Give a --mapping that says where a label's fields are."
        )
    fields: dict[str, str | Source] = {name: name for name in (*TEXTS, *TIMES) if name in columns}
    return LabelMapping(
        label=fields, verdict=VerdictColumn(column="verdict", fraud=["fraud"], legitimate=["legitimate"])
    )


def _problems(mapping: LabelMapping) -> Iterator[str]:
    yield from file_problems(mapping.file)
    for name in REQUIRED:
        if name not in mapping.label:
            yield f"[label] has no {name!r}"
    for name, source in mapping.sources.items():
        if name not in (*TEXTS, *TIMES):
            yield f"[label] {name!r} is not a field of a label (the fields are {', '.join((*TEXTS, *TIMES))})"
        yield from source_problems(f"[label] {name!r}", source, time=name in TIMES)
