"""Every key of a mapping has an effect, or is refused with a sentence that names it and its field."""

from pathlib import Path

import pytest

from operations.replay.mapping import FileOptions, Labels, Source, parse_mapping
from tests.checking import LABEL, a_mapping
from weir.errors import DeploymentError

TEXT, NUMBER, TIME, ID = "user_id", "amount", "event_time", "transaction_id"


@pytest.mark.parametrize(
    ("field", "source", "key"),
    [
        *((TEXT, f'{{ column = "c", {key} }}', key.split()[0]) for key in ("scale = 2", 'unit = "s"', 'format = "%Y"')),
        *((TEXT, f'{{ column = "c", {key} }}', key.split()[0]) for key in ('zone = "UTC"', 'origin = "2024-01-01"')),
        *((NUMBER, f'{{ column = "c", {key} }}', key.split()[0]) for key in ('prefix = "x"', 'unit = "s"')),
        *((NUMBER, f'{{ column = "c", {key} }}', key.split()[0]) for key in ('zone = "UTC"', 'format = "%Y"')),
        (NUMBER, '{ columns = ["a", "b"] }', "columns"),
        (NUMBER, "{ row_number = true }", "row_number"),
        (TIME, '{ column = "c", prefix = "x" }', "prefix"),
        (TIME, '{ column = "c", map = { a = "b" } }', "map"),
        (TIME, '{ column = "c", zone = "Europe/Berlin", unit = "s" }', "zone"),
        (TIME, '{ columns = ["a", "b"], unit = "s" }', "unit"),
        (TIME, '{ column = "c", zone = "UTC", format = "%Y-%m-%d %z" }', "zone"),
        ("merchant_id", "{ row_number = true }", "row_number"),
        (TEXT, '{ column = "c", join = "-" }', "join"),
        (TEXT, '{ constant = "c", prefix = "x" }', "prefix"),
        (TEXT, '{ constant = "c", strip = "x" }', "strip"),
        (ID, '{ row_number = true, strip = "x" }', "strip"),
        (ID, "{ row_number = false }", "row_number"),
        (NUMBER, "{ constant = 1, scale = 2 }", "scale"),
        (TEXT, '{ column = "c", strip = "" }', "strip"),
        (TEXT, '{ column = "c", map = {} }', "map"),
    ],
)
def test_a_key_without_effect_is_refused(field, source, key):
    with pytest.raises(DeploymentError) as refused:
        parse_mapping(a_mapping(**{field: source}))
    assert repr(field) in refused.value.problem
    assert key in refused.value.problem
    assert "no effect" in refused.value.problem or "or a constant" in refused.value.problem


@pytest.mark.parametrize(
    ("field", "source", "sentence"),
    [
        (TIME, '{ column = "c", unit = "s", format = "%Y" }', "one is for numbers and the other for texts"),
        (TIME, '{ column = "c", zone = "Mars/Olympus" }', "unknown zone 'Mars/Olympus'"),
        (TIME, '{ column = "c", format = "%Q" }', "which is not one of strptime"),
        (TIME, '{ column = "c", format = "YYYY" }', "holds no part of a time"),
        (TIME, '{ column = "c", origin = "yesterday" }', "which is not a time"),
        (TIME, '{ column = "c", scale = 0 }', "which is not above 0"),
        (TIME, '{ column = "c", unit = "fortnight" }', "Invalid enum value 'fortnight'"),
        (ID, '{ constant = "c" }', "every row would have the same id"),
        (NUMBER, '{ constant = "c" }', "needs a number as its constant"),
        (TEXT, '{ columns = ["c"] }', "use `column`"),
        (TEXT, '{ column = "c", map = { a = 1 } }', "values that are no texts"),
        (TEXT, '{ column = "c", columns = ["a", "b"] }', "only one of them"),
        (TEXT, '{ colunm = "c" }', "unknown field `colunm`"),
    ],
)
def test_a_source_that_cannot_be_meant_is_refused(field, source, sentence):
    with pytest.raises(DeploymentError, match=sentence):
        parse_mapping(a_mapping(**{field: source}))


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ('delimiter = ";;"', "'delimiter' must be one character"),
        ('decimal = ",,"', "'decimal' must be one character"),
        ('thousands = ""', "'thousands' must be one character"),
        ('thousands = "."', "the same character"),
        ('decimal = ","\nthousands = ","', "the same character"),
        ('quote = "ab"', "'quote' must be one character, or empty"),
        ('quote = ","', "are the same character"),
        ('encoding = "klingon"', "unknown encoding 'klingon'"),
        ('encoding = "base64"', "unknown encoding 'base64'"),
        ('null_values = [""]', "always means a missing value"),
        ("skip_lines = -1", "skip_lines"),
        ('compression = "rar"', "rar"),
        ('delimeter = ";"', "unknown field `delimeter`"),
    ],
)
def test_a_file_that_cannot_be_written_so_is_refused(file, sentence):
    with pytest.raises(DeploymentError, match=sentence):
        parse_mapping(a_mapping(file))


def test_an_attribute_has_a_prefix_or_a_scale():
    attributes = '[attributes]\nx = { column = "x", prefix = "p", scale = 2 }\n'
    with pytest.raises(DeploymentError, match="'x' has the keys 'prefix' and 'scale'"):
        parse_mapping(a_mapping() + attributes)


def test_a_label_time_takes_the_keys_of_a_time():
    label = LABEL + 'time = { column = "known", prefix = "x" }\n'
    with pytest.raises(DeploymentError, match="'time' has the key 'prefix', which has no effect on it"):
        parse_mapping(a_mapping(label=label))


def test_an_origin_may_be_a_date_of_toml():
    source = '{ column = "c", unit = "h", origin = 2024-01-31 }'
    assert parse_mapping(a_mapping(event_time=source)).sources["event_time"].origin == "2024-01-31"


@pytest.mark.parametrize("key", [*FileOptions.__struct_fields__, *Source.__struct_fields__, *Labels.__struct_fields__])
def test_every_key_is_documented(key):
    page = (Path(__file__).parents[2] / "examples/README.md").read_text()
    assert f"`{key}`" in page.split("### Keys of a mapping")[1]


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ("%d/%m/%Y %H:%M %p", "%p has no effect beside %H"),
        ("%d/%m/%Y %I:%M", "without %p"),
        ("%d/%m %H:%M", "reads no year"),
        ("%H:%M", "reads no year"),
        ("%W %Y", "not one of strptime"),
        ("%V %G", "not one of strptime"),
    ],
)
def test_a_format_that_would_read_another_time_is_refused(form, problem):
    with pytest.raises(DeploymentError, match=problem):
        parse_mapping(a_mapping(event_time=f'{{ column = "time", format = "{form}" }}'))
