"""What a payment and an example cost, bytes in to bytes out: `python -m bench.payment_cost [CHECKOUT]` prints microseconds.

The payments are those of `bench.traffic`. The first half is scored and learned. The second half is timed: scored by the
model that has learned the first, then learned itself. With another checkout of this repository, such as 0.1.0's, both are
timed in turn, in processes of their own, and stand side by side. Times are CPU times.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from msgspec import structs

from bench.traffic import START_MS, payments
from detector.intake import Intake
from detector.knowledge import Knowledge
from learner.fold import Fold
from weir.messages import EXAMPLE, SCORED, TRANSACTION, Example, encode
from weir.settings import DetectorSettings, LearningSettings
from weir.topics import Topics

HERE = Path(__file__).parents[1]
PAYMENTS, USERS, REPEATS = 16_000, 400, 5
"""Payments in all, their users, and processes a checkout, each of which scores as often; the quickest counts."""

IDS = ("merchant_id", "user_id", "device_id", "ip", "card_id")
"""0.1.0's examples have the first two."""

KEY, TOPICS = b"bench", Topics("bench")


def main(checkouts: list[Path]) -> None:
    """Print the quickest, a column for each checkout."""
    found: dict[Path, list[dict[str, float]]] = {checkout: [] for checkout in checkouts}
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as traffic:
        Path(traffic.name).write_bytes(b"\n".join(_payments()))
        for _ in range(REPEATS):
            for checkout, figures in found.items():
                figures.append(_timed_in(checkout, traffic.name))
    for name in found[checkouts[0]][0]:
        costs = [min(one[name] for one in figures) if name in figures[0] else None for figures in found.values()]
        print(f"{name:44}" + "".join(f"{'-':>10}" if cost is None else f"{cost:10.1f}" for cost in costs))


def _payments() -> Iterator[bytes]:
    """Yield payments as JSON, each with what it is: `[fraud, payment]`. One in 66 is a fraud, of ten times the amount.

    One comes each minute, so that a user pays three or four times a day, for eleven days.
    """
    for nth, (_, payload) in enumerate(payments(PAYMENTS, USERS)):
        payment, fraud = TRANSACTION.decode(payload), nth % 66 == 0
        amount = 10 * payment.amount if fraud else payment.amount
        yield encode([fraud, structs.replace(payment, amount=amount, event_time=START_MS + nth * 60_000)])


def _timed_in(checkout: Path, traffic: str) -> dict[str, float]:
    """Run this file with the checkout's modules."""
    env = os.environ | {"PYTHONPATH": str(checkout)}
    done = subprocess.run(
        [sys.executable, __file__, "--once", traffic], cwd=checkout, env=env, stdout=subprocess.PIPE, check=True
    )
    return dict(json.loads(done.stdout))


class PureLoop:
    """A checkout's detector and learner over records; names that changed since 0.1.0 are looked up."""

    def __init__(self) -> None:
        if _has("detector.scoring"):
            from detector.scoring import Detector  # noqa: PLC0415
        else:
            from detector.detector import Detector  # type: ignore[import-not-found,no-redef] # noqa: PLC0415 -- 0.1.0
        intake, self.knowledge, self.fold = (
            Intake(Detector(DetectorSettings()), TOPICS),
            Knowledge(KEY),
            Fold(LearningSettings()),
        )
        self._process = getattr(intake, "process", None) or intake.take  # type: ignore[attr-defined]
        self._apply = getattr(self.knowledge, "apply", None) or self.knowledge.take  # type: ignore[attr-defined]
        self._users: dict[str, bytes] = {}

    def score(self, records: Iterable[tuple[str, Any, int]]) -> list[bytes]:
        """Score records, keep the users' states, and return the scores."""
        scores = []
        for user, record, now_ms in records:
            done = self._process(record, user, self._users.get(user), self.knowledge, now_ms)
            self._users[user] = done.state
            scores.append(done.outbound[0].payload)
        return scores

    def time_scores(self, records: list[tuple[str, Any, int]]) -> tuple[list[bytes], float]:
        """Score records several times from the same states; return the scores and the least microseconds of one."""
        before, costs = self._users, []
        for _ in range(REPEATS):
            self._users = dict(before)
            began_s = time.process_time()
            scores = self.score(records)
            costs.append((time.process_time() - began_s) / len(records) * 1e6)
        return scores, min(costs)

    def learn(self, examples: Iterable[bytes]) -> None:
        for payload in examples:
            self.fold.learn(1, self.fold.n + 1, EXAMPLE.decode(payload))

    def publish(self, examples: Iterable[bytes]) -> None:
        """Publish the model and, where there are any, trees of these examples."""
        self._apply(encode(self.fold.publication(1, 0, KEY)))
        if not _has("learner.tree_learner"):
            return
        from learner.tree_learner import TreeLearner  # noqa: PLC0415

        trees = TreeLearner(1)
        for n, payload in enumerate(examples, start=1):
            trees.learn(n, EXAMPLE.decode(payload))
        self._apply(encode(trees.train(0, KEY)))


