"""What became of a label, in a state and in words."""

import pytest

from feedback_api.labels import StoredLabel
from feedback_api.receipts import PATIENCE_MS, Resolved, receipt_of
from tests.builders import a_label

NOW_MS, RETENTION_S = 1_750_000_000_000, 180 * 24 * 3600


def resolved(label_id="l1", verdict="fraud", outcome=None, n=None, **fields):
    known = {"epoch": None if n is None else 1, "at_ms": None if n is None else 500, "reason": None}
    return Resolved(label_id, verdict, outcome, n=n, **(known | {"in_force_since_ms": None} | fields))


def receipt(one, *others, acknowledged_ms=1000, transaction_id="t1"):
    stored = StoredLabel(a_label(transaction_id=transaction_id), 900, acknowledged_ms)
    return receipt_of(one, [one, *others], stored, now_ms=NOW_MS, retention_s=RETENTION_S)


def test_a_label_that_the_broker_does_not_have_is_sent():
    assert receipt(resolved(), acknowledged_ms=None)[:2] == ("sent", 900)


def test_a_label_without_a_payment_waits_and_says_so_after_a_moment():
    soon = receipt(resolved(), acknowledged_ms=NOW_MS - PATIENCE_MS + 1)
    late = receipt(resolved(), acknowledged_ms=NOW_MS - PATIENCE_MS)
    assert (soon.state, late.state, late.since_ms) == ("waiting", "waiting", NOW_MS - PATIENCE_MS)
    assert "No such payment is known." not in soon.says
    assert "No such payment is known." in late.says
    assert "180 days" in late.says


@pytest.mark.parametrize(("transaction_id", "said"), [("t1 ", True), (" t1", True), ("t1", False)])
def test_a_space_around_the_id_is_pointed_out(transaction_id, said):
    assert ("a space" in receipt(resolved(), transaction_id=transaction_id).says) is said


def test_a_label_is_joined_as_a_number_and_then_in_force():
    joined = receipt(resolved(outcome="example", n=1234))
    assert (joined.state, joined.since_ms) == ("joined", 500)
    assert "learned as number 1,234" in joined.says
    in_force = receipt(resolved(outcome="example", n=1234, in_force_since_ms=NOW_MS))
    assert (in_force.state, in_force.since_ms) == ("in force", NOW_MS)
    assert "in force since 2025-06-15 15:06:40 UTC" in in_force.says


def test_a_later_verdict_supersedes_an_earlier_one():
    first = resolved("l1", "fraud", "example", 7, in_force_since_ms=600)
    second = resolved("l2", "legitimate", "revision", 9, in_force_since_ms=700, at_ms=650)
    third = resolved("l3", "fraud", "revision", 12, at_ms=800)
    assert receipt(first, second) == (
        "superseded",
        650,
        "Label l2 superseded it: legitimate, learned as number 9.",
        "l2",
    )
    assert receipt(second, first).state == "in force"
    assert receipt(second, first, third).by == "l3"
    assert receipt(first, second, third).state == "in force"  # the verdict in force says the same


def test_a_confirmation_is_in_force_while_its_verdict_is():
    again = resolved("l2", "fraud", "confirmation", 8, in_force_since_ms=700)
    first, other = resolved("l1", "fraud", "example", 7), resolved("l3", "legitimate", "revision", 9)
    assert receipt(again, first).state == "in force"
    assert receipt(again).state == "in force"  # of a verdict by maturity, which no label gave
    assert receipt(again, first, other).by == "l3"


def test_a_verdict_on_another_customers_payment_with_the_same_id_supersedes_nothing():
    first = resolved("l1", "fraud", "example", 7, in_force_since_ms=600, user_id="ana")
    other = resolved("l2", "legitimate", "example", 9, user_id="ben")
    assert receipt(first, other).state == "in force"


def test_a_dead_letter_is_refused_with_its_reason():
    found = receipt(resolved(reason="labelled_at_ms: was made too early", at_ms=800))
    assert found == ("refused", 800, "The label was refused: labelled_at_ms: was made too early.", None)
