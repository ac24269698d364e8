"""The texts and charts of the page, made from the console's state. Templates only arrange them."""

from typing import NamedTuple

from feedback_api.console import charts
from feedback_api.console.console import Console, GivenVerdict
from feedback_api.console.desk import Desk
from feedback_api.console.review_queue import OpenAlert
from feedback_api.console.story import Story, headline, paid_amount, story_of
from feedback_api.console.twin_race import Step
from feedback_api.console.words import ago, clock, moment, money, plural, span
from feedback_api.replies import key_of
from weir.messages import ScoredTransaction

FRESH_MS = 1500
"""How long a new model is highlighted."""

COMPRESSED_FROM = 2.0
"""Seconds of event time per second of wall time from which the page shows the speed: a live stream runs at 1."""

ARROW_FROM = 0.005
"""The smallest change that rounds to the last digit of a score with two decimals."""

MOST_POINTS = 120


class Top(NamedTuple):
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
    bar: str
    contribution: str
    text: str


class Case(NamedTuple):
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
    """An open alert in the queue. `direction` (up, down, same) compares `now`, its score under the current model."""

    story: str
    amount: str
    scored: str
    now: str | None
    direction: str
    age: str
    holder: str | None
    mine: bool


class Standing(NamedTuple):
    """Known frauds of the new kind, and how many the twin (`frozen`) and Weir (`live`) caught."""

    frozen: str
    live: str
    known: str
    chart: str


class Race(NamedTuple):
    """The twin against the live model. Before the first known fraud of a new kind there is no standing."""

    headline: str
    sentence: str
    standing: Standing | None


class VerdictRow(NamedTuple):
    """A labeler's verdict. `kind` is the kind of fraud, `n` the number of the example."""

    who: str
    verdict: str
    kind: str | None
    n: str
    age: str


