"""`weir status` reads the last message of a topic, whatever other records surround it."""

import msgspec
import pytest

from ledger.counting import LedgerSnapshot
from ledger.kafka_ledger import SNAPSHOT_KEY
from operations.runner import kafka_tail
from operations.runner.kafka_status import last_commit, last_entry, last_publication
from tests.builders import some_counts
from weir.messages import Publication, encode
from weir.settings import Settings
from weir.topics import COUNTS_KEY

SETTINGS = Settings()
FOREIGN = [None, b"", b"{", b"{}", b"\xff", b"[" * 100_000, b'{"kind":"publication"}', b"\x91" * 100_000, b"\xc1"]
COUNTS = some_counts(1)
PUBLICATION = Publication(
    publication=7, epoch=1, n=9, contender="champion", artefact=b"", signature="", digest="", published_at_ms=0
)
SNAPSHOT = LedgerSnapshot(repeated=3)


class ARecord:
    def __init__(self, key: bytes | None, value: bytes | None, offset: int) -> None:
        self.key, self.value, self.offset, self.error = lambda: key, lambda: value, lambda: offset, lambda: None


class AReader:
    """A consumer of a topic that holds these records."""

    def __init__(self, records: list[tuple[bytes | None, bytes | None]]) -> None:
        self._records = [ARecord(key, value, offset) for offset, (key, value) in enumerate(records)]
        self._next = 0

    def get_watermark_offsets(self, _partition, **_) -> tuple[int, int]:
        return 0, len(self._records)

    def assign(self, places) -> None:
        self._next = places[0].offset

    def poll(self, _timeout) -> ARecord | None:
        self._next += 1
        return self._records[self._next - 1] if self._next <= len(self._records) else None

    def close(self) -> None:
        pass


@pytest.fixture
def topic(monkeypatch):
    """Fill the topic that is read."""

    def fill(*records: tuple[bytes | None, bytes | None]) -> None:
        monkeypatch.setattr(kafka_tail, "consumer", lambda *_, **__: AReader(list(records)))

    return fill


def under(key: bytes | None) -> list[tuple[bytes | None, bytes | None]]:
    return [(key, value) for value in FOREIGN]


def test_the_last_publication_is_found_behind_foreign_records(topic):
    topic((b"model:champion", encode(PUBLICATION)), *under(b"model:champion"), *under(None))
    assert last_publication(SETTINGS) == PUBLICATION


def test_without_a_publication_there_is_none(topic):
    topic(*under(b"model:champion"))
    assert last_publication(SETTINGS) is None


@pytest.mark.parametrize("key", [None, b"", b"\xff", b"1", b"1:" + b"9" * 5000])
def test_the_last_entry_is_found_behind_foreign_keys(topic, key):
    topic((b"1:42", b"{}"), (key, b"{}"))
    assert last_entry(SETTINGS) == (1, 42)


def test_the_last_commit_is_found_behind_foreign_records(topic):
    stored = msgspec.msgpack.encode(SNAPSHOT)
    topic((SNAPSHOT_KEY, stored), (COUNTS_KEY, encode(COUNTS)), *under(SNAPSHOT_KEY), *under(COUNTS_KEY), *under(None))
    assert last_commit(SETTINGS) == (COUNTS, SNAPSHOT)


def test_without_a_snapshot_there_is_no_commit(topic):
    topic((COUNTS_KEY, encode(COUNTS)), *under(SNAPSHOT_KEY), (COUNTS_KEY, encode(COUNTS)))
    assert last_commit(SETTINGS) is None
