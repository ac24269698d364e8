"""Reputations and counts follow the verdicts in force: any sequence of verdicts leaves what the last ones alone would."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learner.fold import Fold
from tests.builders import HOUR_MS, NOON_MS, an_example
from weir.messages import Example, Reputation
from weir.settings import LearningSettings

PAYMENTS = 6

verdicts = st.lists(st.tuples(st.integers(0, PAYMENTS - 1), st.booleans()), max_size=24)
"""Which payment's verdict becomes the other one; its first is legitimate by maturity, or a label's."""


def examples_of(changes: list[tuple[int, bool]], hours: list[int]) -> list[Example]:
    """Each payment's verdict flips with each change. The first one is a fraud, or legitimate with a weight of 5."""
    last: dict[int, Example] = {}
    log = []
    for number, fraud in changes:
        before = last.get(number)
        if before is None:
            example = verdict_on(number, hours[number], fraud=fraud, weight=1.0 if fraud else 5.0)
        else:
            flipped = verdict_on(number, hours[number], fraud=before.verdict != "fraud", weight=1.0)
            example = msgspec.structs.replace(
                flipped,
                outcome="revision",
                revision=before.revision + 1,
                supersedes=before.revision,
                superseded_weight=before.weight,
            )
        last[number] = example
        log.append(example)
    return log


def verdict_on(number: int, hour: int, *, fraud: bool, weight: float) -> Example:
    return an_example(
        transaction_id=f"t{number}",
        user_id=f"u{number % 3}",
        merchant_id="m1",
        verdict="fraud" if fraud else "legitimate",
        weight=weight,
        event_time_ms=NOON_MS + hour * HOUR_MS,
        features={},
    )


def alone(log: list[Example]) -> list[Example]:
    """The last verdict on each payment as if it had been the first."""
    last = {example.transaction_id: example for example in log}
    return [
        msgspec.structs.replace(example, outcome="example", revision=0, supersedes=None, superseded_weight=None)
        for example in last.values()
    ]


def learned(log: list[Example]) -> tuple[Fold, dict[str, Reputation]]:
    fold = Fold(LearningSettings())
    for n, example in enumerate(log, 1):
        fold.learn(1, n, example)
    return fold, {found.control_key: found for found in fold.changed_reputation()}


@given(verdicts, st.lists(st.integers(0, 9), min_size=PAYMENTS, max_size=PAYMENTS), st.randoms())
def test_any_way_to_the_verdicts_in_force_leaves_the_same_reputation_and_counts(changes, hours, random):
    log = examples_of(changes, hours)
    last = alone(log)
    random.shuffle(last)
    (fold, found), (other, expected) = learned(log), learned(last)
    counts = (fold.frauds_learned, fold.legitimate_learned)
    assert counts == (other.frauds_learned, other.legitimate_learned)
    assert found.keys() == expected.keys()
    for key, reputation in found.items():
        assert plain(reputation) == pytest.approx(plain(expected[key]), abs=1e-9)


def plain(reputation: Reputation) -> dict[str, object]:
    """All but the number of the last example, which says when and not what."""
    return msgspec.to_builtins(msgspec.structs.replace(reputation, n=0, decayed=None)) | {
        f"decayed_{place}": value for place, value in enumerate(msgspec.structs.astuple(reputation.decayed))
    }
