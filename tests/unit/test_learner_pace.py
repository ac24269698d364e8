"""The pace of publications: labels soon, matured payments less often, and a day's bytes are bounded."""

from learner.pace import MATURED_EVERY_S, QUIET_S, RESERVE_BYTES, Pace

EVERY_S = 0.25
DAY_S = 24 * 3600


def test_a_first_label_is_published_at_once():
    pace = Pace(EVERY_S, 100.0)
    pace.learned(100.0, label=True)
    assert pace.is_due(100.0)


def test_nothing_is_published_before_anything_is_learned():
    assert not Pace(EVERY_S, 0.0).is_due(1000.0)


def test_two_publications_of_labels_are_an_interval_apart():
    pace = Pace(EVERY_S, 0.0)
    pace.published(10.0)
    pace.learned(10.1, label=True)
    assert [pace.is_due(10.0 + EVERY_S - 0.01), pace.is_due(10.0 + EVERY_S)] == [False, True]


def test_matured_payments_alone_wait_while_more_arrive():
    pace = Pace(EVERY_S, 0.0)
    pace.published(10.0)
    due = []
    for tenth in range(1, 60):
        pace.learned(10.0 + tenth / 10, label=False)
        due.append(pace.is_due(10.0 + tenth / 10))
    assert due.index(True) == round(MATURED_EVERY_S * 10) - 1


def test_matured_payments_are_published_once_the_log_is_quiet():
    pace = Pace(EVERY_S, 0.0)
    pace.published(10.0)
    pace.learned(10.1, label=False)
    assert [pace.is_due(10.1 + QUIET_S - 0.01), pace.is_due(10.1 + QUIET_S)] == [False, True]


def bytes_of_a_day(size, *, label):
    """What is written in a day in which an example arrives every second."""
    pace, written = Pace(EVERY_S, 0.0), 0
    for now_s in range(DAY_S):
        pace.learned(now_s, label=label)
        if pace.is_due(now_s):
            pace.spent(now_s, size)
            pace.published(now_s)
            written += size
    return written


def test_a_day_of_labels_writes_less_than_a_gigabyte():
    assert 700_000_000 < bytes_of_a_day(60_000, label=True) < 900_000_000


def test_matured_payments_leave_half_of_the_reserve_to_labels():
    pace = Pace(EVERY_S, 0.0)
    pace.spent(0.0, int(RESERVE_BYTES * 0.6))
    pace.learned(9.0, label=False)
    assert not pace.is_due(60.0)
    pace.learned(60.0, label=True)
    assert pace.is_due(60.0)
