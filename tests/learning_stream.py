"""A seeded stream of examples with a signal in it: frauds have larger amounts and more often a new device."""

import random
from collections.abc import Iterator

from tests.builders import HOUR_MS, NOON_MS, an_example
from weir.messages import Example


def a_learning_stream(count: int, seed: int = 1) -> list[Example]:
    """Return `count` examples: labelled and implicit ones, and some revisions and confirmations."""
    rng, stream = random.Random(seed), []
    for number in range(count):
        example = _verdict(rng, number)
        stream.append(example)
        if rng.random() < 0.05:
            stream.append(_revised(rng, number, example))
    return stream[:count]


def numbered(stream: list[Example], start: int = 1) -> Iterator[tuple[int, Example]]:
    """Number the examples like the entries of a log."""
    return enumerate(stream, start)


def _verdict(rng: random.Random, number: int) -> Example:
    fraud = rng.random() < 0.1
    features = {"log_amount": rng.gauss(5.0 if fraud else 3.0, 1.0), "count_1h": float(rng.randrange(4))}
    if rng.random() < 0.3:
        features["device_missing"] = 1.0
    else:
        features["device_new"] = float(rng.random() < (0.6 if fraud else 0.1))
    labelled = fraud or rng.random() < 0.5
    return an_example(
        transaction_id=f"t{number}",
        verdict="fraud" if fraud else "legitimate",
        weight=1.0 if labelled else 5.0,
        label_id=f"l{number}" if labelled else None,
        labelled_at_ms=NOON_MS + (number + 24) * HOUR_MS if labelled else None,
        event_time_ms=NOON_MS + number * HOUR_MS,
        score=min(1.0, max(0.0, rng.gauss(0.5 if fraud else 0.1, 0.2))),
        decision="review" if fraud and rng.random() < 0.5 else "approve",
        features=features,
        merchant_id=f"m{rng.randrange(20)}",
    )


def _revised(rng: random.Random, number: int, example: Example) -> Example:
    """Return a revision (7 in 10) or a confirmation of an earlier verdict."""
    other = "legitimate" if example.verdict == "fraud" else "fraud"
    changed = {"outcome": "revision", "verdict": other, "weight": 1.0, "revision": 1, "supersedes": 0}
    same = {"outcome": "confirmation", "weight": 0.0}
    fields = {name: getattr(example, name) for name in example.__struct_fields__}
    change = changed | {"superseded_weight": example.weight} if rng.random() < 0.7 else same
    return an_example(**(fields | change | {"label_id": f"r{number}", "labelled_at_ms": NOON_MS}))
