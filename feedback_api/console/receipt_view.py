"""The receipt as text."""

from typing import NamedTuple

from feedback_api.console.receipts import STAGES, Moved, Receipt
from feedback_api.console.words import plural

MOST_MOVES = 3
STEPS = STAGES[1:]


class ReceiptStep(NamedTuple):
    """A stage and its state: `done`, `here` (the next one to reach) or `open`."""

    name: str
    state: str


class ReceiptLine(NamedTuple):
    """The texts of a receipt. `strongest` are the scores that moved furthest."""

    steps: list[ReceiptStep]
    verdict: str
    sentence: str
    trouble: str | None
    moved: str | None
    strongest: list[str]


def receipt_of(receipt: Receipt, now_ms: int) -> ReceiptLine:
    moved = receipt.moved[:MOST_MOVES]
    return ReceiptLine(
        steps=_steps(receipt),
        verdict=receipt.verdict,
        sentence=_sentence(receipt),
        trouble=_trouble(receipt, now_ms),
        moved=_moved(receipt.moved) if receipt.learned_ms is not None else None,
        strongest=[f"{move.what} {move.before:.2f} → {move.after:.2f}" for move in moved],
    )


def _steps(receipt: Receipt) -> list[ReceiptStep]:
    """Mark the stages. `waiting` is done only when the label has joined its transaction."""
    done = 0 if receipt.joined_ms is None else STEPS.index(receipt.stage) + 1
    states = ["done"] * done + ["here"] + ["open"] * len(STEPS)
    return [ReceiptStep(name, state) for name, state in zip(STEPS, states, strict=False)]


def _sentence(receipt: Receipt) -> str:
    if receipt.learned_ms is not None:
        others = f" (with {plural(receipt.others, 'other')})" if receipt.others else ""
        took_s = max(0.1, (receipt.learned_ms - receipt.sent_ms) / 1000)
        return f"{_learned_as(receipt)} {receipt.n:,}{others} by model #{receipt.publication:,} in {took_s:.1f} s"
    if receipt.joined_ms is not None:
        return f"Joined as example {receipt.n:,}; waiting for the learner"
    return "Accepted; waiting for the label join" if receipt.accepted_ms is not None else "Sending your verdict"


_LEARNED_AS = {"confirmation": "Confirmed (no weight) as example", "revision": "Revised as example"}


def _learned_as(receipt: Receipt) -> str:
    return _LEARNED_AS.get(receipt.outcome or "", "Learned as example")


def _trouble(receipt: Receipt, now_ms: int) -> str | None:
    if receipt.problem is not None:
        return receipt.problem
    late = receipt.late(now_ms)
    if late is None:
        return None
    safe = "" if receipt.accepted_ms is None else " Your verdict is safe: stored and in Kafka."
    return f"{late} after {(now_ms - _since(receipt)) / 1000:.0f} s.{safe}"


def _since(receipt: Receipt) -> int:
    return receipt.learned_ms or receipt.joined_ms or receipt.accepted_ms or receipt.sent_ms


def _moved(moves: list[Moved]) -> str:
    if not moves:
        return "no open alert moved by 0.01"
    up = sum(move.after > move.before for move in moves)
    return f"{plural(len(moves), 'open alert')} moved ({up} up, {len(moves) - up} down)"
