"""Turns a purchase into the transaction that the payment system sees, in the same form for customers and fraudsters."""

from random import Random

from simulator.world.merchants import Merchant
from simulator.world.payment import Payment
from simulator.world.places import Place
from simulator.world.streams import token
from simulator.world.users import Device, User
from weir.messages import Transaction

# A plausible value; not taken from data.
DECLINED_SHARE = 0.015
MIN_EUR = 0.5


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
    """Make a payment. Its id is a hash of its content and reveals nothing else.

    Args:
        user: The owner of the card.
        time_ms: The event time.
        merchant: The merchant who is paid.
        eur: The amount in EUR; the transaction has it in local currency in a shop, and in the home city's online.
        rng: Decides whether the issuer declines the payment.
        place: Where the payment happens; for a payment in a shop, the shop's place.
        device: The device that pays; None for a card in a shop.
        ip: The address of an online payment; None in a shop.
        kind: The kind of fraud; None for a legitimate payment.
        look_alike: Why a legitimate payment looks like fraud.
        declined_share: The share of such payments that the issuer declines.
    """
    currency_of = place.city if ip is None else user.home.city
    amount = round(max(MIN_EUR, eur) * currency_of.per_euro, 2)
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
