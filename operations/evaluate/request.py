"""What `weir evaluate` was asked for, and what follows from it and from the mapping."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from msgspec import structs
from rich.console import Console

from operations.replay.checking.file_check import CheckedFile
from operations.replay.checking.gate import admitted
from operations.replay.known_verdicts import protocol_of
from operations.replay.label_schedule import DueLabel, label_body, require_horizon
from operations.replay.mapping import Labels, Mapping, read_mapping
from operations.replay.own_loop import loop_settings
from operations.replay.period import Extent, Period
from operations.replay.quality import Protocol
from operations.replay.selected_rows import extent
from weir.errors import DeploymentError
from weir.messages import Label
from weir.settings import Settings
from weir.topics import DAY_MS

NAMESPACE = "evaluate"
"""No loop has it: settings ask for a namespace, and the deployment's own is refused."""


@dataclass(frozen=True)
class EvaluateRequest:
    """The command line. Days are UTC; `first` and `last` are assessed, both inclusive."""

    file: Path
    mapping: Path | None = None
    delay_days: float | None = None
    first: datetime | None = None
    last: datetime | None = None
    learn_from: datetime | None = None
    protocol: Literal["handbook", "prequential"] = "prequential"
    feedback: Literal["all", "alerts"] = "all"
    budget: int = 100
    contenders: tuple[str, ...] = ()
    json: Path | None = None
    plots: Path | None = None
    skip_bad: int = 0


@dataclass(frozen=True)
class Plan:
    """An evaluation, read and checked before it starts."""

    request: EvaluateRequest
    mapping: Mapping
    label: Labels
    settings: Settings
    checked: CheckedFile
    period: Period
    extent: Extent
    protocol: Protocol

    @property
    def slice_ms(self) -> int:
        """Event time between two publications."""
        return round(self.mapping.slice_s * 1000)

    @property
    def labelled(self) -> Callable[[DueLabel], Label]:
        """Makes the label that `weir replay` would send."""

        def message(due: DueLabel) -> Label:
            body = label_body(due, self.label)
            known_ms = body.pop("as_of")
            return Label(**body, as_of_ms=known_ms, labelled_at_ms=known_ms)

        return message


def planned(request: EvaluateRequest, console: Console) -> Plan | None:
    """Read the mapping, check the file, and settle on days and settings. Returns None if too many rows are wrong.

    Raises:
        DeploymentError: the mapping, the file or the days do not fit.
    """
    _require_order(request)
    mapping = _adapted(_read_mapping(request.mapping), request)
    if mapping.label is None:
        raise DeploymentError(
            "The mapping has no [label], so nothing can be judged.", "Add it: see examples/README.md."
        )
    settings = loop_settings(mapping, NAMESPACE)
    require_horizon(mapping, settings.learning.maturity_horizon_s)
    checked = admitted(request.file, mapping, settings, request.skip_bad, console)
    if checked is None:
        return None
    stop_ms = None if request.last is None else _ms(request.last) + DAY_MS
    period = Period(None if request.learn_from is None else _ms(request.learn_from), stop_ms)
    size = extent(checked, period, None)
    first_ms = None if request.first is None else _ms(request.first)
    last_ms = None if request.last is None else _ms(request.last)
    protocol = protocol_of(mapping, size, first_ms, last_ms)
    return Plan(request, mapping, mapping.label, settings, checked, period, size, protocol)


def _read_mapping(file: Path | None) -> Mapping:
    if file is None:
        raise DeploymentError("There is no mapping.", "Give --mapping a TOML file: see examples/README.md.")
    return read_mapping(file)


def _adapted(mapping: Mapping, request: EvaluateRequest) -> Mapping:
    """The mapping with the delay that was asked for and, under the handbook's protocol, its rule for the unlabelled.

    There every payment without a label counts as legitimate once its label would be known: the horizon is one slice
    beyond the delay, and all of them are learned. What the mapping's own `[loop.learning]` says stands.
    """
    if mapping.label is not None and request.delay_days is not None:
        mapping = structs.replace(mapping, label=structs.replace(mapping.label, delay_s=request.delay_days * 86_400))
    if mapping.label is None or request.protocol != "handbook":
        return mapping
    horizon_s = math.ceil(mapping.label.delay_s + mapping.slice_s)
    learning = {"implicit_share": 1.0, "maturity_horizon_s": horizon_s, **mapping.loop.get("learning", {})}
    return structs.replace(mapping, loop={**mapping.loop, "learning": learning})


def _require_order(request: EvaluateRequest) -> None:
    first, last, learn_from = request.first, request.last, request.learn_from
    if first is not None and last is not None and last < first:
        raise DeploymentError(f"--to {last:%Y-%m-%d} is before --from {first:%Y-%m-%d}.", "Exchange them.")
    if learn_from is not None and first is not None and first < learn_from:
        raise DeploymentError(
            f"--learn-from {learn_from:%Y-%m-%d} is after --from {first:%Y-%m-%d}.", "Learn from an earlier day."
        )


def _ms(day: datetime) -> int:
    return round(day.replace(tzinfo=UTC).timestamp() * 1000)