def timed(traffic: Path) -> dict[str, float]:
    """Time one process's second half."""
    _warm()
    lines = [json.loads(line) for line in traffic.read_bytes().splitlines()]
    records, half = [_record(offset, payment) for offset, (_, payment) in enumerate(lines)], len(lines) // 2
    stream, costs = PureLoop(), {}
    first = _examples(stream.score(records[:half]), lines)
    stream.learn(first)
    stream.publish(first)
    scores, costs["payment, bytes in to bytes out, with a model"] = stream.time_scores(records[half:])
    second = _examples(scores, lines[half:])
    began_s = time.process_time()
    stream.learn(second)
    costs["example, bytes in to learned"] = (time.process_time() - began_s) / half * 1e6
    costs |= _score_alone(stream.knowledge, scores)
    costs["bytes of a score, median"] = median(map(len, scores))
    costs["bytes of an example, median"] = median(map(len, second))
    return costs


def _score_alone(knowledge: Knowledge, scores: list[bytes]) -> dict[str, float]:
    """Time the model's score from a vector, both voices; 0.1.0 has one, and scores a dictionary."""
    if not _has("weir.vectors") or knowledge.champion is None:
        return {}
    from weir.vectors import vector_of  # noqa: PLC0415

    model = knowledge.champion.scorer
    vectors = [vector_of(SCORED.decode(score).features) for score in scores]
    began_s = time.process_time()
    for vector in vectors:
        model.log_odds(vector)
    return {"score, both voices, one call": (time.process_time() - began_s) / len(vectors) * 1e6}


def _record(offset: int, payment: dict[str, Any]) -> tuple[str, Any, int]:
    if _has("learner.pace"):
        from weir.records import Inbound  # noqa: PLC0415
    else:
        from weir.records import Record as Inbound  # type: ignore[attr-defined,no-redef] # noqa: PLC0415 -- 0.1.0
    payload = json.dumps(payment).encode()
    return (
        payment["user_id"],
        Inbound(None, payload, TOPICS.transactions, 0, offset),
        TRANSACTION.decode(payload).event_time_ms,
    )


def _examples(scores: list[bytes], lines: list[Any]) -> list[bytes]:
    """Return the scores as examples with the true verdicts."""
    scored = map(SCORED.decode, scores)
    return [
        encode(
            Example(
                transaction_id=one.transaction_id,
                revision=0,
                outcome="example",
                verdict="fraud" if fraud else "legitimate",
                weight=1.0,
                event_time_ms=one.event_time_ms,
                amount=one.amount,
                score=one.score,
                decision=one.decision,
                features=one.features,
                model=one.model,
                **{name: getattr(one, name) for name in IDS if name in Example.__struct_fields__},
            )
        )
        for one, (fraud, _) in zip(scored, lines, strict=False)
    ]


def _warm() -> None:
    if not _has("weir.compiled"):
        return
    from weir.compiled import warm  # noqa: PLC0415 -- an older checkout compiles nothing
    from weir.settings import Settings  # noqa: PLC0415

    warm(Settings().cache_dir)


def _has(module: str) -> bool:
    """Whether the checkout, the working directory, has a module; an import would find this checkout's."""
    return Path(module.replace(".", "/") + ".py").exists()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--once"]:
        print(json.dumps(timed(Path(sys.argv[2]))))
    else:
        main([HERE, *map(Path, sys.argv[1:])])
