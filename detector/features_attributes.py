"""Features of producers' own attributes, which a deployment declares (`detector.attributes`)."""

from detector.attributes import as_text
from detector.facts import Facts
from detector.features import CODE, Words, describe
from detector.moment import Moment
from weir.compiled import compiled
from weir.feature_schema import CODE_SLOTS, NUMBER_SLOTS

# A score repeats the text in a reason and must not outgrow the record. A round number; not measured.
SHOWN = 64


def describe_attributes() -> None:
    """Describe the features of all slots."""
    for nth, slot in enumerate(NUMBER_SLOTS, start=1):
        describe(slot, "as sent", _words(slot), f"Attribute {nth} of `detector.numeric_attributes`.")
    for nth, slot in enumerate(CODE_SLOTS, start=1):
        text = f"Attribute {nth} of `detector.categorical_attributes`, as a hash of its value."
        describe(slot, CODE, _words(slot), text)


def _words(slot: str) -> Words:
    def words(moment: Moment, _: float) -> str:
        name = moment.attributes.name_of[slot]
        return f"{name} is {as_text(moment.transaction.attributes[name])[:SHOWN]}"

    return words


@compiled
def attribute_features(facts: Facts) -> tuple[float, ...]:
    """Return the group's values in the schema's order."""
    return (
        facts.attribute_number_1,
        facts.attribute_number_2,
        facts.attribute_number_3,
        facts.attribute_number_4,
        facts.attribute_code_1,
        facts.attribute_code_2,
        facts.attribute_code_3,
        facts.attribute_code_4,
    )
