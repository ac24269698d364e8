"""Fuzzing, for as long as FUZZ_S says: no traceback, no silent loss, whatever comes in.

    payments, labels     one result each: a score, an entry, a label that waits, or a dead letter that is no fault of ours
    mappings             read, or refused in one sentence
    files                checked, or refused in one sentence; every row is fine, wrong or repeated
    requests             never a 500; a batch answers every row

Most inputs are valid ones with a few changes, because other bytes end at the first field.
"""

import io
import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from detector.intake import Intake
from detector.knowledge import Knowledge
from detector.scoring import Detector
from learner.join_intake import JoinIntake
from learner.label_join import decode_join_state
from operations.replay.checking.file_check import check_file
from operations.replay.checking.report import last_line, show
from operations.replay.mapping import Mapping, parse_mapping
from tests.api_client import FakeStream, an_api
from tests.builders import NOON_MS
from weir.errors import DeploymentError
from weir.messages import DEAD_LETTER, SCORED
from weir.records import Inbound, StateChange
from weir.settings import DetectorSettings, LearningSettings, Settings
from weir.topics import Topics

FUZZ_S = float(os.environ.get("FUZZ_S", "600"))
"""Shared by the targets below."""

TARGETS = 5
TOPICS, NOW_MS = Topics("live"), NOON_MS + 1000

PAYMENT = {
    "transaction_id": "t1",
    "user_id": "u1",
    "event_time": NOON_MS,
    "amount": 20.0,
    "currency": "EUR",
    "type": "purchase",
    "merchant_id": "m1",
    "latitude": 1.0,
    "longitude": 2.0,
    "country": "FR",
    "attributes": {"a": 1.0},
}
LABEL = {
    "label_id": "l1",
    "transaction_id": "t1",
    "verdict": "fraud",
    "labeler": "ana",
    "labelled_at_ms": NOON_MS,
    "user_id": "u1",
}
REQUEST = {"transaction_id": "t1", "verdict": "fraud", "labeler": "ana", "label_id": "l1", "labelled_at": NOON_MS}

numbers = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([0, -0.0, -1, 1e12, 1e13, 2**53, 2**63, -(2**63) - 1, 10**400, 20240131, 1_706_659_200]),
)
texts = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["", " ", "null", "NaN", "\0", "é\u0301", "🂡", "x" * 600, "2024-01-31", "31/01/2024", "1,234.50", "$5"]
    ),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)


def changed(valid):
    """The JSON of an object with some values, names or bytes changed."""
    names = st.one_of(st.sampled_from(sorted(valid)), texts)
    objects = st.dictionaries(names, values, max_size=3).map(lambda changes: json.dumps({**valid, **changes}).encode())
    gone = st.sets(st.sampled_from(sorted(valid)), max_size=2).map(
        lambda names: json.dumps({name: value for name, value in valid.items() if name not in names}).encode()
    )
    return st.one_of(
        objects, gone, broken(objects), st.binary(max_size=40), values.map(lambda one: json.dumps(one).encode())
    )


def broken(payloads):
    """The same with a few bytes replaced, left out or repeated."""
    edits = st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=3), st.integers(0, 4)), min_size=1, max_size=3)

    def edited(payload, places):
        for place, put, cut in places:
            at = place % (len(payload) + 1)
            payload = payload[:at] + put + payload[at + cut :]
        return payload

    return st.builds(edited, payloads, edits)


def read_or_refused(read, *arguments):
    """What comes of reading, or the sentence that refuses it."""
    try:
        return read(*arguments)
    except DeploymentError as error:
        return f"{error.problem} {error.remedy}"


