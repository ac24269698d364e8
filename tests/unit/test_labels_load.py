"""`weir labels load`: labels of a file through the real API, and what became of each row."""

import csv

import httpx
import pyarrow as pa
import pyarrow.parquet
import pytest
from rich.console import Console

from feedback_api.sql_database import open_database
from feedback_api.sql_receipts import Entry, InForce, Refusal, SqlReceipts
from operations.labels import batches, loading
from operations.labels.batches import LabelBatches
from operations.labels.label_mapping import read_label_mapping
from operations.labels.label_rows import read_labels
from operations.labels.loading import send_all, settle, show
from tests.api_client import FakeStream, an_api
from weir.errors import DeploymentError, PartUnavailable
from weir.messages import LABEL, decode_with

CHARGEBACKS = """Reported;Order;Reason;Outcome
31/01/2024;ORD-1;stolen;lost
01/02/2024;ORD-2;;won
30/02/2024;ORD-3;;lost
01/02/2024;;;lost
01/02/2024;ORD-5;;perhaps
01/02/2024;ORD-6;;
"""
MAPPING = """
[file]
delimiter = ";"
[label]
transaction_id = "Order"
labelled_at = { column = "Reported", format = "%d/%m/%Y", zone = "Europe/Berlin" }
labeler = { constant = "disputes" }
source = { constant = "chargeback" }
note = "Reason"
[verdict]
column = "Outcome"
fraud = ["lost"]
legitimate = ["won"]
"""


@pytest.fixture
def stream():
    return FakeStream()


class _Through(httpx.BaseTransport):
    """Hands requests to an application that runs in its own event loop; `broken` answers fail first."""

    def __init__(self, api, broken=0):
        self._api, self.broken, self.asked = api, broken, 0

    def handle_request(self, request):
        self.asked += 1
        answer = self._api.post(request.url.path, content=request.read(), headers=dict(request.headers))
        if self.broken:
            self.broken -= 1
            raise httpx.ReadError("the connection broke")
        return httpx.Response(answer.status_code, content=answer.content)


@pytest.fixture
def api(tmp_path, stream):
    with an_api(tmp_path, stream) as client:
        yield client


@pytest.fixture
def receipts(api, tmp_path):
    assert api  # it has made the tables
    engine = open_database(f"sqlite:///{tmp_path / 'weir.db'}")
    yield SqlReceipts(engine)
    engine.dispose()


