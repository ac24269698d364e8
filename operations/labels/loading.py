"""Load the labels of a file: send them, wait until they are learned, and report what became of each row."""

import csv
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from msgspec import Struct
from rich.console import Console
from rich.progress import Progress

from operations.labels.batches import ROWS, LabelBatches, RowEnd
from operations.labels.label_rows import LabelRow, read_labels
from weir.settings import load_settings

LISTED = 10
"""Different reasons that are shown; `--report` has a line for each row."""

ROWS_OF_A_REASON = 5
"""Rows that are named beside a reason."""

ASK_EVERY_S = 1.0
"""The least pause between two rounds of questions; a pause is as long as the round before it. A round number."""

UNSETTLED = frozenset({"sent", "waiting", "joined"})
"""States of a receipt that may still change by themselves within seconds."""

GOOD = frozenset({"in force", "superseded"})


class RowReport(Struct):
    """What became of a row: its status at the API, then its label's state, and why."""

    row: int
    status: str
    label_id: str | None = None
    transaction_id: str | None = None
    says: str = ""


def load_labels(file: Path, mapping: Path | None, report: Path | None, wait_s: float) -> bool:
    """Load a file through the running API. Return whether every label is learned.

    Raises:
        DeploymentError: the file or the mapping cannot be read, or the API does not answer.
    """
    console, batches = Console(), LabelBatches(load_settings().api_url)
    try:
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task("Sending labels", total=None)
            rows, started_s = [], time.monotonic()
            for row in send_all(read_labels(file, mapping), batches):
                rows.append(row)
                progress.update(task, completed=len(rows), description=f"Sent {len(rows):,} rows")
            console.print(f"Sent {len(rows):,} rows in {time.monotonic() - started_s:.1f} s.", highlight=False)
            progress.update(task, description="Waiting until they are learned")
            settle(rows, batches, wait_s)
    finally:
        batches.close()
    if report is not None:
        _write(rows, report)
    return show(rows, console)


def send_all(rows: Iterator[LabelRow], batches: LabelBatches) -> Iterator[RowReport]:
    """Send rows, and yield what became of each, in order."""
    while group := list(islice(rows, ROWS)):
        good = [row for row in group if row.body is not None]
        ends = iter(batches.send([row.body for row in good if row.body is not None]) if good else [])
        for row in group:
            yield _reported(row, None if row.body is None else next(ends))


def settle(rows: list[RowReport], batches: LabelBatches, wait_s: float) -> None:
    """Replace each row's status by its label's state, until none moves any more for `wait_s`."""
    open_rows = {row.label_id: row for row in rows if row.label_id and row.status in {"accepted", "repeated"}}
    moved_s = time.monotonic()
    while open_rows:
        asked_s = time.monotonic()
        for receipt in batches.receipts([*open_rows]):
            row = open_rows[receipt["label_id"]]
            if row.status != receipt["state"]:
                moved_s = time.monotonic()
            row.status, row.says, row.transaction_id = receipt["state"], receipt["says"], receipt["transaction_id"]
        open_rows = {label_id: row for label_id, row in open_rows.items() if row.status in UNSETTLED}
        if open_rows and time.monotonic() - moved_s >= wait_s:
            return
        if open_rows:
            time.sleep(max(ASK_EVERY_S, time.monotonic() - asked_s))


def show(rows: list[RowReport], console: Console) -> bool:
    """Print the counts, then the first rows of what was not learned. Return whether everything was."""
    counts = Counter(row.status for row in rows)
    for status, count in counts.most_common():
        console.print(f"{count:>9,}  {status}", highlight=False)
    wrong = [row for row in rows if row.status not in GOOD]
    reasons: dict[tuple[str, str], list[int]] = {}
    for row in wrong:
        reasons.setdefault((row.status, row.says), []).append(row.row)
    for (status, says), numbers in [*reasons.items()][:LISTED]:
        console.print(f"{_named(numbers)}: {status}. {says}", highlight=False, markup=False)
    if len(reasons) > LISTED:
        console.print(f"... and {len(reasons) - LISTED:,} more reasons; --report FILE has all rows.", highlight=False)
    if wrong or not rows:
        console.print(f"{len(wrong):,} of {len(rows):,} labels are not learned.", highlight=False)
        return False
    console.print(f"All {len(rows):,} labels are learned.", highlight=False)
    return True


def _reported(row: LabelRow, end: RowEnd | None) -> RowReport:
    if end is None:
        return RowReport(row.number, "invalid", says=row.problem or "")
    says = ": ".join(part for part in (end.field, end.reason) if part)
    return RowReport(row.number, end.status, end.label_id, says=says)


def _named(numbers: list[int]) -> str:
    """Name rows in a sentence.

    >>> _named([7]), _named([1, 2]), _named([1, 2, 3, 4, 5, 6])
    ('row 7', 'rows 1, 2', 'rows 1, 2, 3, 4, 5 and 1 more')
    """
    first = ", ".join(f"{number:,}" for number in numbers[:ROWS_OF_A_REASON])
    more = len(numbers) - ROWS_OF_A_REASON
    return f"row{'s' if len(numbers) > 1 else ''} {first}" + (f" and {more:,} more" if more > 0 else "")


def _write(rows: list[RowReport], report: Path) -> None:
    with report.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(RowReport.__struct_fields__)
        out.writerows([row.row, row.status, row.label_id, row.transaction_id, row.says] for row in rows)
