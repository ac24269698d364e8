from datetime import UTC, datetime
from functools import singledispatch

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect

from weir.errors import InvalidRecord
from weir.feature_schema import NAMES
from weir.feature_vector import FeatureVector
from weir.messages import decode_with, decoder_of, encode
from weir.schemas import PUBLISHED
from weir.vectors import packed

LONG = 2**63 - 1
few = settings(max_examples=30, deadline=None)


def decoded(decoder: msgspec.json.Decoder, payload: bytes) -> msgspec.Struct | InvalidRecord:
    try:
        return decode_with(decoder, payload)
    except InvalidRecord as error:
        return error


@singledispatch
def values_of(kind: inspect.Type) -> st.SearchStrategy:
    """Generate the values of a field from msgspec's description of its type."""
    raise NotImplementedError(kind)


@values_of.register
def _(kind: inspect.StrType) -> st.SearchStrategy:
    if kind.pattern:
        return st.from_regex(kind.pattern, fullmatch=True)
    return st.text(min_size=kind.min_length or 0, max_size=min(kind.max_length or 20, 20))


@values_of.register
def _(_: inspect.BoolType) -> st.SearchStrategy:
    return st.booleans()


@values_of.register
def _(kind: inspect.IntType) -> st.SearchStrategy:
    return st.integers(-LONG if kind.ge is None else kind.ge, LONG if kind.le is None else kind.le)


@values_of.register
def _(kind: inspect.FloatType) -> st.SearchStrategy:
    return st.floats(kind.ge, kind.le, allow_nan=False, allow_infinity=False)


@values_of.register
def _(_: inspect.DateTimeType) -> st.SearchStrategy:
    return st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@values_of.register
def _(kind: inspect.LiteralType) -> st.SearchStrategy:
    return st.sampled_from(kind.values)


@values_of.register
def _(kind: inspect.UnionType) -> st.SearchStrategy:
    return st.one_of(*map(values_of, kind.types))


@values_of.register
def _(kind: inspect.ListType) -> st.SearchStrategy:
    return st.lists(values_of(kind.item_type), max_size=3)


@values_of.register
def _(kind: inspect.DictType) -> st.SearchStrategy:
    return st.dictionaries(values_of(kind.key_type), values_of(kind.value_type), max_size=3)


@values_of.register
def _(kind: inspect.StructType) -> st.SearchStrategy:
    if kind.cls is FeatureVector:  # refuses values that are not of its schema
        return st.lists(st.floats(width=32), min_size=len(NAMES), max_size=len(NAMES)).map(np.array).map(packed)
    return st.builds(kind.cls, **{field.name: values_of(field.type) for field in kind.fields})


@values_of.register
def _(_: inspect.NoneType) -> st.SearchStrategy:
    return st.none()


@values_of.register
def _(_: inspect.BytesType) -> st.SearchStrategy:
    return st.binary(max_size=20)


@values_of.register
def _(_: inspect.RawType) -> st.SearchStrategy:
    return st.dictionaries(st.text(max_size=5), st.integers(0, 9), max_size=3).map(lambda one: msgspec.Raw(encode(one)))


@pytest.mark.parametrize("name", PUBLISHED)
@few
@given(st.data())
def test_decoding_an_encoded_message_gives_the_same_message(name, data):
    message = data.draw(values_of(inspect.type_info(PUBLISHED[name])))
    assert decode_with(decoder_of(PUBLISHED[name]), encode(message)) == message


@pytest.mark.parametrize("name", PUBLISHED)
@few
@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_an_invalid_record_that_names_a_field(name, payload):
    decoder = decoder_of(PUBLISHED[name])
    found = decoded(decoder, payload)
    if isinstance(found, InvalidRecord):
        assert all((found.field, found.reason))
    else:
        assert decode_with(decoder, encode(found)) == found


@pytest.mark.parametrize("name", PUBLISHED)
@few
@given(st.data())
def test_a_message_cut_short_is_an_invalid_record(name, data):
    payload = encode(data.draw(values_of(inspect.type_info(PUBLISHED[name]))))
    with pytest.raises(InvalidRecord):
        decode_with(decoder_of(PUBLISHED[name]), payload[: data.draw(st.integers(0, len(payload) - 1))])
