"""Frauds with stolen card numbers: many small payments online.

The ranges of amounts, pauses and numbers of payments were chosen for the demo's story, not taken from data.
"""

from random import Random

from simulator.world.payment import Payment
from simulator.world.scene import Culprit, Scene
from simulator.world.users import usual_eur

MINUTE_MS = 60_000

# The default of the setting `detector.otp_threshold`, which the detector's rules use.
OTP_EUR = 30.0
TESTED_AT = ("gift_cards", "donations")

# Higher than for other frauds, because a tester tries numbers that may not work. A plausible value; not taken from
# data.
TEST_DECLINED_SHARE = 0.2


def velocity_under_otp(scene: Scene, rng: Random) -> list[Payment]:
    """Five to ten payments within an hour, each just under the amount at which customers must prove their identity."""
    victim, culprit = scene.victim(rng), Culprit.of("velocity_under_otp", rng)
    start_ms, shops = scene.any_time(rng), [scene.weak_shop(rng, "gift_cards") for _ in range(2)]
    times = sorted(start_ms + rng.randrange(60 * MINUTE_MS) for _ in range(rng.randint(5, 10)))
    return [culprit.pay(victim, time_ms, rng.choice(shops), OTP_EUR * rng.uniform(0.7, 0.97), rng) for time_ms in times]


def card_testing(scene: Scene, rng: Random) -> list[Payment]:
    """Three to eight tiny payments within minutes test a card; a large payment follows."""
    victim, culprit, time_ms = scene.victim(rng), Culprit.of("card_testing", rng), scene.any_time(rng)
    shop, payments = scene.weak_shop(rng, *TESTED_AT), []
    for _ in range(rng.randint(3, 8)):
        payments.append(
            culprit.pay(victim, time_ms, shop, rng.uniform(0.6, 2.8), rng, declined_share=TEST_DECLINED_SHARE)
        )
        time_ms += rng.randrange(15_000, 80_000)
    large = usual_eur(victim) * rng.uniform(5.0, 12.0)
    payments.append(
        culprit.pay(victim, time_ms + rng.randrange(1, 5 * MINUTE_MS), scene.weak_shop(rng, "gift_cards"), large, rng)
    )
    return payments


def card_testing_spread(scene: Scene, rng: Random) -> list[Payment]:
    """One device tests the cards of five to nine users at one shop, with one or two tiny payments each."""
    culprit, time_ms = Culprit.of("card_testing_spread", rng), scene.any_time(rng)
    shop, payments = scene.weak_shop(rng, *TESTED_AT), []
    for _ in range(rng.randint(5, 9)):
        victim = scene.victim(rng)
        for _ in range(rng.randint(1, 2)):
            payments.append(
                culprit.pay(victim, time_ms, shop, rng.uniform(0.6, 2.5), rng, declined_share=TEST_DECLINED_SHARE)
            )
            time_ms += rng.randrange(20_000, 240_000)
    return payments
