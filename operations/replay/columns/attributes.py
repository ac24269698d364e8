"""Attributes: numbers of a Parquet file stay numbers, and `scale` makes a number of a text. Any other is a text."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from operations.replay.columns.faults import Fault
from operations.replay.columns.numbers import NumberReader
from operations.replay.columns.texts import TextReader
from operations.replay.mapping import FileOptions, Source


class AttributeReader:
    """Reads an attribute from its column or columns."""

    def __init__(self, source: Source, options: FileOptions) -> None:
        self._source = source
        self._as_text, self._as_number = TextReader(source), NumberReader(source, options)

    def read(self, columns: dict[str, Any], numbers: NDArray[np.int64]) -> tuple[Any, list[Fault]]:
        """Return the values, and the faults; no attribute is fatal."""
        if self._source.scale is not None or self._is_number(columns):
            return self._as_number.read(columns, len(numbers))
        return self._as_text.read(columns, numbers)

    def _is_number(self, columns: dict[str, Any]) -> bool:
        if self._source.column is None or self._source.prefix or self._source.strip or self._source.map:
            return False
        kind = columns[self._source.column].type
        return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))
