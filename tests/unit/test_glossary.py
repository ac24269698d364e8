"""The words that messages carry stand in docs/glossary.md, each once."""

import inspect
import re
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from detector import knowledge, scoring
from feedback_api.decisions import DEADLINE_EXCEEDED, STREAM_UNAVAILABLE
from weir import payments
from weir.messages import MONEY_BACK, Decision, Outcome, Verdict

PAGE = Path(__file__).parents[2] / "docs" / "glossary.md"
WORDS = re.findall(r"\*\*([^*]+)\*\*", PAGE.read_text())


def flags() -> set[str]:
    """The flags of the detector, read from its source, and those of the API."""
    raised = re.findall(r'append\("(\w+)"\)', inspect.getsource(scoring._flags))
    known = re.findall(r'"(\w+)"', inspect.getsource(knowledge.Knowledge.flags.fget).split('"""')[-1])
    fields = re.findall(r'"(\w+_field):', inspect.getsource(payments))
    return {*raised, *known, *fields, MONEY_BACK, DEADLINE_EXCEEDED, STREAM_UNAVAILABLE}


@pytest.mark.parametrize("vocabulary", [Decision, Outcome, Verdict], ids=["decisions", "outcomes", "verdicts"])
def test_the_words_of_messages_are_in_the_glossary(vocabulary):
    assert set(get_args(vocabulary)) <= set(WORDS)


def test_the_detectors_flags_are_in_the_glossary_and_no_others():
    page = PAGE.read_text()
    listed = set(re.findall(r"\*\*(\w+)\*\*", page[page.index("## Flags") :]))
    assert listed == flags()


def test_no_word_is_explained_twice():
    assert [word for word, number in Counter(WORDS).items() if number > 1] == []
