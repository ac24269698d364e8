"""What the page shows, in words and charts, made of what the console knows; templates only place it."""

from typing import NamedTuple

from feedback_api.console import charts
from feedback_api.console.console import Console, Said
from feedback_api.console.desk import Desk
from feedback_api.console.review_queue import OpenAlert
from feedback_api.console.story import Story, headline, story_of
from feedback_api.console.twin_race import Step
from feedback_api.console.words import ago, clock, moment, money, plural, span
from weir.messages import ScoredTransaction

FRESH_MS = 1500
FASTER_THAN_THE_WALL = 2.0
WORTH_AN_ARROW = 0.005
MOST_POINTS = 120


class Top(NamedTuple):
    """The line at the top."""

    queue: str
    rate: str
    spark: str
    caught: str
    caught_title: str
    stopped_good: str
    by_maturity: str | None
    model: str | None
    model_age: str
    fresh: bool
    event_time: str | None
    pace: str | None
    trouble: str | None


class EvidenceBar(NamedTuple):
    """A bar with its number and words."""

    bar: str
    contribution: str
    text: str


class Case(NamedTuple):
    """The case on the desk."""

    transaction_id: str
    user: str
    decision: str
    risk: str
    amount: str
    profile: str
    flags: list[str]
    story: Story
    evidence: list[EvidenceBar]


class QueueRow(NamedTuple):
    """An open alert in the queue; `direction` is how learning moved it since it was scored."""

    story: str
    amount: str
    scored: str
    now: str | None
    direction: str
    age: str
    holder: str | None
    mine: bool


class Standing(NamedTuple):
    """What twin and live model caught of what is known."""

    frozen: str
    live: str
    known: str
    chart: str


class Race(NamedTuple):
    """The twin against the live model; without a standing, `sentence` says what is waited for."""

    headline: str
    sentence: str
    standing: Standing | None


class Remark(NamedTuple):
    """What a labeler said."""

    who: str
    verdict: str
    kind: str | None
    n: str
    age: str


def top_of(console: Console, now_ms: int, currency: str) -> Top:
    """The top line."""
    board, champion = console.scoreboard, console.champions.current
    rate = f"{console.throughput.per_second(now_ms):,.0f}"
    event_ms = console.clock.event_time_ms
    return Top(
        queue=f"{len(console.queue):,}",
        rate=rate,
        spark=charts.sparkline(
            console.throughput.series(now_ms), f"{rate} transactions a second, the last two minutes"
        ),
        caught=money(board.caught, currency, 0),
        caught_title=f"{plural(board.caught_count, 'alert')} with the verdict fraud; missed: "
        f"{plural(board.missed_count, 'fraud')}, {money(board.missed, currency, 0)}",
        stopped_good=f"{board.stopped_good:,}",
        by_maturity=f"{board.stopped_good_matured:,} by maturity" if board.stopped_good_matured else None,
        model=f"{champion.publication:,}" if champion else None,
        model_age=ago(now_ms - champion.published_at_ms) if champion else "",
        fresh=champion is not None and now_ms - champion.published_at_ms < FRESH_MS,
        event_time=None if event_ms is None else moment(event_ms),
        pace=pace_of(console, now_ms),
        trouble=_trouble(console, now_ms),
    )


def pace_of(console: Console, now_ms: int) -> str | None:
    """How fast event time passes, where it is faster than the wall; told by the stream itself."""
    speed, delay_ms = console.clock.speed(now_ms), console.clock.label_delay_ms()
    if speed is None or speed < FASTER_THAN_THE_WALL:
        return None
    labels = f" (labels come after {span(max(1000.0, delay_ms / speed))})" if delay_ms is not None else ""
    return f"1 minute here = {span(speed * 60_000)} there{labels}"


def _trouble(console: Console, now_ms: int) -> str | None:
    refused = console.champions.refused
    if refused is not None and console.kafka_away_since_ms is None:
        return f"Publication {refused:,} does not verify; the model before it stays"
    begun = console.throughput.begun or console.kafka_away_since_ms is not None
    return silence_of(console, now_ms) if begun else None


def silence_of(console: Console, now_ms: int) -> str | None:
    """What keeps the stream silent, and since when."""
    away_ms, silence = console.kafka_away_since_ms, console.throughput.silence(now_ms)
    if away_ms is not None:
        return f"Kafka does not answer since {clock(away_ms)}"
    if silence is None or silence.since_ms is None:
        return silence and silence.sentence
    return f"{silence.sentence} since {clock(silence.since_ms)}"


