"""What a person reads about a checked file: a summary, a histogram, and what is wrong with it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
from rich.console import Console
from rich.table import Table

from operations.replay.checking.file_check import CheckedFile
from operations.replay.checking.findings import FileFinding
from operations.replay.columns.verdicts import FRAUD, LEGITIMATE, UNLABELLED
from weir.topics import DAY_MS

BARS, WIDTH = 12, 40
"""Lines of the histogram, and characters of its longest bar."""

LISTED_WARNINGS = 3
"""Rows that a warning lists."""

MOST_CURRENCIES = 10
"""Currencies that the summary lists."""


def show(checked: CheckedFile, console: Console) -> None:
    """Print the summary, the histogram, and what is wrong."""
    console.print(_summary(checked))
    for line in histogram(checked):
        _print(console, line)
    show_findings(checked, console)


def show_findings(checked: CheckedFile, console: Console) -> None:
    """Print warnings and problems: each with its column, remedy, and first rows."""
    for fatal, title, colour in ((False, "Warnings", "yellow"), (True, "Problems", "red")):
        found = [finding for finding in checked.findings if finding.fatal is fatal]
        if found:
            console.print(f"\n[{colour}]{title}[/{colour}]")
        for finding in found:
            for line in lines_of(finding, checked.header_line):
                _print(console, line)


def last_line(checked: CheckedFile) -> str:
    """What came out, in one sentence."""
    if not len(checked.bad_rows):
        return f"The file is fine: {_rows(len(checked.times_ms))} can be replayed."
    columns = dict.fromkeys(finding.column or "fields" for finding in checked.findings if finding.fatal)
    verb = "is" if len(checked.bad_rows) == 1 else "are"
    return f"{len(checked.bad_rows):,} of {_rows(checked.rows)} {verb} wrong: {', '.join(columns)}."


def lines_of(finding: FileFinding, header_line: int | None) -> Iterator[str]:
    """A finding as lines: its column and remedy, then its first rows."""
    whole = "The row" if finding.rows else "The file"
    column = f"Column {finding.column!r}" if finding.column else whole
    if not finding.rows:
        yield f"{column} {finding.reason}. {finding.remedy}".rstrip()
        return
    yield f"{column}, {_rows(finding.rows)}: {finding.reason}. {finding.remedy}".rstrip()
    listed = finding.shown if finding.fatal else finding.shown[:LISTED_WARNINGS]
    for number, value in listed:
        line = "" if header_line is None else f" (line {header_line + number})"
        where = f", column {finding.column!r}" if finding.column else ""
        yield f"  row {number}{line}{where}" + ("" if value is None else f": {value}")
    if more := finding.rows - len(listed):
        yield f"  and {_rows(more)} more"


def histogram(checked: CheckedFile) -> Iterator[str]:
    """Payments over time, a line for each of a few equal spans, with their frauds."""
    times = checked.times_ms
    if not len(times) or times[0] == times[-1]:
        return
    edges = np.linspace(times[0], times[-1], BARS + 1)
    counts, _ = np.histogram(times, edges)
    frauds, _ = np.histogram(times[checked.verdicts == FRAUD], edges)
    form = "%Y-%m-%d" if times[-1] - times[0] >= BARS * DAY_MS else "%Y-%m-%d %H:%M"
    for start_ms, count, fraud in zip(edges, counts.tolist(), frauds.tolist(), strict=False):
        bar = "#" * round(WIDTH * count / counts.max())
        known = f", {fraud:,} fraud" if fraud else ""
        yield f"{datetime.fromtimestamp(start_ms / 1000, UTC).strftime(form)}  {bar:<{WIDTH}} {count:,}{known}"


def _summary(checked: CheckedFile) -> Table:
    table = Table(title=checked.mapping.title or str(checked.file), show_header=False, title_justify="left")
    table.add_column()
    table.add_column(justify="right")
    for name, value in _facts(checked):
        table.add_row(name, value)
    return table


def _facts(checked: CheckedFile) -> Iterator[tuple[str, str]]:
    tally, times = checked.tally, checked.times_ms
    yield "rows", f"{checked.rows:,}"
    if len(checked.bad_rows):
        yield "wrong", _rows(len(checked.bad_rows))
    if checked.repeated:
        yield "equal to an earlier row, left out", _rows(checked.repeated)
    if not len(times):
        return
    yield "first payment (UTC)", _iso(int(times[0]))
    yield "last payment (UTC)", _iso(int(times[-1]))
    yield "users", f"{tally.users:,}"
    yield "amounts", f"{tally.least:,.2f} to {tally.most:,.2f}"
    if tally.money_back:
        yield "money back", _rows(tally.money_back)
    if checked.mapping.label is not None:
        for name, verdict in (("fraud", FRAUD), ("legitimate", LEGITIMATE), ("unlabelled", UNLABELLED)):
            yield name, f"{tally.verdicts[verdict]:,}"
        yield "labels come within", f"{tally.longest_delay_ms / DAY_MS:.1f} days"
    if tally.currencies:
        common = tally.currencies.most_common(MOST_CURRENCIES)
        yield "currencies", ", ".join(f"{currency} {rows:,}" for currency, rows in common)


def _rows(number: int) -> str:
    return f"{number:,} row{'' if number == 1 else 's'}"


def _iso(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")


def _print(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
