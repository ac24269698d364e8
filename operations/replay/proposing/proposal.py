"""The text of a proposed mapping: each guess on a line, with its reason as a comment."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import structs

from operations.replay.columns.times import Bounds, TimeReader
from operations.replay.mapping import FileOptions, Labels, Source
from operations.replay.proposing.guesses import (
    Guess,
    guess_amount,
    guess_id,
    guess_label,
    guess_position,
    guess_text,
    guess_time,
    guess_user,
    has_fraud,
)
from operations.replay.proposing.sample import Sample, sampled
from weir.clock import now_ms
from weir.errors import DeploymentError
from weir.field_names import NAMES

_POSITION = ("latitude", "longitude")
_TEXTS = [
    name for name in NAMES if name not in {"transaction_id", "user_id", "event_time", "amount", "card_id", *_POSITION}
]


def proposed(file: Path) -> str:
    """A mapping for the file, as TOML with comments.

    Raises:
        DeploymentError: the file cannot be read, or no column holds times or amounts.
    """
    sample = sampled(file)
    inner = {name: values[1:-1] for name, values in sample.columns.items()}  # a row of units or of sums may be around
    amount = guess_amount(sample.columns) or guess_amount(inner)
    if amount is None:
        raise _nothing("amounts", sample)
    time = guess_time(sample.columns, now_ms()) or guess_time(inner, now_ms())
    if time is None:
        raise _nothing("times", sample)
    options = structs.replace(sample.options, thousands=amount[1].thousands, decimal=amount[1].decimal)
    reasons = sample.reasons | dict.fromkeys(
        ("thousands", "decimal"), f"amounts in {amount[0].source.name} are written so"
    )
    if not _in_order(time.source, sample.columns):
        options = structs.replace(options, sort=True)
        reasons["sort"] = "the sampled rows are not in the order of their times"
    fields = {
        "transaction_id": guess_id(sample.columns),
        "user_id": guess_user(sample.columns),
        "event_time": time,
        "amount": amount[0],
    }
    fields |= _optional(sample.columns, options, fields)
    label = guess_label(sample.columns, now_ms())
    lines = _lines(file, options=options, reasons=reasons, fields=fields, label=label, sample=sample)
    return "\n".join(lines) + "\n"


def _nothing(what: str, sample: Sample) -> DeploymentError:
    if len(sample.columns) == 1:
        return DeploymentError("The file seems to have one column.", "Write the mapping by hand, with its `delimiter`.")
    return DeploymentError(
        f"No column looks like {what}.", f"Write the mapping by hand; the columns are {', '.join(sample.columns)}."
    )


def _in_order(source: Source, columns: dict[str, Any]) -> bool:
    times, _ = TimeReader(source, Bounds(now_ms(), required=True)).read(columns)
    return not (np.diff(times) < 0).any()


def _optional(columns: dict[str, Any], options: FileOptions, required: dict[str, Guess]) -> dict[str, Guess]:
    """Optional fields, from columns that hold no other field."""
    used = {name for guess in required.values() for name in guess.source.names}
    found: dict[str, Guess] = {}
    for field in (*_TEXTS, "card_id", *_POSITION):
        free = {name: values for name, values in columns.items() if name not in used}
        guess = guess_position(field, free, options) if field in _POSITION else guess_text(field, free)
        if guess is not None:
            found[field] = guess
            used.update(guess.source.names)
    return found


def _lines(
    file: Path,
    *,
    options: FileOptions,
    reasons: dict[str, str],
    fields: dict[str, Guess],
    label: tuple[Labels, str] | None,
    sample: Sample,
) -> Iterator[str]:
    yield f"# Proposed by `weir map {_plain(file.name)}` from the first rows. Correct the guesses, then run"
    yield f"#   weir check {_plain(file.name)} --mapping MAPPING.toml"
    yield f"title = {_toml(file.stem)}"
    given = {name: value for name, value in structs.asdict(options).items() if value not in (None, False, [])}
    if given:
        yield "\n[file]"
    for name, value in given.items():
        yield f"{name} = {_toml(value)} # {_plain(reasons[name])}"
    yield "\n[transaction]"
    for name, guess in fields.items():
        yield f"{name} = {_source(guess.source)} # {guess.why}"
    if "currency" not in fields:
        yield '# currency = { constant = "EUR" } # no column looks like a currency: amounts are taken to be in the base currency'
    yield from _label_lines(label, sample)
    used = {name for guess in fields.values() for name in guess.source.names}
    if label is not None:
        used |= {label[0].column, *(label[0].time.names if isinstance(label[0].time, Source) else [])}
    if unused := [name for name in sample.columns if name not in used]:
        yield f"\n# Not used: {_plain(', '.join(unused))}"


def _label_lines(label: tuple[Labels, str] | None, sample: Sample) -> Iterator[str]:
    if label is None:
        yield "\n# No column looks like a verdict, so nothing can be judged: add [label] if there is one."
        return
    found, why = label
    yield "\n[label]"
    yield f"column = {_toml(found.column)} # {_plain(why)}"
    seen = "" if has_fraud(found, sample.columns) else " # no sampled row is fraud"
    yield f"fraud = {_toml(found.fraud)}{seen}"
    yield f"legitimate = {_toml(found.legitimate)}"
    if isinstance(found.time, Source):
        yield f"time = {_source(found.time)} # by its name: when the label became known"
    else:
        yield "# delay_s = 604_800 # the seconds after which a label becomes known"


def _source(source: Source) -> str:
    """A source as TOML: the name of its column if there is no more to it."""
    given = {name: value for name, value in structs.asdict(source).items() if value is not None}
    if list(given) == ["column"]:
        return _toml(source.column)
    return f"{{ {', '.join(f'{name} = {_toml(value)}' for name, value in given.items())} }}"


def _plain(text: str) -> str:
    """A text for a comment, in which TOML allows no control characters."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _toml(value: Any) -> str:
    """A text, number, truth value or list, which TOML writes as JSON does."""
    return json.dumps(value, ensure_ascii=False)
