"""Features of producers' own attributes, which a deployment declares (`detector.attributes`)."""

from detector.attributes import as_text
from detector.facts import Facts
from detector.features import CODE, Words, feature
from detector.moment import Moment
from weir.compiled import compiled

NUMBER = "as sent"

# A score repeats the text in a reason and must not outgrow the record. A round number; not measured.
SHOWN = 64


def _words(slot: str) -> Words:
    def words(moment: Moment, _: float) -> str:
        name = moment.attributes.name_of[slot]
        return f"{name} is {as_text(moment.transaction.attributes[name])[:SHOWN]}"

    return words


@feature(NUMBER, _words("attribute_number_1"))
def attribute_number_1(facts: Facts) -> float:
    """The first attribute that is declared as a number."""
    return facts.attribute_number_1


@feature(NUMBER, _words("attribute_number_2"))
def attribute_number_2(facts: Facts) -> float:
    """The second attribute that is declared as a number."""
    return facts.attribute_number_2


@feature(NUMBER, _words("attribute_number_3"))
def attribute_number_3(facts: Facts) -> float:
    """The third attribute that is declared as a number."""
    return facts.attribute_number_3


@feature(NUMBER, _words("attribute_number_4"))
def attribute_number_4(facts: Facts) -> float:
    """The fourth attribute that is declared as a number."""
    return facts.attribute_number_4


@feature(CODE, _words("attribute_code_1"))
def attribute_code_1(facts: Facts) -> float:
    """The first attribute that is declared as a category, as a hash of its value."""
    return facts.attribute_code_1


@feature(CODE, _words("attribute_code_2"))
def attribute_code_2(facts: Facts) -> float:
    """The second attribute that is declared as a category, as a hash of its value."""
    return facts.attribute_code_2


@feature(CODE, _words("attribute_code_3"))
def attribute_code_3(facts: Facts) -> float:
    """The third attribute that is declared as a category, as a hash of its value."""
    return facts.attribute_code_3


@feature(CODE, _words("attribute_code_4"))
def attribute_code_4(facts: Facts) -> float:
    """The fourth attribute that is declared as a category, as a hash of its value."""
    return facts.attribute_code_4


@compiled
def attribute_features(facts: Facts) -> tuple[float, ...]:
    """Return the group's values in the schema's order."""
    return (
        attribute_number_1(facts),
        attribute_number_2(facts),
        attribute_number_3(facts),
        attribute_number_4(facts),
        attribute_code_1(facts),
        attribute_code_2(facts),
        attribute_code_3(facts),
        attribute_code_4(facts),
    )
