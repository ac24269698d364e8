"""The label join gives the same examples in whatever order its two streams interleave."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from learner.label_join import JoinState, LabelJoin, decode_join_state, encode_join_state
from tests.builders import DAY_MS, NOON_MS, a_label, a_scored_transaction
from weir.messages import Example, Label, Position, ScoredTransaction
from weir.settings import LearningSettings

JOIN = LabelJoin(
    LearningSettings(clock="stream", maturity_horizon_s=86_400, retention_s=10 * 86_400, implicit_share=1.0)
)
SOURCE = Position("live.labels", 0, 0)


def run(events):
    """Feed scores, labels and watermarks (integers) to one id, with its state encoded and decoded each time."""
    stored, examples, letters = None, [], []
    for event in events:
        state = decode_join_state(stored)
        if isinstance(event, ScoredTransaction):
            joined = JOIN.on_scored(state, event)
        elif isinstance(event, Label):
            joined = JOIN.on_label(state, event, source=SOURCE, payload=event.label_id.encode())
        else:
            joined = JOIN.on_timer(state, event)
        stored = None if state.is_empty else encode_join_state(state)
        examples += joined.examples
        letters += joined.dead_letters
    return examples, letters, decode_join_state(stored)


labels = st.lists(
    st.builds(
        lambda number, verdict, day: a_label(label_id=f"l{number}", verdict=verdict, as_of_ms=NOON_MS + day * DAY_MS),
        st.integers(0, 5),
        st.sampled_from(["fraud", "legitimate"]),
        st.integers(0, 20),
    ),
    max_size=8,
    unique_by=lambda label: label.label_id,
)


def with_repeats(events):
    """Repeat events as at-least-once delivery does: each event in order, then some of the earlier ones again."""
    return st.lists(st.integers(0, 2), min_size=len(events), max_size=len(events)).map(
        lambda repeats: [
            again
            for position, (event, count) in enumerate(zip(events, repeats, strict=True))
            for again in [event, *events[max(0, position - count) : position]]
        ]
    )


@st.composite
def interleavings(draw):
    """Scores, labels, and a stream that interleaves them in some order."""
    chosen = draw(labels)
    scores = [a_scored_transaction(score=score) for score in draw(st.lists(st.floats(0, 1), min_size=1, max_size=3))]
    streams = [draw(with_repeats(scores)), draw(with_repeats(chosen))]
    turns = draw(st.permutations([0] * len(streams[0]) + [1] * len(streams[1])))
    queues = [iter(stream) for stream in streams]
    return scores, chosen, [next(queues[turn]) for turn in turns]


@given(interleavings())
def test_examples_are_the_same_under_any_interleaving_and_duplication(case):
    scores, chosen, stream = case
    assert run(stream)[0] == run([scores[0], *chosen])[0]


@given(interleavings(), st.data())
def test_every_label_ends_exactly_once(case, data):
    _, chosen, stream = case
    gaps = data.draw(st.lists(st.tuples(st.integers(0, len(stream)), st.integers(0, 9)), max_size=4))
    for position, day in sorted(gaps, reverse=True):
        stream = [*stream[:position], NOON_MS + day * DAY_MS, *stream[position:]]
    examples, letters, state = run(stream)
    ends = [example.label_id for example in examples if not example.implicit]
    ends += [letter.label_id for letter in letters] + [waiting.label.label_id for waiting in state.waiting]
    assert Counter(ends) == Counter(label.label_id for label in chosen)


@given(interleavings(), st.integers(0, 20), st.integers(0, 40))
def test_revisions_are_dense_and_each_supersedes_the_one_before(case, day, position):
    _, _, stream = case
    examples, _, _ = run([*stream[:position], NOON_MS + min(day, 9) * DAY_MS, *stream[position:]])
    verdicts: list[Example] = [example for example in examples if example.outcome != "confirmation"]
    assert [example.revision for example in verdicts] == list(range(len(verdicts)))
    assert [example.supersedes for example in verdicts] == [None, *range(len(verdicts) - 1)][: len(verdicts)]


@given(labels)
def test_all_labels_without_a_transaction_end_as_dead_letters(chosen):
    _, letters, state = run([*chosen, NOON_MS + 40 * DAY_MS])
    assert [letter.payload.decode() for letter in letters] == [label.label_id for label in chosen]
    assert state == JoinState()