def written(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    return path


def load(api, file, mapping=None, transport=None):
    return list(send_all(read_labels(file, mapping), LabelBatches("http://api", transport or _Through(api), pause_s=0)))


def sent(stream):
    return [decode_with(LABEL, value) for _, _, value in stream.records]


def test_a_charge_back_file_is_read_by_its_mapping(api, stream, tmp_path):
    rows = load(api, written(tmp_path, "c.csv", CHARGEBACKS), written(tmp_path, "c.toml", MAPPING))
    assert [(row.row, row.status) for row in rows] == [
        (1, "accepted"),
        (2, "accepted"),
        *((number, "invalid") for number in range(3, 7)),
    ]
    said = [row.says for row in rows[2:]]
    assert all(
        words in says for words, says in zip(["30/02/2024", "'Order'", "perhaps", "'Outcome'"], said, strict=True)
    )
    first, second = sent(stream)
    assert (first.transaction_id, first.verdict, first.labeler, first.source) == (
        "ORD-1",
        "fraud",
        "disputes",
        "chargeback",
    )
    assert (first.labelled_at_ms, first.note) == (1_706_655_600_000, "stolen")
    assert (second.verdict, second.note) == ("legitimate", None)


def test_without_a_verdict_column_every_row_is_a_fraud(api, stream, tmp_path):
    mapping = written(tmp_path, "m.toml", '[label]\ntransaction_id = "id"\nlabeler = { constant = "bank" }\n')
    load(api, written(tmp_path, "c.csv", "id\n007\nnull\n"), mapping)
    assert [(label.transaction_id, label.verdict) for label in sent(stream)] == [("007", "fraud"), ("null", "fraud")]


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_file_with_the_fields_names_needs_no_mapping(api, stream, tmp_path, form):
    rows = [
        {"transaction_id": f"t{n}", "verdict": "legitimate", "labeler": "ana", "label_id": f"l{n}"} for n in range(3)
    ]
    file = tmp_path / f"labels.{form}"
    if form == "parquet":
        pa.parquet.write_table(pa.Table.from_pylist(rows), file)
    elif form == "csv":
        with file.open("w", newline="") as out:
            writer = csv.DictWriter(out, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    else:
        file.write_text("".join(httpx.Request("POST", "http://x", json=row).read().decode() + "\n" for row in rows))
    assert [row.status for row in load(api, file)] == ["accepted"] * 3
    assert [label.label_id for label in sent(stream)] == ["l0", "l1", "l2"]


def test_loading_a_file_again_sends_nothing_twice(api, stream, tmp_path):
    file, mapping = written(tmp_path, "c.csv", CHARGEBACKS), written(tmp_path, "c.toml", MAPPING)
    load(api, file, mapping)
    assert [row.status for row in load(api, file, mapping)][:2] == ["repeated", "repeated"]
    assert len(stream.records) == 2


def test_a_broken_connection_is_tried_again_and_every_label_counts_once(api, stream, tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "ROWS", 10)
    file = written(
        tmp_path, "l.csv", "transaction_id,verdict,labeler\n" + "".join(f"t{n},fraud,a\n" for n in range(25))
    )
    transport = _Through(api, broken=2)
    rows = load(api, file, transport=transport)
    assert [row.row for row in rows] == list(range(1, 26))
    assert {row.status for row in rows} == {"accepted", "repeated"}
    assert (transport.asked, len(stream.records)) == (5, 25)


def test_an_api_that_never_answers_is_named(api, tmp_path):
    file = written(tmp_path, "l.csv", "transaction_id,verdict,labeler\nt1,fraud,a\n")
    with pytest.raises(PartUnavailable, match="load the file again"):
        load(api, file, transport=_Through(api, broken=batches.ATTEMPTS))


def test_the_report_says_which_labels_are_learned_and_why_others_are_not(api, receipts, tmp_path):
    names = ["t1", "t2", "t3"]
    text = "transaction_id,verdict,labeler,label_id\n" + "".join(f"{name},fraud,a,l-{name}\n" for name in names)
    rows = load(api, written(tmp_path, "l.csv", text))
    entries = [Entry("l-t1", "t1", "example", 1, 7, 2000)]
    receipts.record(entries, [Refusal("l-t3", "t3", "labelled_at_ms: too early", 5)], InForce(1, 9, 3000), {})
    settle(rows, LabelBatches("http://api", _Through(api)), wait_s=0)
    assert [(row.status, row.transaction_id) for row in rows] == [
        ("in force", "t1"),
        ("waiting", "t2"),
        ("refused", "t3"),
    ]
    console = Console(record=True, width=200)
    assert show(rows, console) is False
    text = console.export_text()
    assert "labelled_at_ms: too early" in text
    assert "2 of 3 labels are not learned." in text


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("[label]\nlabeler = 'a'\n", "no 'transaction_id'"),
        ("[label]\ntransaction_id = 'id'\n", "no 'labeler'"),
        ("[label]\ntransaction_id = 'id'\nlabeler = 'a'\ncolour = 'red'\n", "not a field of a label"),
        ("[label]\ntransaction_id = { column = 'id', unit = 's' }\nlabeler = 'a'\n", "has no effect"),
        (
            "[label]\ntransaction_id = 'id'\nlabeler = 'a'\nlabelled_at = { column = 't', map = { a = 'b' } }\n",
            "no effect",
        ),
        ("[file]\ndelimiter = '::'\n[label]\ntransaction_id = 'id'\nlabeler = 'a'\n", "one character"),
        ("nonsense", "invalid"),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused(tmp_path, toml, says):
    with pytest.raises(DeploymentError, match=says):
        read_label_mapping(written(tmp_path, "m.toml", toml))


def test_a_file_without_a_needed_column_is_refused(tmp_path):
    with pytest.raises(DeploymentError, match="no column 'labeler'"):
        list(read_labels(written(tmp_path, "l.csv", "transaction_id,verdict\nt1,fraud\n"), None))
