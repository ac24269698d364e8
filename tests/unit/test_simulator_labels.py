from statistics import median

import pytest

from simulator.analysts.analyst import HOUR_MS, Analyst, Chargebacks
from simulator.world.payment import Payment
from simulator.world.truth import Truth
from tests.builders import a_transaction


@pytest.fixture
def truth() -> Truth:
    """2000 payments, every fourth of them a fraud."""
    truth = Truth()
    for number in range(2000):
        kind = "card_testing" if number % 4 == 0 else None
        truth.remember(Payment(a_transaction(transaction_id=f"t{number}"), kind))
    return truth


def test_truth_knows_kinds_and_counts_them(truth):
    assert (truth.kind_of("t0"), truth.kind_of("t1")) == ("card_testing", None)
    assert truth.counts == {"card_testing": 500, None: 1500}


def test_the_analyst_errs_in_the_set_share_of_verdicts(truth):
    analyst = Analyst(truth, seed=1, error_share=0.1)
    wrong = sum((analyst.plan(f"t{n}").verdict == "fraud") != truth.is_fraud(f"t{n}") for n in range(2000))
    assert 0.07 < wrong / 2000 < 0.13


def test_an_analyst_without_errors_is_always_right(truth):
    analyst = Analyst(truth, seed=1, error_share=0.0)
    assert all((analyst.plan(f"t{n}").verdict == "fraud") == truth.is_fraud(f"t{n}") for n in range(2000))


def test_the_analyst_gives_the_same_verdict_in_any_order(truth):
    ids = [f"t{number}" for number in range(50)]
    first = Analyst(truth, seed=1)
    forwards = [first.plan(name) for name in ids]
    second = Analyst(truth, seed=1)
    assert [second.plan(name) for name in reversed(ids)][::-1] == forwards


def test_another_seed_errs_elsewhere(truth):
    one, other = (
        {n for n in range(2000) if (analyst.plan(f"t{n}").verdict == "fraud") != truth.is_fraud(f"t{n}")}
        for analyst in (Analyst(truth, seed=1), Analyst(truth, seed=2))
    )
    assert one != other


def test_analysts_take_about_an_hour_and_chargebacks_four(truth):
    analyst, chargebacks = Analyst(truth, seed=1), Chargebacks(truth, seed=1)
    judged = [analyst.plan(f"t{number}").delay_ms for number in range(2000)]
    charged = [chargebacks.plan(f"t{number}", "approve").delay_ms for number in range(0, 2000, 4)]
    assert median(judged) == pytest.approx(HOUR_MS, rel=0.1)
    assert median(charged) == pytest.approx(4 * HOUR_MS, rel=0.15)


@pytest.mark.parametrize("decision", ["challenge", "review", "block"])
def test_an_alerted_fraud_has_no_chargeback(truth, decision):
    assert Chargebacks(truth, seed=1).plan("t0", decision) is None


def test_only_approved_frauds_are_charged_back(truth):
    chargebacks = Chargebacks(truth, seed=1)
    plan = chargebacks.plan("t0", "approve")
    assert (plan.verdict, plan.source) == ("fraud", "chargeback")
    assert chargebacks.plan("t1", "approve") is None
