"""No model learns a verdict before it is known, and no score knows what is not published."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from operations.evaluate.contenders import Assessment
from operations.evaluate.feedback import AlertLabels, EveryLabel
from operations.evaluate.lane import Lane
from operations.evaluate.one_pass import OnePass
from operations.evaluate.pure_detector import PureDetector
from operations.evaluate.pure_join import PureJoin
from operations.replay.rows import Row
from tests.builders import DAY_MS, HOUR_MS, a_label, a_transaction
from weir.messages import Example
from weir.settings import DetectorSettings, LearningSettings

START = 20_000 * DAY_MS
HORIZON_MS = 3 * DAY_MS
LEARNING = LearningSettings(
    clock="stream", maturity_horizon_s=HORIZON_MS // 1000, retention_s=HORIZON_MS // 500, implicit_share=1.0
)


@dataclass(eq=False)
class Recorder:
    """Learns nothing and remembers when it was given what; `learned` are the examples in force so far."""

    known_ms: dict[str, int]
    learned: list[Example] = field(default_factory=list)
    in_force: list[Example] = field(default_factory=list)
    too_early: list[str] = field(default_factory=list)
    not_published: list[str] = field(default_factory=list)
    name: str = "recorder"

    @property
    def models(self) -> "tuple[Recorder, ...]":
        return (self,)

    def learn(self, n: int, example: Example) -> None:
        assert n == len(self.learned) + 1
        self.learned.append(example)

    def publish(self, now_ms: int) -> None:
        self.in_force = list(self.learned)
        self.too_early += [one.transaction_id for one in self.in_force if self._known_ms(one) > now_ms]

    def score(self, scored) -> Assessment:
        self.too_early += [one.transaction_id for one in self.learned if self._known_ms(one) > scored.event_time_ms]
        if len(self.in_force) < len(self.learned):
            self.not_published.append(scored.transaction_id)
        return Assessment(0.5, "approve")

    def _known_ms(self, example: Example) -> int:
        if example.implicit:
            return example.event_time_ms + HORIZON_MS
        return self.known_ms[example.transaction_id]


rows = st.lists(
    st.tuples(
        st.integers(0, 12 * 24),  # hours after the start
        st.sampled_from(["fraud", "legitimate", None]),
        st.integers(0, 5 * 24),  # hours until the verdict is known
        st.sampled_from("uvw"),
    ),
    min_size=1,
    max_size=30,
)


def a_file(drawn) -> list[Row]:
    found = []
    for number, (hours, verdict, delay_hours, user) in enumerate(sorted(drawn, key=lambda one: one[0])):
        at_ms = START + hours * HOUR_MS
        transaction = a_transaction(transaction_id=f"t{number}", user_id=user, event_time=at_ms)
        found.append(Row(at_ms, transaction, verdict, at_ms + delay_hours * HOUR_MS))
    return found


class NoJudge:
    def passes(self, row) -> None: ...

    def add(self, row, amount, assessments) -> None: ...


def evaluated(file: list[Row], feedback, slice_hours: int) -> tuple[Recorder, Lane]:
    recorder = Recorder({row.transaction.transaction_id: row.known_ms for row in file})
    lane = Lane(
        [recorder],
        detector=PureDetector(DetectorSettings(), START + 1000 * DAY_MS),
        join=PureJoin(LEARNING, feedback.awaits),
        feedback=feedback,
        labelled=lambda due: a_label(
            label_id=due.transaction_id, transaction_id=due.transaction_id, verdict=due.verdict, as_of_ms=due.known_ms
        ),
    )
    OnePass([lane], NoJudge()).run(file, slice_hours * HOUR_MS)
    return recorder, lane


@settings(deadline=None)
@given(rows, st.sampled_from(["all", "fraud"]), st.sampled_from([1, 6, 24, 31]))
def test_nothing_is_learned_before_it_is_known(drawn, send, slice_hours):
    recorder, _ = evaluated(a_file(drawn), EveryLabel(send), slice_hours)
    assert recorder.too_early == []
    assert recorder.not_published == []


@settings(deadline=None)
@given(rows, st.integers(1, 2), st.sampled_from([6, 24, 31]))
def test_nothing_is_learned_before_it_is_known_where_alerts_choose_the_labels(drawn, budget, slice_hours):
    recorder, _ = evaluated(a_file(drawn), AlertLabels("all", budget), slice_hours)
    assert recorder.too_early == []


def before_the_last_slice(file: list[Row], slice_ms: int) -> tuple[list[Row], int]:
    start_ms = file[-1].event_time_ms // slice_ms * slice_ms
    return [row for row in file if row.event_time_ms < start_ms], start_ms


@settings(deadline=None)
@given(rows, st.sampled_from([1, 6, 24]))
def test_every_verdict_known_by_the_last_slice_is_learned_once(drawn, slice_hours):
    """A label after the retention is lost, as in the stream."""
    file = a_file(drawn)
    recorder, lane = evaluated(file, EveryLabel("all"), slice_hours)
    earlier, start_ms = before_the_last_slice(file, slice_hours * HOUR_MS)
    due = {row.transaction.transaction_id for row in earlier if row.verdict and row.known_ms <= start_ms}
    labelled = [one.transaction_id for one in recorder.learned if not one.implicit]
    assert len(labelled) == len(set(labelled))
    assert set(labelled) <= due
    assert len(due) == len(labelled) + lane.join.labels_too_late


@settings(deadline=None)
@given(rows, st.sampled_from([1, 6, 24]))
def test_features_are_kept_only_until_the_verdict(drawn, slice_hours):
    file = a_file(drawn)
    _, lane = evaluated(file, EveryLabel("all"), slice_hours)
    earlier, start_ms = before_the_last_slice(file, slice_hours * HOUR_MS)
    settled = {
        row.transaction.transaction_id
        for row in earlier
        if (
            row.known_ms <= start_ms
            if row.verdict
            else row.event_time_ms + HORIZON_MS < earlier[-1].event_time_ms - 5000
        )
    }
    assert settled & set(lane.join._states) == set()
