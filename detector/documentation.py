"""The pages about features and rules, written from their schema rows: `python -m detector.documentation`."""

from collections.abc import Iterable
from pathlib import Path

from detector.decision import OVERRIDE_BELOW_SCORE, OVERRIDE_FROM_TRUST
from detector.feature_catalogue import FEATURES
from detector.rules import BASE_LOG_ODDS, RULES
from weir.artefact import probability

_FEATURES_INTRO = """\
# Features

What the detector computes for a payment, in this order. Everything is as of the payment's event time and from payments
before it; a payment does not count itself. What a payment, or its user's history, does not say is absent from
`features`, never a zero. Whether position, device or merchant were missing is told by a feature of its own.

Windows of 10 minutes, 1 hour and 24 hours are exact. Those of 7 and 30 days are exact for the last 24 hours plus the
allowed lateness and made of panes of a day beyond, so their far edge is off by at most 12 hours. A session ends with a
pause of 30 minutes and is cut at 24 hours.
"""

_RULES_INTRO = f"""\
# Rules

Rules speak before a model has learned, and by the part that the model is not yet trusted with afterwards:
`log odds = (1 - trust) * ({BASE_LOG_ODDS:g} + weights of the rules that fire) + trust * model`. Without any rule that is a
score of {probability(BASE_LOG_ODDS):.3f}. A rule may raise the decision to challenge or review; only a high score blocks. A
rule that yields asks in vain where the score is below {OVERRIDE_BELOW_SCORE:g} and the model's trust is {OVERRIDE_FROM_TRUST:g} or more: it speaks
of what the model sees as well. A rule that knows an attack never yields. The OTP threshold is the setting `detector.otp_threshold`.
"""


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def features_page() -> str:
    """The text of docs/features.md."""
    rows = ((f"`{row.name}`", row.group, row.unit, row.description) for row in FEATURES)
    return f"{_FEATURES_INTRO}\n{_table(('feature', 'group', 'unit', 'what it is'), rows)}"


def rules_page() -> str:
    """The text of docs/rules.md."""
    rows = (
        (
            f"`{row.name}`",
            f"{row.version}",
            f"{row.weight:g}",
            row.asks,
            "yes" if row.model_can_override else "no",
            row.description,
        )
        for row in RULES
    )
    return f"{_RULES_INTRO}\n{_table(('rule', 'version', 'weight', 'asks for', 'yields', 'when it fires'), rows)}"


def write_pages(folder: Path) -> None:
    """Write both pages into the documentation's folder."""
    (folder / "features.md").write_text(features_page())
    (folder / "rules.md").write_text(rules_page())


if __name__ == "__main__":
    write_pages(Path("docs"))
