"""From a purchase to the transaction that the payment system sees. It is written the same way whoever pays."""

from random import Random

from simulator.world.merchants import Merchant
from simulator.world.payment import Payment
from simulator.world.places import Place
from simulator.world.streams import token
from simulator.world.users import Device, User
from weir.messages import Transaction

DECLINED_SHARE = 0.015
LEAST_EUR = 0.5


def purchase(
    user: User,
    time_ms: int,
    merchant: Merchant,
    eur: float,
    rng: Random,
    *,
    place: Place,
    device: Device | None,
    ip: str | None,
    kind: str | None = None,
    look_alike: str | None = None,
    declined_share: float = DECLINED_SHARE,
) -> Payment:
    """A payment; its id is a hash of what it says, so that it tells nothing more.

    Args:
        user: Whose card it is.
        time_ms: The event time.
        merchant: Who is paid.
        eur: How much, in EUR; the transaction has it in the city's currency.
        rng: Decides whether it is declined.
        place: Where it happens; in a shop that is the shop's place.
        device: What pays, None for a card in a shop.
        ip: From where it is paid online, None in a shop.
        kind: The kind of fraud.
        look_alike: Why it looks odd though it is legitimate.
        declined_share: How many such payments the issuer declines.
    """
    currency_of = place.city if ip is None else user.home.city
    amount = round(max(LEAST_EUR, eur) * currency_of.per_euro, 2)
    transaction = Transaction(
        transaction_id="p-" + token(user.user_id, time_ms, merchant.merchant_id, amount, size=7),
        user_id=user.user_id,
        event_time=time_ms,
        amount=amount,
        currency=currency_of.currency,
        type="purchase",
        channel="pos" if ip is None else "ecommerce",
        card_id=user.card_id,
        merchant_id=merchant.merchant_id,
        merchant_category=merchant.category.name,
        latitude=place.latitude,
        longitude=place.longitude,
        country=place.city.country,
        ip=ip,
        device_id=device.device_id if device else None,
        user_agent=device.user_agent if device and ip else None,
        authorisation_result="declined" if rng.random() < declined_share else "approved",
    )
    return Payment(transaction, kind, look_alike)
