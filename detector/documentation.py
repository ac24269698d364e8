"""Generate docs/features.md and docs/rules.md from the code: `python -m detector.documentation`."""

from collections.abc import Iterable
from pathlib import Path

from detector.decision import OVERRIDE_BELOW_SCORE, OVERRIDE_FROM_TRUST
from detector.feature_catalogue import FEATURES
from detector.rules import AMOUNT_LOG_ODDS, BASE_LOG_ODDS, RULES
from detector.state import MAX_KNOWN
from weir.artefact import probability
from weir.feature_schema import SCHEMA

_FEATURES_INTRO = f"""\
# Features

The detector computes these features for each payment, in this order.
They are as of the payment's event time and cover only the payments before it; a payment does not count itself.

Messages carry them without their names: `features` is `[{SCHEMA}, values]`, the number of this list and a 32-bit little-endian float for each row, in Base64 ([ADR 24](adr/0024-features-without-names.md)).
If the payment or its user's history lacks what a feature needs, the feature is missing: its value is NaN, never zero.
Three features report a missing position, device or merchant.
A feature's kind decides how a model bins its values.

A user's payments are kept one by one for 24 hours and the allowed lateness, at most `detector.max_recent_events` of them; older ones are compacted.
Counts and sums are exact over what is kept one by one; over compacted payments they use daily panes, so the far edge of 7 and 30 days is off by at most 12 hours, and so is the near edge for a late payment.
Distinct names are counted by their last use, exactly; of compacted payments the {MAX_KNOWN} last used names of each kind are known.
A customer who pays more than `detector.max_recent_events` times in a day has lower counts and sums for the windows that reach beyond them.
A session ends after a pause of 30 minutes and covers at most 24 hours.

Merchants, devices, IP addresses and cards have records of their known frauds ([ADR 19](adr/0019-known-frauds-of-entities.md)).
The learner publishes a record while its last known fraud is at most 90 days old.
Without a record there is no known fraud: counts, shares and odds are 0, and times are absent; without the id, all features of the entity are absent.
A merchant has two records, one from payments on customers' own devices and one from all others ([ADR 16](adr/0016-whose-device.md)); its features use the one that matches the payment.

`python -m detector.documentation` generates this page.
"""

_RULES_INTRO = f"""\
# Rules

Before a model has learned, the rules alone score; later the model's trust weighs it against them ([ADR 8](adr/0008-model-and-rules-in-one-score.md)):
`log odds = (1 - trust) * ({BASE_LOG_ODDS:g} + {AMOUNT_LOG_ODDS:g} * log(1 + amount) + weights of the rules that fire) + trust * model`.
The model's log-odds are the mean of those of its two voices, the additive model and the trees ([ADR 20](adr/0020-two-voices.md)).
With no model, a payment on which no rule fires scores from {probability(BASE_LOG_ODDS):.3f}; the amount adds so little that it ranks payments and, with the default thresholds, decides nothing.

A rule can raise the decision to challenge or review; only a high score blocks.

A model can override some rules: their challenge is waived if the score is below {OVERRIDE_BELOW_SCORE:g} and the model's trust is at least {OVERRIDE_FROM_TRUST:g} ([ADR 16](adr/0016-whose-device.md), [ADR 17](adr/0017-an-attack-makes-nobody-suspect.md)).
The model sees all the evidence of these rules.
It cannot override a rule that recognises an attack, because it may never have been taught that attack, nor `bad_merchant`, because it has not yet learned the newest labels about a merchant.

The OTP threshold (setting `detector.otp_threshold`) is the amount from which customers must prove who they are.

`python -m detector.documentation` generates this page.
"""


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def features_page() -> str:
    """Return the text of docs/features.md."""
    rows = ((f"`{row.name}`", row.group, f"`{row.kind}`", row.unit, row.description) for row in FEATURES)
    return f"{_FEATURES_INTRO}\n{_table(('feature', 'group', 'kind', 'unit', 'meaning'), rows)}"


def rules_page() -> str:
    """Return the text of docs/rules.md."""
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
    head = ("rule", "version", "weight", "asks for", "model can override", "fires when")
    return f"{_RULES_INTRO}\n{_table(head, rows)}"


def write_pages(folder: Path) -> None:
    (folder / "features.md").write_text(features_page())
    (folder / "rules.md").write_text(rules_page())


if __name__ == "__main__":
    write_pages(Path("docs"))
