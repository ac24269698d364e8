"""The label store on SQLite, and on a real PostgreSQL if one is installed."""

import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import inspect

from feedback_api.labels import StoredLabel
from feedback_api.sql_database import open_database
from feedback_api.sql_labels import SqlLabels, labels
from feedback_api.sql_receipts import Entry, InForce, Refusal, SqlReceipts
from operations.runner.ports import free_ports
from tests.builders import a_label
from tests.waiting import eventually
from weir.errors import PartUnavailable


@pytest.fixture(scope="session")
def postgresql():
    """The address of a fresh PostgreSQL server."""
    initdb, server = shutil.which("initdb"), shutil.which("postgres")
    if initdb is None or server is None:
        pytest.skip("PostgreSQL is not installed on this machine")
    user = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}  # it refuses to run as root
    folder, port = Path(tempfile.mkdtemp(prefix="weir-postgresql-")), free_ports(1)[0]
    if user:
        shutil.chown(folder, **user)
    run = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **user}
    subprocess.run(
        [initdb, "-D", folder / "data", "-U", "weir", "-A", "trust", "-E", "UTF8", "--no-sync"], check=True, **run
    )
    process = subprocess.Popen([server, "-D", folder / "data", "-p", str(port), "-h", "127.0.0.1", "-k", folder], **run)
    url = f"postgresql://weir@127.0.0.1:{port}/postgres"
    try:
        eventually(lambda: _answers(url), deadline_s=60)
        yield url
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder)


def _answers(url):
    try:
        open_database(url).dispose()
    except PartUnavailable:
        return False
    return True


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request, tmp_path):
    url = f"sqlite:///{tmp_path / 'weir.db'}" if request.param == "sqlite" else request.getfixturevalue("postgresql")
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(labels.delete())
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine):
    return SqlLabels(engine, now_ms=lambda: 1000)


def test_a_label_is_stored_with_every_field(store):
    label = a_label(note="'; DROP TABLE labels; -- ü 💳", as_of_ms=0, source="")
    assert store.store([label]) == [StoredLabel(label, 1000, None)]
    assert store.find_all(["l0", "l1"]) == [StoredLabel(label, 1000, None)]


def test_the_first_label_with_an_id_is_kept_even_within_one_group(store):
    first, second = a_label(verdict="fraud"), a_label(verdict="legitimate")
    assert [kept.label.verdict for kept in store.store([first, second])] == ["fraud", "fraud"]
    assert [kept.label.verdict for kept in store.store([second])] == ["fraud"]


def test_acknowledged_labels_are_no_longer_pending(store):
    store.store([a_label(label_id=f"l{number}") for number in range(3)])
    store.acknowledge(["l0", "l2"])
    assert [label.label_id for label in store.unacknowledged(1000, limit=10)] == ["l1"]
    assert store.unacknowledged(999, limit=10) == []


def test_overlapping_groups_of_several_instances_neither_deadlock_nor_lose_labels(store):
    groups = [[a_label(label_id=f"l{(i * step) % 101}") for i in range(1, 101)] for step in (1, 7, 50, 100)]
    with ThreadPoolExecutor(4) as instances:
        kept = list(instances.map(store.store, groups))
    assert [len(group) for group in kept] == [100] * 4
    assert len(store.unacknowledged(1000, limit=1000)) == 100


def test_the_migrations_create_the_table_that_the_code_uses(engine):
    made = {column["name"]: column["nullable"] for column in inspect(engine).get_columns("labels")}
    assert made == {column.name: column.nullable for column in labels.columns}


def test_opening_again_changes_nothing(store, engine):
    store.store([a_label()])
    open_database(engine.url.render_as_string(hide_password=False)).dispose()
    assert store.find_all(["l1"])


def test_what_became_of_labels_is_stored_beside_them_with_the_offsets(store, engine):
    receipts = SqlReceipts(engine)
    store.store([a_label(label_id=f"l{number}", transaction_id=f"t{number}") for number in range(4)])
    entries = [Entry("l0", "t0", "example", 1, 7, 2000), Entry("l1", "t1", "revision", 1, 9, 2000)]
    refusals = [Refusal("l2", "t2", "transaction_id: none", 2500), Refusal("l0", "t0", "late copy", 2500)]
    for _ in range(2):  # as after a crash between Kafka and the database
        receipts.record(entries, refusals, InForce(1, 8, 3000), {("log", 0): 12, ("letters", 1): 3})
    receipts.record([], [], None, {("log", 0): 5})
    assert receipts.offsets() == {("log", 0): 12, ("letters", 1): 3}
    found = receipts.resolved([f"t{number}" for number in range(4)])
    facts = {one.label_id: one[2:-1] for labels in found.values() for one in labels}
    assert facts == {
        "l0": ("example", 1, 7, 2000, None, 3000),
        "l1": ("revision", 1, 9, 2000, None, None),
        "l2": (None, None, None, 2500, "transaction_id: none", None),
        "l3": (None, None, None, None, None, None),
    }


def test_a_label_that_is_learned_after_all_is_no_longer_refused(store, engine):
    receipts = SqlReceipts(engine)
    store.store([a_label(label_id="l1", transaction_id="t1")])
    receipts.record([], [Refusal("l1", "t1", "reason", 1)], None, {})
    receipts.record([Entry("l1", "t1", "example", 1, 7, 2)], [], None, {})
    receipts.record([Entry("l1", "t1", "example", 2, 3, 3)], [], None, {})
    [[found]] = receipts.resolved(["t1"]).values()
    assert (found.epoch, found.n, found.at_ms) == (2, 3, 3)


def test_an_entry_of_another_payment_changes_nothing(store, engine):
    receipts = SqlReceipts(engine)
    store.store([a_label(label_id="l1", transaction_id="t1")])
    receipts.record([Entry("l1", "t2", "example", 1, 7, 2)], [], None, {})
    assert receipts.resolved(["t1"])["t1"][0].n is None