def top_of(console: Console, now_ms: int, currency: str) -> Top:
    board, current = console.scoreboard, console.champions.current
    champion = None if current is None else current.publication
    rate = f"{console.throughput.per_second(now_ms):,.0f}"
    event_ms = console.clock.event_time_ms
    return Top(
        queue=f"{len(console.queue):,}",
        rate=rate,
        spark=charts.sparkline(
            console.throughput.series(now_ms), f"Transactions a second over the last two minutes, now {rate}"
        ),
        caught=money(board.caught, currency, 0),
        caught_title=f"{plural(board.caught_count, 'alert')} labelled fraud; missed: "
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
    """The speed of event time as measured on the stream, or None unless it is clearly faster than wall time."""
    speed, delay_ms = console.clock.speed(now_ms), console.clock.label_delay_ms()
    if speed is None or speed < COMPRESSED_FROM:
        return None
    labels = f"; labels follow after {span(max(1000.0, delay_ms / speed))}" if delay_ms is not None else ""
    return f"1 minute here = {span(speed * 60_000)} of payments{labels}"


def _trouble(console: Console, now_ms: int) -> str | None:
    refused = console.champions.refused
    if refused is not None and console.kafka_away_since_ms is None:
        return f"Model #{refused:,} failed verification; the previous model stays in force"
    begun = console.throughput.begun or console.kafka_away_since_ms is not None
    return silence_of(console, now_ms) if begun else None


def silence_of(console: Console, now_ms: int) -> str | None:
    """Why the stream is silent and since when, or None if it is not."""
    away_ms, silence = console.kafka_away_since_ms, console.throughput.silence(now_ms)
    if away_ms is not None:
        return f"Kafka has not answered since {clock(away_ms)}"
    if silence is None or silence.since_ms is None:
        return silence and silence.sentence
    return f"{silence.sentence} since {clock(silence.since_ms)}"


def case_of(scored: ScoredTransaction, currency: str) -> Case:
    """The case on the desk, as it was scored; later models do not change it."""
    story = story_of(scored, currency)
    largest = max((abs(why.contribution) for why in story.why), default=1.0)
    return Case(
        transaction_id=scored.transaction_id,
        user=scored.user_id,
        decision=scored.decision,
        risk=f"{scored.score:.2f}",
        amount=paid_amount(scored, currency),
        profile=scored.profile,
        flags=[_flag(flag) for flag in scored.flags],
        story=story,
        evidence=[
            EvidenceBar(charts.evidence_bar(why.contribution, largest), _signed(why.contribution), why.text)
            for why in story.why
        ],
    )


def note_of(console: Console, desk: Desk, now_ms: int) -> str | None:
    """What happened to the case since it was opened here, or None if it is still this visitor's."""
    if desk.case is None:
        return None
    key = key_of(desk.case)
    alert = console.queue.find(key)
    if alert is not None:
        holder = alert.held_by(now_ms)
        return f"Your lease ended and {holder} took this case." if holder not in {None, desk.name} else None
    closed = console.queue.closed(key)
    if closed is None:
        return "This case left the queue to make room for newer ones."
    if closed.labeler is None:
        return f"Nobody reported this payment in time; it now counts as {closed.verdict}."
    return f"{closed.labeler} marked this payment {closed.verdict}."


def rows_of(console: Console, desk: Desk, now_ms: int, currency: str) -> list[QueueRow]:
    """The visitor's rows of the queue, each in its place."""
    found = (console.queue.find(key) for key in desk.rows)
    return [_row(console, desk, alert, now_ms, currency) for alert in found if alert is not None]


def _row(console: Console, desk: Desk, alert: OpenAlert, now_ms: int, currency: str) -> QueueRow:
    scored, holder = alert.scored, alert.held_by(now_ms)
    now = console.champions.score_now(scored)
    moved = 0.0 if now is None else now - scored.score
    direction = "up" if moved >= ARROW_FROM else "down" if moved <= -ARROW_FROM else "same"
    return QueueRow(
        story=headline(scored),
        amount=paid_amount(scored, currency),
        scored=f"{scored.score:.2f}",
        now=None if now is None or direction == "same" else f"{now:.2f}",
        direction=direction,
        age=ago(now_ms - scored.scored_at_ms),
        holder="you" if holder == desk.name else holder,
        mine=holder == desk.name,
    )


def race_of(console: Console) -> Race:
    freeze_ms, model = console.race.frozen_at_ms, console.race.frozen_model
    if freeze_ms is None:
        return Race("No frozen twin yet", "Once there is one, this compares it with Weir, which keeps learning.", None)
    steps = console.race.steps()
    if not steps:
        name = f"model #{model.publication:,}" if model else "no model"
        awaited = "No label has named a new kind of fraud since. When one does, this compares Weir with the twin."
        return Race(f"Twin frozen at {moment(freeze_ms)} with {name}", awaited, None)
    known, last = len(steps), steps[-1]
    title = f"Of {plural(known, 'known fraud')} of the new kind, Weir caught {last.live}, the frozen twin {last.twin}"
    kinds = ", ".join(kind.replace("_", " ") for kind in console.race.new_kinds())
    return Race(
        "New attack: labelled frauds caught",
        f"Labelled {kinds}, by event time. The twin was frozen at {moment(freeze_ms)}.",
        Standing(f"{last.twin:,}", f"{last.live:,}", f"{known:,}", charts.race(_lines(steps), title)),
    )


def _lines(steps: list[Step]) -> list[charts.Line]:
    """The standings as lines, thinned to about MOST_POINTS points. The last point is always kept."""
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


def verdicts_of(console: Console, now_ms: int) -> list[VerdictRow]:
    """The latest verdicts, newest first."""
    return [_verdict_row(given, now_ms) for given in reversed(console.latest_verdicts)]


def _verdict_row(given: GivenVerdict, now_ms: int) -> VerdictRow:
    kind = given.fraud_type.replace("_", " ") if given.fraud_type else None
    return VerdictRow(given.labeler, given.verdict, kind, f"{given.n:,}", ago(now_ms - given.learned_ms))


def _signed(number: float) -> str:
    return f"{number:+.1f}".replace("-", "−")


def _flag(flag: str) -> str:
    """Put a flag into words; the name of a field stays as it is."""
    word, colon, field = flag.partition(":")
    return word.replace("_", " ") + (f": {field}" if colon else "")
