from ledger.label_book import SEGMENT, LabelBook, identity


def a_book(labels: int) -> LabelBook:
    book = LabelBook()
    for number in range(labels):
        book.accept(identity(f"t{number}", "l"))
    return book


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
    again = LabelBook()
    for number, stored in book.changed_segments().items():
        again.load_segment(number, stored)
    assert (again.accepted, again.count("revision"), again.dead) == (SEGMENT + 10, 1, 1)
    assert again.changed_segments() == {}


def test_a_segment_stays_under_five_kilobytes():
    assert max(len(stored) for stored in a_book(SEGMENT * 2).changed_segments().values()) < 5000


def test_ids_with_the_same_concatenation_are_different_labels():
    assert identity("ab", "c") != identity("a", "bc")
    assert identity("1", "1:1") != identity("11", ":1")
