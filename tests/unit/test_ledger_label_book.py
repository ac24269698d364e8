from ledger.label_book import NONE_WAIT, SEGMENT, LabelBook, identity
from weir.messages import WaitingLabel


def a_book(labels: int) -> LabelBook:
    book = LabelBook()
    for number in range(labels):
        book.accept(identity(f"t{number}", "l"), WaitingLabel("l", f"t{number}", number))
    return book


def loaded(book: LabelBook) -> LabelBook:
    again = LabelBook()
    for number, stored in book.changed_segments().items():
        again.load_segment(number, stored)
    return again


def test_only_changed_segments_are_stored_again():
    book = a_book(SEGMENT * 3)
    assert sorted(book.changed_segments()) == [0, 1, 2]
    book.learn(identity(f"t{SEGMENT + 1}", "l"), "example")
    assert sorted(book.changed_segments()) == [1]
    assert book.changed_segments() == {}


def test_a_book_loaded_from_its_segments_has_the_same_counts():
    book = a_book(SEGMENT + 10)
    book.learn(identity("t3", "l"), "revision")
    book.bury(identity("t4", "l"))
    again = loaded(book)
    assert (again.accepted, again.count("revision"), again.dead) == (SEGMENT + 10, 1, 1)
    assert again.changed_segments() == {}


def test_a_segment_stays_under_five_kilobytes():
    assert max(len(stored.states) for stored in a_book(SEGMENT * 2).changed_segments().values()) < 5000


def test_ids_with_the_same_concatenation_are_different_labels():
    assert identity("ab", "c") != identity("a", "bc")
    assert identity("1", "1:1") != identity("11", ":1")


def waiting(book: LabelBook) -> tuple[list[str], int]:
    """The transactions of the labels that have waited longest, and how many labels wait for a refused one."""
    return [label.transaction_id for label in book.waiting_labels.longest(3)], book.waiting_labels.refused


def test_the_labels_that_wait_longest_are_named():
    book = a_book(6)
    book.learn(identity("t1", "l"), "example")
    book.bury(identity("t2", "l"))
    assert waiting(book) == waiting(loaded(book)) == (["t0", "t3", "t4"], 0)


def test_a_label_of_a_refused_transaction_waits_in_vain_whichever_came_first():
    book = a_book(2)
    book.refuse("t0")
    book.refuse("t2")
    book.refuse("t9")
    book.accept(identity("t2", "l"), WaitingLabel("l", "t2", 2))
    assert waiting(book) == waiting(loaded(book)) == (["t1"], 2)
    book.learn(identity("t2", "l"), "example")
    assert (waiting(book), book.accepted, book.waiting) == ((["t1"], 1), 3, 2)


def test_a_book_of_an_earlier_version_knows_no_waiting_label_by_name():
    first = a_book(2).changed_segments()[0]
    book = LabelBook()
    book.load_segment(0, first._replace(waiting=NONE_WAIT))
    assert (book.waiting, waiting(book)) == (2, ([], 0))
    book.learn(identity("t1", "l"), "example")
    assert book.waiting == 1
