"""`weir check` on files that a test writes."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from typer.testing import CliRunner

from operations.cli import app

HEADER = "id,user,time,amount,merchant,fraud\n"
ROW = {
    "id": "t{n}",
    "user": "u{n}",
    "time": "2024-03-{n:02d} 09:00:00",
    "amount": "2{n}.50",
    "merchant": "shop-1",
    "fraud": "0",
}
LABEL = '[label]\ncolumn = "fraud"\nfraud = [1]\nlegitimate = [0]\nsend = "all"\n'


class Result(NamedTuple):
    """The exit code and what was printed, on one line for searching."""

    exit_code: int
    output: str

    @property
    def text(self) -> str:
        return " ".join(self.output.split())

    @property
    def last_line(self) -> str:
        return self.output.splitlines()[-1]


def rows(count: int = 4, **columns: str) -> str:
    """Rows of the usual file; a column's template may hold {n}, the number of the row."""
    row = ",".join({**ROW, **columns}.values()) + "\n"
    return "".join(row.format(n=number) for number in range(1, count + 1))


def a_file(count: int = 4, **columns: str) -> str:
    """A whole file."""
    return HEADER + rows(count, **columns)


def a_mapping(file: str = "", label: str = LABEL, **fields: str) -> str:
    """A mapping of the usual file; each field's source is TOML."""
    usual = {
        "transaction_id": '"id"',
        "user_id": '"user"',
        "event_time": '"time"',
        "amount": '"amount"',
        "merchant_id": '"merchant"',
    }
    lines = "\n".join(f"{name} = {source}" for name, source in {**usual, **fields}.items())
    return f"[file]\n{file}\n[transaction]\n{lines}\n{label}"


def check(folder: Path, data: str | bytes, mapping: str = "", name: str = "data.csv") -> Result:
    """Write a file and its mapping, and check it."""
    written, described = folder / name, folder / "mapping.toml"
    written.write_bytes(data if isinstance(data, bytes) else data.encode())
    described.write_text(mapping or a_mapping(), encoding="utf-8")
    return command("check", str(written), "--mapping", str(described))


def command(*arguments: str) -> Result:
    """Run a command; a traceback fails the test."""
    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Result(result.exit_code, result.output)


def with_row(data: str, number: int, row: Sequence[str]) -> str:
    """The file with another row in place of its row `number`, from 1."""
    lines = data.splitlines(keepends=True)
    lines[number] = ",".join(row) + "\n"
    return "".join(lines)
