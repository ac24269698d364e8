from operations.evaluate.measures import Block, Figures
from operations.evaluate.published import CHAPTER_3, VALIDATION, recognised

NONE = dict.fromkeys(Figures.__struct_fields__)


def blocks(*weeks: tuple[str, int, int]) -> list[Block]:
    return [
        Block(first_day=day, last_day=day, figures=Figures(**{**NONE, "transactions": transactions, "frauds": frauds}))
        for day, transactions, frauds in weeks
    ]


TEST_WEEK = ("2018-08-08", 58_264, 385)
VALIDATION_WEEKS = [(day, *counts) for day, counts in VALIDATION.weeks.items()]


def test_the_handbooks_weeks_are_recognised_by_days_payments_and_frauds():
    assert recognised(blocks(TEST_WEEK)) == [CHAPTER_3]
    assert recognised(blocks(*VALIDATION_WEEKS, ("2018-08-01", 58_535, 415), TEST_WEEK)) == [VALIDATION, CHAPTER_3]


def test_other_data_of_the_same_days_are_not():
    assert recognised(blocks(("2018-08-08", 58_264, 386))) == []


def test_some_of_the_validation_weeks_are_not_all():
    assert recognised(blocks(*VALIDATION_WEEKS[:3])) == []
