"""What the additive model costs: `python -m bench.model_cost [CHECKOUT]` prints microseconds of CPU time.

With another checkout of this repository, both are timed in turn, in processes of their own, and stand side by side.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import starmap
from pathlib import Path
from statistics import median

from learner.additive_model import AdditiveModel, compile_scorer
from learner.digest import canonical_digest
from weir.artefact import pack, read_artefact
from weir.feature_schema import KIND_OF, Kind

HERE = Path(__file__).parents[1]
LEARNED, TIMED, ROUNDS, REPEATS = 4000, 1000, 5, 3
"""Examples before the timing, payments of one timing, timings of which the quickest counts, and processes a checkout."""


def main(checkouts: list[Path]) -> None:
    """Print the median over the processes for each checkout."""
    found: dict[Path, list[dict[str, float]]] = {checkout: [] for checkout in checkouts}
    for _ in range(REPEATS):
        for checkout, figures in found.items():
            figures.append(_timed_in(checkout))
    for name in found[checkouts[0]][0]:
        costs = [median(one[name] for one in figures) if name in figures[0] else 0.0 for figures in found.values()]
        print(f"{name:28}" + "".join(f"{cost:12.1f}" if cost else f"{'-':>12}" for cost in costs))


def _timed_in(checkout: Path) -> dict[str, float]:
    """Run this file with the checkout's modules."""
    env = os.environ | {"PYTHONPATH": str(checkout)}
    done = subprocess.run(
        [sys.executable, __file__, "--once"], cwd=checkout, env=env, stdout=subprocess.PIPE, check=True
    )
    return dict(json.loads(done.stdout))


def timed() -> dict[str, float]:
    """Time a model of all features that has chosen its pairs."""
    _warm()
    rng = random.Random(3)
    examples = [(_features(rng, fraud=n % 8 == 0), n % 8 == 0) for n in range(LEARNED)]
    model = AdditiveModel(kinds=KIND_OF)
    for x, y in examples:
        model.learn_one(x, y)
    artefact = pack(compile_scorer(model, 0.8))
    scorer, some = read_artefact(artefact), examples[:TIMED]
    costs = {
        "score": _us(TIMED, lambda: [scorer.log_odds(x) for x, _ in some]),
        "contributions": _us(TIMED, lambda: [scorer.contributions(x) for x, _ in some]),
        "learn": _us(TIMED, lambda: list(starmap(model.learn_one, some))),
        "digest": _us(1, lambda: canonical_digest(model.learned_state())),
        "pack": _us(1, lambda: pack(compile_scorer(model, 0.8))),
        "unpack": _us(1, lambda: read_artefact(artefact)),
    }
    if not hasattr(scorer, "log_odds_of"):  # a checkout from before vectors
        return costs
    vectors = [(scorer.layout.vector(x), y) for x, y in some]
    return costs | {
        "dictionary to vector": _us(TIMED, lambda: [scorer.layout.vector(x) for x, _ in some]),
        "score a vector": _us(TIMED, lambda: [scorer.log_odds_of(vector) for vector, _ in vectors]),
        "contributions of a vector": _us(TIMED, lambda: [scorer.contributions_of(vector) for vector, _ in vectors]),
        "learn a vector": _us(TIMED, lambda: list(starmap(model.learn_vector, vectors))),
    }


def _warm() -> None:
    try:
        from weir.compiled import warm  # noqa: PLC0415 -- an older checkout compiles nothing
    except ImportError:
        return
    from weir.settings import Settings  # noqa: PLC0415

    warm(Settings().cache_dir)


def _us(count: int, run: Callable[[], object]) -> float:
    """Return the quickest round's CPU time for one of `count`."""
    costs = []
    for _ in range(ROUNDS):
        begin_s = time.process_time()
        run()
        costs.append((time.process_time() - begin_s) / count * 1e6)
    return min(costs)


def _features(rng: random.Random, *, fraud: bool) -> dict[str, float]:
    """Return features as a payment has them: some are missing, and some are higher in frauds."""
    return {
        name: _value(rng, kind, shift=0.4 * (place % 5) * fraud)
        for place, (name, kind) in enumerate(KIND_OF.items())
        if rng.random() < 0.85  # noqa: PLR2004 -- about as many as a payment with all fields has
    }


def _value(rng: random.Random, kind: Kind, shift: float) -> float:
    whole = {"flag": 2, "weekday": 7, "hour": 24, "code": 30}
    if kind in whole:
        return float(min(rng.randrange(whole[kind]) + round(shift), whole[kind] - 1))
    return rng.gauss(2.0 + shift, 1.5)


if __name__ == "__main__":
    if sys.argv[1:] == ["--once"]:
        print(json.dumps(timed()))
    else:
        main([HERE, *map(Path, sys.argv[1:])])
