"""Messages are an on-disk format: old messages keep decoding, and a changed field needs a new version."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from weir.messages import decode_with, decoder_of, encode
from weir.schemas import PUBLISHED, file_name, schema_of, text_of

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
SHAPES = json.loads((GOLDEN / "shapes.v1.json").read_text()) | json.loads((GOLDEN / "shapes.v2.json").read_text())
MESSAGES = [
    (file.stem.partition(".")[0], file) for file in sorted(GOLDEN.glob("*.v?.json")) if "shapes" not in file.stem
]
"""A message of each version of each type."""

LATEST = [(name, GOLDEN / file_name(name)) for name in PUBLISHED]


def shapes() -> dict[str, Any]:
    """Every structure's fields on the wire, without defaults and descriptions."""
    found = {}
    for message in PUBLISHED.values():
        for name, body in schema_of(message)["$defs"].items():
            fields = body.get("properties") or dict(enumerate(body.get("prefixItems", [])))
            required = body.get("required") or range(body.get("minItems", 0))
            found[name] = {str(key): _shape(field, key in required) for key, field in fields.items()}
    return found


def _shape(field: dict[str, Any], required: bool) -> dict[str, Any]:
    return {"required": required, **_plain(field)}


def _plain(node: Any) -> Any:
    """Leave out the format `int64` too: no part ever wrote a longer integer, so it excludes no message."""
    if isinstance(node, list):
        return [_plain(one) for one in node]
    if not isinstance(node, dict):
        return node
    left_out = {"default", "description", "format"} if node.get("format") == "int64" else {"default", "description"}
    return {key: _plain(value) for key, value in node.items() if key not in left_out}


def test_every_version_has_a_golden_message():
    assert {file for _, file in LATEST} <= {file for _, file in MESSAGES}


@pytest.mark.parametrize(("name", "file"), MESSAGES)
def test_a_golden_message_keeps_decoding_and_loses_nothing(name, file):
    golden = file.read_bytes()
    message = decode_with(decoder_of(PUBLISHED[name]), golden)
    again = msgspec.json.decode(encode(message))
    expected = json.loads(golden)
    assert {key: _as_long_as(expected[key], again.get(key, expected[key])) for key in expected} == expected
    assert set(expected) - set(again) <= {"schema_version"}


def _as_long_as(golden: Any, now: Any) -> Any:
    """Leave out the empty fields that a later version appended to a structure that is written as an array."""
    if isinstance(golden, list) and isinstance(now, list) and not any(now[len(golden) :]):
        return now[: len(golden)]
    return now


@pytest.mark.parametrize(("name", "file"), LATEST)
def test_a_golden_message_has_a_value_for_every_field_of_its_version(name, file):
    assert set(SHAPES[PUBLISHED[name].__name__]) == set(json.loads(file.read_bytes()))


@pytest.mark.parametrize("structure", SHAPES)
def test_a_field_never_changes_within_a_version(structure):
    frozen, now = SHAPES[structure], shapes()[structure]
    assert {field: now.get(field) for field in frozen} == frozen, "a changed field needs a new version of the message"


@pytest.mark.parametrize("structure", shapes())
def test_a_field_added_later_has_a_default(structure):
    frozen, now = SHAPES[structure], shapes()[structure]
    assert not [field for field in now.keys() - frozen.keys() if now[field]["required"]]


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_schema_is_up_to_date(name):
    published = ROOT / "docs" / "schemas" / file_name(name)
    assert published.read_text() == text_of(PUBLISHED[name]), "run `weir schemas`"
