"""Producers' own attributes that a deployment declares as features."""

from math import isnan

import pytest
from pydantic import ValidationError

from detector.attributes import LARGEST, Attributes
from detector.features import BY_NAME
from detector.payment import code_of
from tests.builders import MINUTE_MS
from tests.detecting import User
from weir.settings import DetectorSettings


def a_user(**settings) -> User:
    return User(numeric_attributes=("points", "basket"), categorical_attributes=("wallet",), **settings)


def test_a_declared_attribute_is_a_feature():
    features = a_user().pay(attributes={"points": 7.5, "wallet": "apple"}).features
    assert features["attribute_number_1"] == 7.5
    assert features["attribute_code_1"] == code_of("apple")
    assert not {"attribute_number_2", "attribute_number_3", "attribute_code_2"} & set(features)


def test_an_attribute_that_is_not_declared_is_no_feature():
    features = User().pay(attributes={"points": 7.5}).features
    assert not [name for name in features if name.startswith("attribute_")]


@pytest.mark.parametrize(("sent", "number"), [("7.5", 7.5), (-3.0, -3.0), (1e300, LARGEST), ("-1e99", -LARGEST)])
def test_a_number_may_be_text_and_is_bounded(sent, number):
    assert a_user().pay(attributes={"points": sent}).features["attribute_number_1"] == number


@pytest.mark.parametrize("sent", ["seven", "nan", "inf", "-inf", ""])
def test_what_is_no_number_is_missing(sent):
    assert "attribute_number_1" not in a_user().pay(attributes={"points": sent}).features


def test_a_category_is_the_same_as_text_and_as_a_number():
    as_text, as_number = (
        Attributes([], ["mcc"]).values({"mcc": "5411"}),
        Attributes([], ["mcc"]).values({"mcc": 5411.0}),
    )
    assert as_text[4] == as_number[4]
    assert isnan(as_text[5])


def test_an_analyst_reads_the_attributes_own_name():
    moment, values = a_user().look(attributes={"points": 7.5, "wallet": "apple"})
    texts = [BY_NAME[name].words(moment, values[name]) for name in ("attribute_number_1", "attribute_code_1")]
    assert texts == ["points is 7.5", "wallet is apple"]


def test_words_are_whole_numbers_without_a_point_and_long_texts_cut():
    moment, values = a_user().look(attributes={"points": 3.0, "wallet": "w" * 100_000})
    texts = [BY_NAME[name].words(moment, values[name]) for name in ("attribute_number_1", "attribute_code_1")]
    assert texts == ["points is 3", f"wallet is {'w' * 64}"]


def test_only_the_start_of_a_long_text_counts_because_codes_are_cached():
    codes = [Attributes([], ["a"]).values({"a": "x" * 512 + end})[4] for end in ("one", "two")]
    assert codes[0] == codes[1] == code_of("x" * 512)


@pytest.mark.parametrize("names", [("a", "a"), ("",), ("a", "b", "c", "d", "e")])
def test_a_declaration_that_is_ambiguous_or_too_long_is_refused(names):
    with pytest.raises(ValidationError, match="numeric_attributes"):
        DetectorSettings(numeric_attributes=names)


def test_attributes_leave_other_features_as_they_are():
    plain, declared = User(), a_user()
    for user in (plain, declared):
        user.pay(at_ms=-MINUTE_MS)
    with_them = dict(declared.pay(attributes={"points": 1.0}).features)
    assert with_them.pop("attribute_number_1") == 1.0
    assert with_them == dict(plain.pay(attributes={"points": 1.0}).features)
