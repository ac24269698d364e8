"""The check of a whole file, in one pass over the reader that a replay uses: what it accepts is what a replay reads."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detector.currency import Rates
from operations.replay.arrow_file import Batch, read_batches
from operations.replay.checking.findings import Findings
from operations.replay.checking.optional_values import CODES, CodeBook, code_faults
from operations.replay.checking.repeated_ids import IdBook, Repeat
from operations.replay.checking.tally import Tally
from operations.replay.columns.faults import NOTHING, fault
from operations.replay.columns.verdicts import FRAUD, UNLABELLED
from operations.replay.mapping import Mapping
from operations.replay.rows import RowBlock, RowReader
from weir.errors import DeploymentError
from weir.settings import Settings
from weir.topics import DAY_MS

_SORT = "Add sort = true to [file] in the mapping, or sort the file."


@dataclass(frozen=True)
class CheckedFile:
    """A file that was read to its end.

    `left_out` holds the numbers of bad rows and of rows that repeat an earlier one. `times_ms` and `verdicts` are those of
    the other rows, in event-time order. `order` holds their positions among the kept rows of the file, or None if the file is
    in that order.
    """

    file: Path
    mapping: Mapping
    rows: int
    times_ms: NDArray[np.int64]
    verdicts: NDArray[np.int8]
    order: NDArray[np.int64] | None
    left_out: NDArray[np.int64]
    bad_rows: NDArray[np.int64]
    repeated: int
    findings: Findings
    tally: Tally
    header_line: int | None


def check_file(file: Path, mapping: Mapping, settings: Settings, now_ms: int) -> CheckedFile:
    """Read a file to its end and collect what is wrong with it.

    Raises:
        DeploymentError: it cannot be read, lacks a column, or has no rows.
    """
    check = _Check(mapping, settings, now_ms)
    for batch in read_batches(file, mapping):
        check.see(batch)
    if not check.rows:
        raise DeploymentError(f"{file} has a header but no rows.", "Give a file with rows.")
    return check.finish(file)


class _Check:
    def __init__(self, mapping: Mapping, settings: Settings, now_ms: int) -> None:
        self._mapping, self._learning = mapping, settings.learning
        self._reader = RowReader(mapping, now_ms + settings.detector.future_skew_ms)
        self._rates = Rates(settings.detector)
        self._findings, self._ids, self._codes, self._tally = Findings(), IdBook(), CodeBook(), Tally()
        self._numbers: list[NDArray[np.int64]] = []
        self._times: list[NDArray[np.int64]] = []
        self._verdicts: list[NDArray[np.int8]] = []
        self._late: list[NDArray[np.int64]] = []
        self._latest_ms = np.iinfo(np.int64).min
        self._header_line: int | None = None
        self._more_lines = 0
        self.rows = 0

    def see(self, batch: Batch) -> None:
        """Check a batch."""
        self.rows += len(batch.numbers) + len(batch.malformed)
        self._header_line = batch.header_line
        self._more_lines = batch.more_lines
        self._findings.add_malformed(batch.malformed)
        if not len(batch.numbers):
            return
        block = self._reader.read(batch)
        for found in block.faults:
            self._findings.add(found, block.numbers)
        sound = ~block.faulty & self._codes_fit(block)
        sound &= self._in_order(block, sound)
        self._warn_of_positions(block)
        self._keep(batch, block, sound)

    def _keep(self, batch: Batch, block: RowBlock, sound: NDArray[np.bool_]) -> None:
        numbers = block.numbers[sound]
        self._ids.add(block.fields["transaction_id"], batch.columns, block.verdicts, block.numbers, sound)
        self._tally.add(block, sound)
        self._numbers.append(numbers)
        self._times.append(block.times_ms[sound])
        self._verdicts.append(block.verdicts[sound])
        self._late.append(self._too_late(block, sound))

    def _codes_fit(self, block: RowBlock) -> NDArray[np.bool_]:
        """Which rows have codes that the detector does not refuse; count what it mends and leaves out."""
        fit = np.ones(len(block.numbers), dtype=np.bool_)
        for name in CODES:
            if name in block.fields:
                fit &= self._code_fits(name, block)
        return fit

    def _code_fits(self, name: str, block: RowBlock) -> NDArray[np.bool_]:
        encoded = block.fields[name].dictionary_encode()
        values = encoded.dictionary.to_pylist()
        indices = encoded.indices.fill_null(len(values)).to_numpy(zero_copy_only=False)
        readings = [self._codes.read(name, value) for value in values]
        column = self._mapping.sources[name].name or name
        for found in code_faults(name, column, values, readings, indices):
            self._findings.add(found, block.numbers)
        if name == "currency":
            for reading, rows in zip(readings, np.bincount(indices, minlength=len(values)).tolist(), strict=False):
                self._tally.currencies[reading.value or "other"] += rows
        fits: NDArray[np.bool_] = np.array([*(reading.treatment != "refused" for reading in readings), True])
        fit: NDArray[np.bool_] = fits[indices]
        return fit

    def _warn_of_positions(self, block: RowBlock) -> None:
        latitude, longitude = block.fields.get("latitude"), block.fields.get("longitude")
        if latitude is not None and longitude is not None:
            column = self._mapping.sources["latitude"].name
            nowhere = (latitude == 0) & (longitude == 0)
            for one in fault(column, nowhere, None, "is 0, as is the longitude: no position", "", fatal=False):
                self._findings.add(one, block.numbers)

    def _in_order(self, block: RowBlock, sound: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which rows are not earlier than a sound row before them."""
        if self._mapping.file.sort:
            return sound
        floor = np.iinfo(np.int64).min
        latest = np.maximum.accumulate(np.concatenate([[self._latest_ms], np.where(sound, block.times_ms, floor)]))
        self._latest_ms = int(latest[-1])
        earlier = sound & (block.times_ms < latest[:-1])
        stamps = block.times_ms[earlier].astype("datetime64[ms]")
        rows = zip(block.numbers[earlier].tolist(), map(str, stamps), strict=True)
        self._findings.add_rows(
            self._mapping.sources["event_time"].name, "is earlier than a row above it", _SORT, list(rows)
        )
        return ~earlier

    def _too_late(self, block: RowBlock, sound: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Rows whose label comes when the label join has forgotten the payment: number, time and delay."""
        label = self._mapping.label
        if label is None:
            return np.zeros((0, 3), dtype=np.int64)
        sent = sound & (block.verdicts == FRAUD if label.send == "fraud" else block.verdicts != UNLABELLED)
        delays = block.known_ms - block.times_ms
        late = np.flatnonzero(sent & (delays > self._retention_ms))
        return np.stack([block.numbers[late], block.known_ms[late], delays[late]], axis=1)

    @property
    def _retention_ms(self) -> int:
        """The longest delay of a label that is still joined; the slice in which it comes is over then."""
        kept_s = max(self._learning.retention_s, self._learning.maturity_horizon_s)
        return round((kept_s - self._mapping.slice_s) * 1000)

    def finish(self, file: Path) -> CheckedFile:
        """Compare all rows with each other."""
        numbers = np.concatenate(self._numbers) if self._numbers else NOTHING
        times = np.concatenate(self._times) if self._times else NOTHING
        verdicts = np.concatenate(self._verdicts) if self._verdicts else np.array([], dtype=np.int8)
        equal = self._compare_ids()
        self._refuse_late_labels(int(times.max(initial=0)))
        self._warn()
        bad = self._findings.bad_rows()
        left_out = np.union1d(bad, equal)
        kept = ~np.isin(numbers, left_out)
        times, verdicts = times[kept], verdicts[kept]
        order = np.argsort(times, kind="stable") if self._mapping.file.sort else None
        return CheckedFile(
            file,
            self._mapping,
            self.rows,
            times if order is None else times[order],
            verdicts if order is None else verdicts[order],
            order,
            left_out,
            bad,
            len(equal),
            self._findings,
            self._tally,
            self._header_line,
        )

    def _compare_ids(self) -> NDArray[np.int64]:
        repeats = self._ids.repeats()
        column = self._mapping.sources["transaction_id"].name or "transaction_id"
        remedy = "Give each payment an id of its own, or keep one of the rows."
        for rows, reason in (
            (repeats.other_verdict, "has the id of an earlier row, but another verdict"),
            (repeats.other_values, "has the id of an earlier row, but other values"),
        ):
            self._findings.add_rows(column, reason, remedy, list(_beside_first(rows)))
        return repeats.equal

    def _refuse_late_labels(self, last_ms: int) -> None:
        late = np.concatenate(self._late) if self._late else np.zeros((0, 3), dtype=np.int64)
        due = late[late[:, 1] <= last_ms]
        if not len(due):
            return
        least_s = int(-(-due[:, 2].max() // 1000) + self._mapping.slice_s)
        column = (self._mapping.label_time.name if self._mapping.label_time else "") or "label"
        self._findings.add_rows(
            column,
            f"makes the label known when its payment is forgotten, after {self._learning.retention_s / 86_400:g} days",
            f"Set [loop.learning] retention_s to at least {least_s} in the mapping.",
            [(int(number), f"{delay / DAY_MS:.1f} days later") for number, _, delay in due.tolist()],
        )

    def _warn(self) -> None:
        tally, label = self._tally, self._mapping.label
        column = self._mapping.sources["currency"].name if "currency" in self._mapping.sources else ""
        for currency, rows in tally.currencies.items():
            if not self._has_rate(currency):
                reason = f"has {currency} in {rows:,} rows, which has no exchange rate: scored without the amount"
                self._findings.warn(column, reason, "Set detector.rates_file.")
        if self._more_lines:
            reason = f"has {self._more_lines:,} more lines than rows: they are blank, or values hold line breaks"
            self._findings.warn("", reason, 'If quotation marks are plain characters, add quote = "" to [file].')
        if label is None:
            return
        if tally.verdicts.total() and not tally.verdicts[FRAUD]:
            self._findings.warn(label.column, "is never fraud: nothing can be judged", "Check [label].")
        horizon_ms = self._learning.maturity_horizon_s * 1000
        if tally.longest_delay_ms > horizon_ms:
            reason = (
                f"has labels that come up to {tally.longest_delay_ms / DAY_MS:.1f} days later; until then their "
                f"payments may count as legitimate, from {horizon_ms / DAY_MS:.1f} days on"
            )
            self._findings.warn(label.column, reason, "Raise [loop.learning] maturity_horizon_s if that is too early.")

    def _has_rate(self, currency: str) -> bool:
        return currency == "other" or not isnan(self._rates.converted(1.0, currency, 0))


def _beside_first(rows: list[Repeat]) -> Iterator[tuple[int, str]]:
    """Each row with the number of the first that has its id."""
    return ((row.number, f"as in row {row.first}") for row in rows)
