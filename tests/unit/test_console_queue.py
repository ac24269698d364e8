"""The open alerts, their leases, and a visitor's desk."""

import pytest

from feedback_api.console.desk import LEASE_MS, ROWS, Desk
from feedback_api.console.review_queue import ReviewQueue
from feedback_api.replies import PaymentKey
from tests.builders import a_scored_transaction
from weir.errors import InvalidRecord
from weir.messages import Reason

NOW = 1_000_000


def an_alert(number, decision="review", evidence=1.0, **fields):
    return a_scored_transaction(
        transaction_id=f"t{number}",
        decision=decision,
        reasons=[Reason(code="amount_ratio", text="much", contribution=evidence)],
        **{"scored_at_ms": NOW, **fields},
    )


def a_queue(*alerts, **options):
    queue = ReviewQueue(**options)
    for alert in alerts or [an_alert(number) for number in range(3)]:
        queue.open(alert)
    return queue


def key(transaction_id, user_id="u1"):
    return PaymentKey(user_id, transaction_id)


def a_desk(name="visitor"):
    ids = iter(range(100))
    return Desk(name, lambda: f"label-{next(ids)}")


def ids_of(alerts):
    return [alert.scored.transaction_id for alert in alerts]


def test_leases_go_to_the_longest_waiting_alerts_and_never_overlap():
    queue = a_queue()
    assert ids_of(queue.lease("ana", 2, until_ms=NOW + 1000, now_ms=NOW)) == ["t0", "t1"]
    assert ids_of(queue.lease("ben", 5, until_ms=NOW + 1000, now_ms=NOW)) == ["t2"]
    assert queue.lease("ana", 5, until_ms=NOW + 1000, now_ms=NOW) == []


def test_a_lease_that_ends_frees_its_alert():
    queue = a_queue()
    queue.lease("ana", 3, until_ms=NOW + 1000, now_ms=NOW)
    assert queue.find(key("t0")).held_by(NOW + 999) == "ana"
    assert ids_of(queue.lease("ben", 1, until_ms=NOW + 5000, now_ms=NOW + 1000)) == ["t0"]


def test_a_closed_alert_does_not_open_again():
    queue = a_queue()
    queue.close(key("t1"), "fraud", "ana")
    queue.open(an_alert(1))
    assert ids_of(queue) == ["t0", "t2"]
    assert queue.closed(key("t1")).labeler == "ana"


def test_an_alert_that_arrives_after_its_verdict_does_not_open():
    queue = a_queue()
    queue.close(key("t9"), "fraud", "ana")
    queue.open(an_alert(9))
    assert queue.find(key("t9")) is None


def test_past_the_limit_the_oldest_is_dropped_and_counted():
    queue = a_queue(*(an_alert(number) for number in range(10)), limit=4)
    assert (ids_of(queue), queue.dropped) == (["t6", "t7", "t8", "t9"], 6)


def test_the_newest_come_first():
    assert ids_of(a_queue().newest(2)) == ["t2", "t1"]


def test_nobody_takes_over_a_lease_that_holds():
    queue = a_queue()
    assert queue.hold(key("t0"), "ana", until_ms=NOW + 1000, now_ms=NOW)
    assert not queue.hold(key("t0"), "ben", until_ms=NOW + 9000, now_ms=NOW)
    queue.release(key("t0"), "ben")
    assert queue.find(key("t0")).held_by(NOW) == "ana"


def test_a_desk_prefers_reviews_then_recent_ones_then_clear_reasons():
    queue = a_queue(
        an_alert(0, decision="block", evidence=9.0),
        an_alert(1, scored_at_ms=NOW - 60_000, evidence=9.0),
        an_alert(2, evidence=2.0),
        an_alert(3, evidence=1.0),
    )
    desk = a_desk()
    seen = []
    for _ in range(4):
        desk.lease_next(queue, NOW)
        seen.append(desk.case.transaction_id)
    assert seen == ["t2", "t3", "t1", "t0"]


def test_a_case_stays_on_the_desk_until_the_visitor_acts():
    queue, desk = a_queue(an_alert(1)), a_desk()
    desk.keep(queue, NOW)
    queue.open(an_alert(2, evidence=9.0))
    queue.close(key("t1"), "fraud", "ana")
    desk.keep(queue, NOW + 1000)
    assert desk.case.transaction_id == "t1"


def test_an_open_page_renews_the_lease_and_a_closed_one_does_not():
    queue, desk = a_queue(an_alert(1)), a_desk()
    desk.keep(queue, NOW)
    desk.keep(queue, NOW + LEASE_MS - 1)
    assert queue.find(key("t1")).held_by(NOW + LEASE_MS + 1) == "visitor"
    assert queue.find(key("t1")).held_by(NOW + 2 * LEASE_MS) is None


def test_a_skipped_case_goes_back_and_comes_last():
    queue, desk = a_queue(), a_desk()
    desk.keep(queue, NOW)
    first = desk.case.transaction_id
    desk.skip(queue, NOW)
    assert desk.case.transaction_id != first
    assert queue.find(key(first)).held_by(NOW) is None


def test_the_same_verdict_again_is_the_same_label_and_another_is_not():
    queue, desk = a_queue(), a_desk()
    desk.keep(queue, NOW)
    first = desk.ask("fraud", 5, NOW)
    assert desk.ask("fraud", 9, NOW + 1) is first
    assert desk.ask("legitimate", 9, NOW + 2).label_id != first.label_id


def test_an_empty_desk_asks_for_no_label():
    with pytest.raises(InvalidRecord):
        a_desk().ask("fraud", None, NOW)


def test_rows_keep_their_places_and_only_a_closed_one_is_replaced():
    queue, desk = a_queue(*(an_alert(number) for number in range(ROWS))), a_desk()
    desk.keep(queue, NOW)
    before = list(desk.rows)
    queue.open(an_alert(90))
    queue.close(before[2], "fraud", "ana")
    desk.keep(queue, NOW)
    assert desk.rows == [*before[:2], key("t90"), *before[3:]]


def test_alerts_of_two_customers_with_one_id_are_two_alerts():
    queue = a_queue(an_alert(1, user_id="ana"), an_alert(1, user_id="ben"), an_alert(2, user_id="ana"))
    assert len(queue) == 3
    assert queue.open_with("t1") == [key("t1", "ana"), key("t1", "ben")]
    queue.close(key("t1", "ben"), "fraud", "carl")
    assert queue.open_with("t1") == [key("t1", "ana")]
    queue.open(an_alert(1, user_id="ben"))
    assert len(queue) == 2


def test_the_visitors_verdict_says_whose_payment_is_meant():
    queue, desk = a_queue(an_alert(1, user_id="ben")), a_desk()
    desk.keep(queue, NOW)
    assert desk.ask("fraud", None, NOW).user_id == "ben"
