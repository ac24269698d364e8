"""Verdicts: the values of the label's column, by the mapping's two lists."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from operations.replay.columns.faults import Fault, fault
from operations.replay.mapping import Labels, as_key

UNLABELLED, LEGITIMATE, FRAUD = -1, 0, 1
_UNKNOWN = 2


class VerdictReader:
    """Reads the label's column. It remembers what each value means."""

    def __init__(self, label: Labels) -> None:
        self._column = label.column
        self._codes: dict[str | float, int] = dict.fromkeys(map(as_key, label.legitimate), LEGITIMATE)
        self._codes |= dict.fromkeys(map(as_key, label.fraud), FRAUD)

    def read(self, values: pa.Array) -> tuple[NDArray[np.int8], list[Fault]]:
        """Return FRAUD, LEGITIMATE or UNLABELLED for each row, and the values that the mapping does not list."""
        encoded = values.dictionary_encode()
        codes = np.array([*(self._code(value) for value in encoded.dictionary.to_pylist()), UNLABELLED], dtype=np.int8)
        verdicts = codes[encoded.indices.fill_null(len(codes) - 1).to_numpy(zero_copy_only=False)]
        unknown = verdicts == _UNKNOWN
        return np.where(unknown, np.int8(UNLABELLED), verdicts), fault(
            self._column,
            unknown,
            values,
            "is in neither list of the mapping's [label]",
            "Add it to `fraud` or `legitimate`; if it stands for no verdict, add it to null_values in [file].",
        )

    def _code(self, value: Any) -> int:
        missing = value is None or value != value or (isinstance(value, str) and not value.strip())  # noqa: PLR0124
        return UNLABELLED if missing else self._codes.get(as_key(value), _UNKNOWN)
