import pytest

from operations.harness.pacing import Clock, Sent, lost, slices, unsettled
from operations.replay.label_schedule import LabelSchedule, require_horizon
from operations.replay.mapping import Labels, Mapping
from operations.replay.rows import Row
from tests.builders import DAY_MS, HOUR_MS, NOON_MS, a_transaction, some_counts
from weir.errors import DeploymentError


def a_row(name: str = "t1", at_ms: int = NOON_MS, verdict: str | None = "fraud", known_ms: int | None = None) -> Row:
    return Row(at_ms, a_transaction(transaction_id=name, event_time=at_ms), verdict, known_ms or at_ms + DAY_MS)


def test_due_labels_are_returned_in_order_of_their_time():
    schedule = LabelSchedule()
    schedule.add(a_row("late", known_ms=30))
    schedule.add(a_row("early", known_ms=10))
    schedule.add(a_row("middle", known_ms=20))
    assert [label.transaction_id for label in schedule.due(20)] == ["early", "middle"]
    assert (schedule.due(20), len(schedule)) == ([], 1)


def test_only_frauds_are_sent_unless_all_are_asked_for():
    rows = [a_row("f"), a_row("l", verdict="legitimate"), a_row("u", verdict=None)]
    found = {}
    for send in ("fraud", "all"):
        schedule = LabelSchedule(send)
        for row in rows:
            schedule.add(row)
        found[send] = {label.transaction_id for label in schedule.due(NOON_MS + DAY_MS)}
    assert found == {"fraud": {"f"}, "all": {"f", "l"}}


def test_slices_start_on_the_grid_and_empty_ones_are_left_out():
    start = NOON_MS // HOUR_MS * HOUR_MS
    rows = [a_row("a", start), a_row("b", start + HOUR_MS - 1), a_row("c", start + 5 * HOUR_MS)]
    found = [(at, [row.transaction.transaction_id for row in some]) for at, some in slices(rows, HOUR_MS)]
    assert found == [(start, ["a", "b"]), (start + 5 * HOUR_MS, ["c"])]


def test_event_time_runs_at_the_requested_speed():
    clock = Clock(speed=3600, first_event_ms=NOON_MS, started_s=100.0)
    assert clock.due_s(NOON_MS + HOUR_MS) == 101.0


@pytest.mark.parametrize(
    ("counts", "learned_n", "waits_for"),
    [
        (None, 0, "not counted anything"),
        (some_counts(transactions_sent=9), 0, "score 1 transaction"),
        (some_counts(transactions_sent=10, scored=8, in_flight=2), 0, "score 2 transactions"),
        (some_counts(transactions_sent=10, scored=10, labels_accepted=1), 0, "join 1 label"),
        (some_counts(transactions_sent=10, scored=10, labels_accepted=2, labels_waiting=2), 0, "join 2 labels"),
        (
            some_counts(transactions_sent=10, labels_accepted=2, label_examples=2, implicit_examples=5),
            4,
            "publish 3 examples",
        ),
        (some_counts(transactions_sent=10, labels_accepted=2, label_examples=2, implicit_examples=5), 7, None),
    ],
)
def test_the_next_slice_waits_until_all_before_it_is_scored_joined_and_learned(counts, learned_n, waits_for):
    found = unsettled(Sent(transactions=10, labels=2), counts, learned_n)
    assert found is None if waits_for is None else waits_for in found


def test_the_label_of_a_dead_lettered_transaction_holds_nothing_up():
    refused = {"transactions_dead_lettered": 1, "labels_waiting": 1, "labels_of_refused": 1}
    counts = some_counts(transactions_sent=1, labels_accepted=1, **refused)
    assert unsettled(Sent(transactions=1, labels=1), counts, 0) is None
    assert lost(Sent(transactions=1, labels=1), counts) == []


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"transactions_sent": 9, "scored": 9}, "The replay sent 10 transactions, but 9 arrived."),
        ({"scored": 9, "in_flight": 1}, "The detector neither scored nor dead-lettered 1 transaction."),
        ({"labels_accepted": 0, "label_examples": 0}, "The replay sent 1 label, but 0 arrived."),
        ({"label_examples": 0, "labels_waiting": 1}, "The transaction of 1 label never arrived."),
    ],
)
def test_what_is_lost_is_reported_in_one_sentence(changed, sentence):
    settled = {"transactions_sent": 10, "scored": 10, "labels_accepted": 1, "label_examples": 1}
    assert lost(Sent(transactions=10, labels=1), some_counts(**settled)) == []
    assert lost(Sent(transactions=10, labels=1), some_counts(**settled | changed)) == [sentence]


def test_a_horizon_shorter_than_the_label_delay_is_refused():
    label = Labels(column="x", fraud=[1], legitimate=[0], delay_s=100)
    mapping = Mapping(transaction={}, label=label, slice_s=10)
    require_horizon(mapping, 110)
    with pytest.raises(DeploymentError, match="at least 110"):
        require_horizon(mapping, 109)
