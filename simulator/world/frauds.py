"""The frauds of the known kinds: how many of each are planted on a day."""

from collections.abc import Callable, Iterator
from random import Random

from msgspec import Struct

from simulator.world.frauds_account import account_takeover, impossible_travel, stolen_card
from simulator.world.frauds_card import card_testing, card_testing_spread, velocity_under_otp
from simulator.world.frauds_merchant import compromised_merchant
from simulator.world.payment import Payment
from simulator.world.scene import Scene
from simulator.world.streams import share, stream


class Plot(Struct, frozen=True):
    """A kind of fraud. `part` is its share of all fraudulent payments, `size` the mean payments in an episode."""

    plant: Callable[[Scene, Random], list[Payment]]
    part: float
    size: float


# The parts were chosen for the demo's story, not taken from data: with 45 fraudulent payments a day, the demo sees
# between 0.8 and 3.6 episodes of every kind a day. The sizes follow from the random ranges in each kind's function.
PLOTS = (
    Plot(velocity_under_otp, 0.20, 7.5),
    Plot(impossible_travel, 0.12, 1.5),
    Plot(card_testing, 0.15, 6.5),
    Plot(card_testing_spread, 0.18, 10.5),
    Plot(account_takeover, 0.15, 3.0),
    Plot(compromised_merchant, 0.08, 2.0),
    Plot(stolen_card, 0.12, 4.5),
)


def frauds_of(scene: Scene, payments_a_day: float) -> Iterator[Payment]:
    """Yield a day's frauds; a burst that begins late may run into the next day."""
    for plot in PLOTS:
        name = plot.plant.__name__
        for number in range(paced(payments_a_day * plot.part / plot.size, scene.day, scene.seed, name)):
            yield from plot.plant(scene, stream(scene.seed, name, scene.day, number))


def paced(mean: float, day: int, *names: object) -> int:
    """Return the number of episodes on a day if `mean` a day come at an even pace; the names set the phase."""
    phase = share(*names, "phase")
    return int(mean * (day + 1) + phase) - int(mean * day + phase)
