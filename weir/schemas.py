"""`weir schemas`: JSON Schema files, generated from the message types."""

import inspect
import json
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from weir.messages import (
    Counts,
    DeadLetter,
    Example,
    Label,
    Publication,
    Reputation,
    ScoredTransaction,
    Transaction,
    TreesPublication,
    TwinFrozen,
    UserEvent,
)

PUBLISHED: dict[str, type[Struct]] = {
    "transaction": Transaction,
    "user-event": UserEvent,
    "label": Label,
    "scored-transaction": ScoredTransaction,
    "example": Example,
    "dead-letter": DeadLetter,
    "publication": Publication,
    "trees-publication": TreesPublication,
    "reputation": Reputation,
    "counts": Counts,
    "twin-frozen": TwinFrozen,
}
"""The messages that other programs may read or write, by the name of their schema."""

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(message: type[Struct]) -> dict[str, Any]:
    return {"$schema": _DIALECT, **_tidy(msgspec.json.schema(message))}


VERSIONS = {"scored-transaction": 2, "example": 2, "dead-letter": 2}
"""The versions of messages that changed incompatibly. Earlier ones stay readable, and their schemas stay published."""


def file_name(name: str) -> str:
    """Return the schema's file name."""
    return f"{name}.v{VERSIONS.get(name, 1)}.json"


def write_schemas(folder: Path = Path("docs/schemas")) -> list[Path]:
    """Write the schema of every published message and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {folder / file_name(name): message for name, message in PUBLISHED.items()}
    for file, message in files.items():
        file.write_text(text_of(message))
    return list(files)


def text_of(message: type[Struct]) -> str:
    """Return the content of a message's schema file."""
    return json.dumps(schema_of(message), indent=2, ensure_ascii=False) + "\n"


_INT64 = {"minimum": -(2**63), "maximum": 2**63 - 1}


def _tidy(node: Any) -> Any:
    """Remove the indentation of docstrings, and write the bounds of `Int64` as the usual format `int64`."""
    if isinstance(node, list):
        return [_tidy(one) for one in node]
    if not isinstance(node, dict):
        return node
    if node.items() >= _INT64.items():
        node = {"type": "integer", "format": "int64"} | {key: node[key] for key in node if key not in _INT64}
    return {key: inspect.cleandoc(value) if key == "description" else _tidy(value) for key, value in node.items()}
