"""Many labels in one request: a result for every row, and no row that is lost or stored twice."""

import json

import pytest

from feedback_api import label_batches
from tests.api_client import FakeStream, an_api
from weir.messages import LABEL, decode_with

JSON_LINES = {"Content-Type": "application/x-ndjson"}
CSV = {"Content-Type": "text/csv"}


@pytest.fixture
def stream():
    return FakeStream()


@pytest.fixture
def api(tmp_path, stream):
    with an_api(tmp_path, stream) as client:
        yield client


def row(number=1, **fields):
    return {"transaction_id": f"t{number}", "verdict": "fraud", "labeler": "ana", **fields}


def lines(*rows):
    return b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in rows)


def send(api, content, headers=JSON_LINES, query=""):
    answer = api.post(f"/v1/labels:batch{query}", content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def sent(stream):
    return [decode_with(LABEL, value) for _, _, value in stream.records]


def test_every_row_has_a_result_and_reaches_the_stream(api, stream):
    found = send(api, lines(*(row(number, label_id=f"l{number}") for number in range(1, 2501))))
    assert [(one["row"], one["status"], one["label_id"]) for one in found] == [
        (number, "accepted", f"l{number}") for number in range(1, 2501)
    ]
    assert [label.label_id for label in sent(stream)] == [f"l{number}" for number in range(1, 2501)]


def test_a_batch_that_comes_again_is_sent_once(api, stream):
    content = lines(row(1), row(2, labelled_at=1_750_000_000_000), row(3, label_id="l3"))
    first, second = send(api, content), send(api, content)
    assert [one["status"] for one in first] == ["accepted"] * 3
    assert [one["status"] for one in second] == ["repeated"] * 3
    assert [one["label_id"] for one in first] == [one["label_id"] for one in second]
    assert len(stream.records) == 3


def test_a_bad_row_says_what_to_mend_and_the_others_are_accepted(api, stream):
    api.post("/v1/labels", json=row(9, label_id="taken"))
    rows = [
        row(1, label_id="l1"),
        b"{nonsense",
        row(2, verdict="maybe"),
        b"",
        [1],
        row(3, labeler="  "),
        row(4, label_id="taken"),
        row(5, labelled_at=1_750_000),
        row(6, colour="red"),
        b"x" * (label_batches.LONGEST_ROW + 5),
        row(7, label_id="l7"),
    ]
    found = send(api, lines(*rows))
    assert [(one["status"], one.get("field")) for one in found] == [
        ("accepted", None),
        ("invalid", "$"),
        ("invalid", "verdict"),
        ("invalid", "$"),
        ("invalid", "labeler"),
        ("conflict", "transaction_id"),
        ("invalid", "labelled_at"),
        ("invalid", "$"),
        ("invalid", "$"),
        ("accepted", None),
    ]
    assert all(one.get("reason") for one in found if one["status"] != "accepted")
    assert [label.label_id for label in sent(stream)] == ["taken", "l1", "l7"]


def test_the_same_id_twice_in_a_batch_is_one_label(api, stream):
    found = send(api, lines(row(1, label_id="l"), row(1, label_id="l"), row(1, label_id="l", verdict="legitimate")))
    assert [one["status"] for one in found] == ["accepted", "accepted", "conflict"]
    assert len({label.label_id for label in sent(stream)}) == 1


def test_csv_has_a_header_and_empty_cells_are_none(api, stream):
    content = (
        "\ufefftransaction_id,verdict,labeler,note,labelled_at\r\n"
        't1,fraud,,"stolen, she says",2025-06-15T12:00:00Z\r\n'
        "t2,legitimate,bob,,1750000000000\r\n"
        "t3,fraud,bob,,,too many\r\n"
        "t4,fraud,bob\r\n"
    ).encode()
    found = send(api, content, CSV, "?labeler=desk&source=chargeback")
    assert [one["status"] for one in found] == ["accepted", "accepted", "invalid", "accepted"]
    first, second, last = sent(stream)
    assert (first.labeler, first.note, first.source) == ("desk", "stolen, she says", "chargeback")
    assert (second.labelled_at_ms, second.note, last.labeler) == (1_750_000_000_000, None, "bob")


def test_bytes_that_are_no_csv_end_the_rows_with_a_reason(api):
    found = send(api, b"transaction_id,verdict,labeler\nt1,fraud,ana\n\xff\xfe,fraud,ana\n", CSV)
    assert found[-1]["status"] == "invalid"
    assert "no CSV in UTF-8" in found[-1]["reason"]


@pytest.mark.parametrize("time", ["9" * 5000, "17500000000000000000", "soon", "-1", "٣"])
def test_a_cell_that_is_no_time_says_so_and_the_rows_after_it_are_accepted(api, time):
    content = f"transaction_id,verdict,labeler,labelled_at\nt1,fraud,ana,{time}\nt2,fraud,ana,\n".encode()
    found = send(api, content, CSV)
    assert [(one["status"], one.get("field")) for one in found] == [("invalid", "labelled_at"), ("accepted", None)]


def test_rows_beyond_the_limit_are_refused(api, stream, monkeypatch):
    monkeypatch.setattr(label_batches, "MOST_ROWS", 3)
    found = send(api, lines(*(row(number) for number in range(5))))
    assert [one["status"] for one in found] == ["accepted"] * 3 + ["invalid"]
    assert "at most 3 rows" in found[-1]["reason"]
    assert len(stream.records) == 3


def test_without_a_broker_rows_are_stored_and_said_to_be_on_their_way(api, stream):
    stream.away = True
    [found] = send(api, lines(row(1, label_id="l1")))
    assert (found["status"], "stored" in found["reason"]) == ("unavailable", True)
    stream.away = False
    [again] = send(api, lines(row(1, label_id="l1")))
    assert again["status"] == "accepted"
    assert api.get("/v1/labels/l1").json()["acknowledged_at_ms"] is not None


@pytest.mark.parametrize("kind", ["application/json", "", "text/plain"])
def test_another_content_type_is_refused(api, kind):
    answer = api.post("/v1/labels:batch", content=b"{}", headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["error"]) == (415, "not_json")
    assert "text/csv" in answer.json()["reason"]


def test_an_empty_batch_has_no_results(api):
    assert send(api, b"") == send(api, b"", CSV) == []


def test_receipts_of_many_labels(api):
    send(api, lines(*(row(number, label_id=f"l{number}") for number in range(3))))
    found = api.post("/v1/labels:receipts", json={"label_ids": ["l2", "none", "l0"]}).json()
    assert [(one["label_id"], one["state"]) for one in found] == [("l2", "waiting"), ("l0", "waiting")]
    refused = api.post("/v1/labels:receipts", json={"label_ids": []})
    assert (refused.status_code, refused.json()["field"]) == (422, "label_ids")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("transaction_id;verdict;labeler\nt1;fraud;ana\n", "commas between"),
        ("t1,fraud,ana\nt2,fraud,ana\n", "the first line must name"),
        ("transaction_id,verdict,labeler,verdict\nt1,fraud,ana,legitimate\n", "named twice"),
        ("# July\ntransaction_id,verdict,labeler\nt1,fraud,ana\n", "no field of a label"),
        ('{"transaction_id": "t1"}\n', "no field of a label"),
        ("<html></html>", "no field of a label"),
    ],
)
def test_a_header_that_is_none_is_refused_before_any_row(api, stream, content, reason):
    (result,) = send(api, content.encode(), CSV)
    assert result["status"] == "invalid"
    assert reason in result["reason"]
    assert stream.records == []