def for_its_share(check, *strategies):
    """Run a check with ever new examples until its share of the time is over."""
    end, runs = time.monotonic() + FUZZ_S / TARGETS, 0
    every = settings(max_examples=100, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    while time.monotonic() < end or not runs:
        every(given(*strategies)(check))()
        runs += 1


def test_every_payment_is_scored_or_a_dead_letter():
    intake, users = Intake(Detector(DetectorSettings()), TOPICS), {}

    def check(payloads):
        for offset, payload in enumerate(payloads):
            record = Inbound(None, payload, TOPICS.transactions, 0, offset)
            processed = intake.process(record, "u1", users.get("u1"), Knowledge(b""), NOW_MS)
            first = processed.outbound[0]
            if processed.dead:
                assert DEAD_LETTER.decode(first.payload).stage == "detector", first.payload
            else:
                users["u1"] = processed.state
                assert 0 <= SCORED.decode(first.payload).score <= 1
            users.clear() if len(users.get("u1") or b"") > 50_000 else None

    for_its_share(check, st.lists(changed(PAYMENT), min_size=1, max_size=4))


def test_every_label_is_learned_waits_or_is_a_dead_letter():
    scored = Intake(Detector(DetectorSettings()), TOPICS).process(
        Inbound(None, json.dumps(PAYMENT).encode(), TOPICS.transactions, 0, 0), "u1", None, Knowledge(b""), NOW_MS
    )
    join = JoinIntake(LearningSettings(), TOPICS)

    def check(known, payloads):
        state = None
        if known:
            state = join.process(
                Inbound(None, scored.outbound[0].payload, TOPICS.scored, 0, 0), "t1", None, NOW_MS
            ).state
        for offset, payload in enumerate(payloads):
            before = set() if state is None else set(decode_join_state(state).label_ids)
            done = join.process(Inbound(None, payload, TOPICS.labels, 0, offset), "t1", state, NOW_MS)
            letters = [one for one in done.outbound if one.topic == TOPICS.dead_letters]
            assert all(DEAD_LETTER.decode(one.payload).stage == "label-join" for one in letters), letters
            state = (
                done.state if isinstance(done.state, bytes) else (None if done.state is StateChange.CLEARED else state)
            )
            new = set() if state is None else set(decode_join_state(state).label_ids) - before
            repeated = not done.dead and not new
            assert len(done.outbound) + (not done.outbound and bool(new)) + repeated >= 1

    for_its_share(check, st.booleans(), st.lists(changed(LABEL), min_size=1, max_size=4))


MAPPING = """
slice_s = 3600
[file]
delimiter = ","
null_values = ["NA"]
[transaction]
transaction_id = "id"
user_id = "user"
event_time = { column = "time", unit = "s" }
amount = { column = "amount", strip = "$" }
currency = { constant = "EUR" }
[label]
column = "fraud"
fraud = [1]
legitimate = [0]
"""
WORDS = st.sampled_from(
    [
        *MAPPING.split(),
        "format",
        "origin",
        "zone",
        "map",
        "columns",
        "join",
        "scale",
        "sort",
        "[attributes]",
        "{",
        "}",
        "\n",
    ]
)


def mapping_texts():
    """The mapping with some of its words replaced."""
    edits = st.lists(st.tuples(st.integers(0, 80), st.one_of(WORDS, texts)), max_size=4)

    def edited(places):
        words = MAPPING.replace("\n", " \n ").split(" ")
        for place, word in places:
            words[place % len(words)] = word
        return " ".join(words)

    return edits.map(edited)


def test_every_mapping_is_read_or_refused_in_a_sentence():
    def check(text):
        assert isinstance(read_or_refused(parse_mapping, text), Mapping | str)

    for_its_share(check, mapping_texts())


ROWS = b"id,user,time,amount,fraud\nt1,u1,1706659200,$5.00,0\nt2,u2,1706659300,7.50,1\nt3,u1,1706659400,1e3,\n"
cells = st.one_of(texts, numbers.map(str)).map(lambda text: text.encode(errors="replace"))


def files():
    """A file with some cells or bytes changed."""
    rows = st.lists(st.lists(cells, min_size=4, max_size=6).map(b",".join), max_size=4)
    return st.one_of(broken(st.just(ROWS)), rows.map(lambda some: ROWS + b"\n".join(some)), st.binary(max_size=200))


def test_every_file_is_checked_or_refused_in_a_sentence(tmp_path):
    mapping, path = parse_mapping(MAPPING), Path(tmp_path / "file.csv")

    def check(content):
        path.write_bytes(content)
        checked = read_or_refused(check_file, path, mapping, Settings(), NOW_MS + 10**12)
        if isinstance(checked, str):
            return
        assert len(checked.times_ms) + len(checked.bad_rows) + checked.repeated == checked.rows
        show(checked, Console(file=io.StringIO()))
        assert last_line(checked)

    for_its_share(check, files())


def test_every_request_has_an_answer_and_a_batch_one_for_each_row(tmp_path):
    with an_api(tmp_path, FakeStream(), decision_deadline_ms=1) as api:

        def check(labels, payment):
            as_json = {"Content-Type": "application/json"}
            answers = [api.post("/v1/labels", content=label, headers=as_json) for label in labels]
            answers.append(api.post("/v1/decisions", content=payment, headers=as_json))
            lines = [line for label in labels for line in label.split(b"\n") if line.strip()]
            batch = api.post(
                "/v1/labels:batch", content=b"\n".join(lines), headers={"Content-Type": "application/jsonl"}
            )
            assert [answer.status_code for answer in (*answers, batch) if answer.status_code >= 500] == []
            assert [json.loads(line)["row"] for line in batch.content.splitlines()] == list(range(1, len(lines) + 1))
            table = api.post("/v1/labels:batch", content=b"\n".join(labels), headers={"Content-Type": "text/csv"})
            assert table.status_code == 200

        for_its_share(check, st.lists(changed(REQUEST), max_size=4), changed(PAYMENT))


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch):
    for name in [name for name in os.environ if name.startswith("WEIR_")]:
        monkeypatch.delenv(name)
