"""The handbook's published figures, for the weeks of its data that it judges.

Source: Le Borgne, Siblini, Lebichot and Bontempi, Reproducible Machine Learning for Credit Card Fraud Detection, 2022,
chapters 3 and 5. The perfect ranker's CP@100 is what no model exceeds: fewer than 100 cards a day are compromised.
"""

from collections.abc import Sequence

from msgspec import Struct

from operations.evaluate.measures import Block


class Published(Struct, frozen=True):
    """A model's published figures."""

    model: str
    auc: float | None
    ap: float | None
    cp_100: float


class Known(Struct, frozen=True, kw_only=True):
    """Weeks that a publication judges. `weeks` has each one's first day, judged payments and frauds.

    The counts recognise the data: another file of the same days gets no figures of the handbook beside its own.
    """

    name: str
    weeks: dict[str, tuple[int, int]]
    models: tuple[Published, ...]


CHAPTER_3 = Known(
    name="Chapter 3 test week",
    weeks={"2018-08-08": (58_264, 385)},
    models=(
        Published("logistic regression", 0.871, 0.606, 0.291),
        Published("decision tree of depth 2", 0.763, 0.496, 0.241),
        Published("random forest", 0.867, 0.658, 0.287),
        Published("XGBoost", 0.862, 0.639, 0.273),
        Published("perfect ranker", None, None, 0.397),
    ),
)
VALIDATION = Known(
    name="Chapter 5 validation weeks",
    weeks={
        "2018-07-04": (57_182, 416),
        "2018-07-11": (57_800, 411),
        "2018-07-18": (57_931, 351),
        "2018-07-25": (58_505, 374),
    },
    models=(
        Published("logistic regression, tuned", 0.867, 0.613, 0.279),
        Published("decision tree, tuned", 0.823, 0.573, 0.268),
        Published("random forest, tuned", 0.880, 0.694, 0.289),
        Published("XGBoost, tuned", 0.887, 0.708, 0.289),
        Published("perfect ranker", None, None, 0.394),
    ),
)


def recognised(blocks: Sequence[Block]) -> list[Known]:
    """The publications whose weeks are all among the blocks, with the same payments and frauds."""
    found = {block.first_day: (block.figures.transactions, block.figures.frauds) for block in blocks}
    return [known for known in (VALIDATION, CHAPTER_3) if known.weeks.items() <= found.items()]
