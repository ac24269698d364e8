"""The tables of `weir status`."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from operations.runner.state_folder import LOWEST_DISK_MB


def render(status: dict[str, Any]) -> None:
    console = Console()
    console.print(f"namespace [bold]{status['namespace']}[/bold]")
    for table in (_parts(status), _loops(status), _topics(status), _model(status), _counts(status), _addresses(status)):
        console.print(table)
    if (free_mb := status["disk_free_mb"]) is not None and free_mb < LOWEST_DISK_MB:
        console.print(
            f"[red]The disk has {free_mb} MB free. Kafka and the checkpoints will fail soon: free space.[/red]"
        )
    for part in (status["parts"] or {}).values():
        if failures := part.get("failures"):
            console.print(f"[yellow]{escape(failures['story'])}[/yellow]")
    console.print(verdict(status["reconciliation"]))


def _parts(status: dict[str, Any]) -> Table:
    table = Table("part", "state", "pid", "problem", box=None, padding=(0, 2))
    for name, part in (status["parts"] or {}).items():
        state = "[green]healthy[/green]" if part["healthy"] else "[red]unhealthy[/red]"
        table.add_row(name, state, str(part["pid"] or ""), part["problem"] or "")
    return table


def _loops(status: dict[str, Any]) -> Table:
    table = Table("loop", "parts that run", box=None, padding=(0, 2))
    for namespace, counts in (status["loops"] or {}).items():
        all_run = counts["running"] == counts["parts"]
        table.add_row(namespace, f"{'' if all_run else '[red]'}{counts['running']} of {counts['parts']}")
    return table


def _topics(status: dict[str, Any]) -> Table:
    table = Table("topic", "written", "lag", box=None, padding=(0, 2))
    for name, topic in (status["topics"] or {}).items():
        behind = ", ".join(f"{reader} {lag}" for reader, lag in topic["lag"].items())
        table.add_row(name, str(topic["end"]), behind)
    return table


def _model(status: dict[str, Any]) -> Table:
    table = Table("model in", "publication", "last example", "of its trees", "", box=None, padding=(0, 2))
    for where, model in (status["model"] or {"learner": None, "detector": None}).items():
        known = model or {}
        failed = known.get("trainings_failed", 0)
        problem = f"[red]training has failed {failed} times: see `weir logs learner`[/red]" if failed else ""
        numbers = str(known.get("publication", "none")), str(known.get("n", "")), str(known.get("trees_n") or "none")
        table.add_row(where, *numbers, problem)
    return table


def _counts(status: dict[str, Any]) -> Table:
    table = Table("counted", "", box=None, padding=(0, 2))
    for name, count in (status["counts"] or {}).items():
        if name not in {"schema_version", "counted_at_ms", "longest_waiting"}:
            table.add_row(name.replace("_", " "), str(count))
    return table


def _addresses(status: dict[str, Any]) -> Table:
    table = Table("where", "", box=None, padding=(0, 2))
    for name, address in status["addresses"].items():
        table.add_row(name, address)
    return table


def verdict(reconciliation: dict[str, Any] | None) -> str:
    """One line, as console markup: whether the counts reconcile, and what is on its way."""
    if reconciliation is None:
        return "[red]The counts are unknown: the ledger has not written any, or Kafka does not answer.[/red]"
    sentences = " ".join(reconciliation["differences"])
    found = f"[red]Counts do not reconcile. {sentences}[/red]" if sentences else "Counts reconcile."
    return " ".join([found, *reconciliation["on_their_way"]])