def case_of(scored: ScoredTransaction, currency: str) -> Case:
    """A case, told once: it does not change while it lies on the desk."""
    story = story_of(scored, currency)
    largest = max((abs(why.contribution) for why in story.why), default=1.0)
    return Case(
        transaction_id=scored.transaction_id,
        user=scored.user_id,
        decision=scored.decision,
        risk=f"{scored.score:.2f}",
        amount=money(scored.amount, currency),
        profile=scored.profile,
        flags=[flag.replace("_", " ") for flag in scored.flags],
        story=story,
        evidence=[
            EvidenceBar(charts.evidence_bar(why.contribution, largest), _signed(why.contribution), why.text)
            for why in story.why
        ],
    )


def note_of(console: Console, desk: Desk, now_ms: int) -> str | None:
    """What happened to the case meanwhile by somebody else's hand."""
    if desk.case is None:
        return None
    alert = console.queue.find(desk.case.transaction_id)
    if alert is not None:
        holder = alert.held_by(now_ms)
        return f"{holder} has this case now; your lease has ended." if holder not in {None, desk.name} else None
    closed = console.queue.closed(desk.case.transaction_id)
    if closed is None:
        return "This case has left the queue: too many newer ones wait."
    by = f"by {closed.labeler}" if closed.labeler else "by maturity: nobody reported it"
    return f"Meanwhile called {closed.verdict} {by}."


def rows_of(console: Console, desk: Desk, now_ms: int, currency: str) -> list[QueueRow]:
    """The rows that this visitor sees, each in its place."""
    found = (console.queue.find(transaction_id) for transaction_id in desk.rows)
    return [_row(console, desk, alert, now_ms, currency) for alert in found if alert is not None]


def _row(console: Console, desk: Desk, alert: OpenAlert, now_ms: int, currency: str) -> QueueRow:
    scored, holder = alert.scored, alert.held_by(now_ms)
    now = console.champions.score_now(scored)
    moved = 0.0 if now is None else now - scored.score
    direction = "up" if moved >= WORTH_AN_ARROW else "down" if moved <= -WORTH_AN_ARROW else "same"
    return QueueRow(
        story=headline(scored),
        amount=money(scored.amount, currency),
        scored=f"{scored.score:.2f}",
        now=None if now is None or direction == "same" else f"{now:.2f}",
        direction=direction,
        age=ago(now_ms - scored.scored_at_ms),
        holder="you" if holder == desk.name else holder,
        mine=holder == desk.name,
    )


def race_of(console: Console) -> Race:
    """The twin's standing."""
    freeze_ms, model = console.race.frozen_at_ms, console.race.frozen_model
    if freeze_ms is None:
        return Race(
            "No frozen twin yet", "Once one is frozen, this shows what learning catches that it does not.", None
        )
    steps = console.race.steps()
    if not steps:
        name = f"model #{model.publication:,}" if model else "no model"
        told = "No label has named a new kind of fraud since; when one does, the two are compared here."
        return Race(f"Twin frozen at {moment(freeze_ms)} with {name}", told, None)
    known, last = len(steps), steps[-1]
    title = f"Frauds of the new kind caught: Weir {last.live}, frozen twin {last.twin}, of {known} known"
    kinds = ", ".join(kind.replace("_", " ") for kind in console.race.new_kinds())
    return Race(
        "New attack, known so far",
        f"Kind, as labelers call it: {kinds}. By event time; frozen at {moment(freeze_ms)}.",
        Standing(f"{last.twin:,}", f"{last.live:,}", f"{known:,}", charts.race(_lines(steps), title)),
    )


def _lines(steps: list[Step]) -> list[charts.Line]:
    """The standings as lines of at most so many points; the last one is always among them."""
    every = -(-len(steps) // MOST_POINTS)
    kept = sorted({*range(0, len(steps), every), len(steps) - 1})

    def line(name: str, style: str, counts: list[int]) -> charts.Line:
        points = [charts.Point(steps[place].event_time_ms, counts[place]) for place in kept]
        return charts.Line(f"{name} {counts[-1]:,}", style, [charts.Point(points[0].x, 0), *points])

    return [
        line("Weir", "live", [step.live for step in steps]),
        line("frozen", "frozen", [step.twin for step in steps]),
        line("known", "known", list(range(1, len(steps) + 1))),
    ]


def remarks_of(console: Console, now_ms: int) -> list[Remark]:
    """What labelers said last, the latest first."""
    return [_remark(said, now_ms) for said in reversed(console.said)]


def _remark(said: Said, now_ms: int) -> Remark:
    kind = said.fraud_type.replace("_", " ") if said.fraud_type else None
    return Remark(said.labeler, said.verdict, kind, f"{said.n:,}", ago(now_ms - said.learned_ms))


def _signed(number: float) -> str:
    return f"{number:+.1f}".replace("-", "−")
