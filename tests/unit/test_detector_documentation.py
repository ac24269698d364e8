from pathlib import Path

from detector.documentation import features_page, rules_page
from detector.feature_catalogue import FEATURES
from detector.rules import RULES

DOCS = Path(__file__).parent.parent.parent / "docs"


def test_the_page_about_features_is_the_schema():
    assert (DOCS / "features.md").read_text() == features_page()


def test_the_page_about_rules_is_the_rules():
    assert (DOCS / "rules.md").read_text() == rules_page()


def test_every_row_has_a_description_on_one_line():
    descriptions = [row.description for row in (*FEATURES, *RULES)]
    assert all(text.endswith(".") and "\n" not in text for text in descriptions)
