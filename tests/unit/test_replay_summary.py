"""The last line of a replay: a replay in which payments were refused, or none was scored, is no success."""

import pytest

from operations.replay.summary import Summary, verdict
from tests.builders import some_counts


def a_summary(**known: object) -> Summary:
    usual = {
        "title": "t",
        "namespace": "n",
        "pace": "p",
        "first_event": "",
        "last_event": "",
        "wall_s": 1.0,
        "rows_left_out": 0,
        "rows_repeated": 0,
        "transactions": 10,
        "transactions_per_s": 10.0,
        "latency_p50_ms": None,
        "latency_p99_ms": None,
        "decisions": {"approve": 9, "review": 1},
        "flags": {},
        "dead_letter_fields": {},
        "labels_sent": 0,
        "labels_not_due": 0,
        "examples_learned": 0,
        "publications": 0,
        "scores_by_an_older_model": 0,
        "quality": None,
        "counts": some_counts(),
        "lost": [],
    }
    return Summary(**usual | known)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, (True, "Every payment was scored, and the counts reconcile.")),
        ({"rows_left_out": 2}, (True, "Every payment was scored, and the counts reconcile. 2 wrong rows left out.")),
        (
            {"decisions": {}, "dead_letter_fields": {"currency": 10}},
            (False, "10 of 10 payments were refused: currency."),
        ),
        (
            {"decisions": {"approve": 7}, "dead_letter_fields": {"amount": 1, "currency": 2}},
            (False, "3 of 10 payments were refused: amount, currency."),
        ),
        ({"decisions": {}}, (False, "No payment was scored.")),
        ({"lost": ["One is lost."]}, (False, "Counts do not reconcile.")),
    ],
)
def test_the_last_line_says_whether_the_replay_was_a_success(known, expected):
    assert verdict(a_summary(**known)) == expected
