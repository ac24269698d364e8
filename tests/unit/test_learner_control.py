"""Learner and registrar start and go on, whatever the topics that they read back hold."""

import msgspec
import pytest

from learner import kafka_learner, kafka_registrar
from learner.control import publication_of
from learner.fold import Fold
from learner.kafka_learner import LearnerProcess
from learner.kafka_registrar import RegistrarProcess
from learner.snapshot import Snapshot, seal
from tests.builders import an_example
from tests.trees import trees_published
from weir.artefact import sign_reputation
from weir.messages import Publication, Reputation, encode
from weir.settings import LearningSettings, Settings

KEY = b"a signing key"
SETTINGS = Settings(signing_key=KEY.decode())
REPUTATION = sign_reputation(
    Reputation(entity_id="m1", epoch=1, n=9, known_frauds=3, known_legitimate=9, fraud_rate=0.3), KEY
)
NO_PUBLICATIONS = [None, b"", b"{", b"{}", b"\xff", b"[" * 100_000, b'{"kind":"publication"}', encode(REPUTATION)]


class ARecord:
    """A record of Kafka under the key of the champion or, if it holds them, of the trees."""

    def __init__(self, value: bytes | None, offset: int) -> None:
        key = b"model:trees" if b'"kind":"trees"' in (value or b"") else b"model:champion"
        self.value, self.offset = lambda: value, lambda: offset
        self.key, self.error = lambda: key, lambda: None


class AReader:
    """A consumer that reads `records` once."""

    def __init__(self, records: list[ARecord]) -> None:
        self._records = records

    def assign(self, _places) -> None:
        pass

    def consume(self, _count, **_) -> list[ARecord]:
        records, self._records = self._records, []
        return records


def a_fold(examples: int = 3) -> Fold:
    fold = Fold(LearningSettings())
    for n in range(1, examples + 1):
        fold.learn(1, n, an_example(transaction_id=f"t{n}"))
    return fold


def a_publication(number: int = 7) -> Publication:
    return a_fold().publication(number, 5, KEY)


def a_snapshot(**fields) -> bytes:
    snapshot = Snapshot.of(a_fold(), offset=3, publication=4, control_offset=0)
    return seal(msgspec.structs.replace(snapshot, **fields), KEY)


@pytest.fixture
def learner(monkeypatch):
    """Start a learner with this snapshot, after these values under the champion's key."""

    def start(snapshot: bytes | None = None, control: list[bytes | None] = ()) -> LearnerProcess:
        records = [ARecord(value, offset) for offset, value in enumerate(control)]
        monkeypatch.setattr(kafka_learner, "fencing_producer", lambda *_: None)
        monkeypatch.setattr(kafka_learner, "consumer", lambda *_: AReader([]))
        monkeypatch.setattr(kafka_learner, "read_last", lambda *_: snapshot)
        monkeypatch.setattr(kafka_learner, "read_to_end", lambda *_: iter(records))
        return LearnerProcess(SETTINGS)

    return start


@pytest.mark.parametrize("value", NO_PUBLICATIONS)
def test_a_record_that_is_no_publication_is_none(value):
    assert publication_of(value, 0) is None


def test_a_learner_continues_the_numbers_of_publications_and_skips_other_records(learner):
    process = learner(control=[*NO_PUBLICATIONS, encode(a_publication(7)), *NO_PUBLICATIONS])
    assert process._last_publication(None) == (7, 2 * len(NO_PUBLICATIONS), None)


def test_a_learner_resumes_from_its_snapshot(learner):
    assert learner(a_snapshot())._fold.full_digest() == a_fold().full_digest()


def the_trees(process: LearnerProcess) -> int | None:
    """The last example that the trees in force learned."""
    published = process._trees.published
    return None if published is None else published.n


def test_a_learner_finds_the_trees_in_force_in_its_snapshot_or_behind_it(learner):
    with_trees = a_snapshot(trees=trees_published(50, KEY))
    later, earlier = (encode(trees_published(n, KEY)) for n in (60, 40))
    assert the_trees(learner(control=[earlier])) == 40
    assert the_trees(learner(with_trees)) == 50
    assert the_trees(learner(with_trees, [earlier])) == 50
    assert the_trees(learner(with_trees, [earlier, later])) == 60


def test_forged_trees_do_not_keep_a_learner_from_training(learner):
    forged = encode(trees_published(10**9, b"another key"))
    assert the_trees(learner(control=[encode(trees_published(50, KEY)), forged])) == 50


def test_a_registrar_keeps_the_trees_but_registers_only_publications(monkeypatch):
    values = [encode(trees_published(50, KEY)), encode(a_publication(7)), encode(trees_published(60, KEY))]
    reader = AReader([ARecord(value, offset) for offset, value in enumerate(values)])
    monkeypatch.setattr(kafka_registrar, "consumer", lambda *_: reader)
    monkeypatch.setattr(kafka_registrar, "_committed", lambda *_: 2)
    process = RegistrarProcess(SETTINGS, registry=None)
    process.read()
    assert (process._unlogged, process._trees.n, process._next_offset) == ([], 60, 3)


@pytest.mark.parametrize(
    "snapshot",
    [
        None,
        b"nonsense",
        msgspec.msgpack.encode(["ü", b""]),
        a_snapshot(epoch=2),
        a_snapshot(fold=b"nonsense"),
        a_snapshot(fold=b"cno_such_module\nFold\n."),
    ],
    ids=["none", "no snapshot", "forged", "of another epoch", "no pickle", "a class that is gone"],
)
def test_a_learner_without_a_usable_snapshot_folds_the_log_from_its_start(learner, snapshot):
    process = learner(snapshot)
    assert (process._fold.n, process._offset, process._number) == (0, 0, 0)


def test_a_registrar_registers_publications_and_skips_other_records(monkeypatch):
    values = [*NO_PUBLICATIONS, encode(a_publication(7)), *NO_PUBLICATIONS]
    reader = AReader([ARecord(value, offset) for offset, value in enumerate(values)])
    monkeypatch.setattr(kafka_registrar, "consumer", lambda *_: reader)
    monkeypatch.setattr(kafka_registrar, "_committed", lambda *_: 0)
    process = RegistrarProcess(SETTINGS, registry=None)
    process.read()
    assert [publication.publication for publication in process._unlogged] == [7]
