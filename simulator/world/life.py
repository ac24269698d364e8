"""The changes in a user's life from day to day: trips and new phones."""

from random import Random

from msgspec import Struct

from simulator.world.places import CITIES, City, Place, distance_km, place_in
from simulator.world.streams import token
from simulator.world.users import DAY_MS, HOUR_MS, Device, User, device, ip

# Per user. Chosen for the demo's story, not taken from data: among its 1,000 users 12 leave for a trip and 6 buy a
# phone on an average day, so a week of history has plenty of both.
TRIPS_A_DAY, PHONES_A_DAY = 0.012, 0.006

# They keep an honest traveller below 900 km/h from payment to payment (a test holds this), and so below the 1,000 km/h
# of the rule `impossible_travel`.
CRUISE_KMH, AIRPORT_H = 650.0, 2.5

# `impossible_travel` ignores shorter distances, so every trip puts it to the test.
SHORTEST_TRIP_KM = 300.0

# Only decides which payments the tables count as look-alikes. A round number.
PHONE_IS_NEW_MS = 2 * DAY_MS


class Journey(Struct, frozen=True):
    """A stay in another city and the hours of travel there and back, during which the user pays nothing."""

    depart_ms: int
    arrive_ms: int
    leave_ms: int
    home_ms: int
    place: Place
    ip: str

    def on_the_way(self, time_ms: int) -> bool:
        """Whether the user is in the air, on the way out or back."""
        return self.depart_ms <= time_ms < self.arrive_ms or self.leave_ms <= time_ms < self.home_ms

    def away(self, time_ms: int) -> bool:
        """Whether the user is at the destination."""
        return self.arrive_ms <= time_ms < self.leave_ms


class Life:
    """One user's current trip and phone. Only `begin_day` changes it, so call that once a day, in order."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.trip: Journey | None = None
        self._phone, self._earlier, self._since_ms, self._phones = user.phone, user.phone, 0, 0

    def begin_day(self, start_ms: int, rng: Random) -> None:
        """End a finished trip; perhaps start one, perhaps buy a phone."""
        if self.trip is not None and self.trip.home_ms <= start_ms:
            self.trip = None
        if self.trip is None and rng.random() < TRIPS_A_DAY:
            self.trip = _trip(self.user, start_ms, rng)
        if rng.random() < PHONES_A_DAY:
            self._phones += 1
            self._earlier, self._phone = self._phone, device(self.user.user_id, self._phones)
            self._since_ms = start_ms + rng.randrange(DAY_MS)

    def place(self, time_ms: int) -> Place:
        return self.trip.place if self.trip and self.trip.away(time_ms) else self.user.home

    def ip(self, time_ms: int) -> str:
        return self.trip.ip if self.trip and self.trip.away(time_ms) else self.user.ip

    def phone(self, time_ms: int) -> Device:
        return self._phone if time_ms >= self._since_ms else self._earlier

    def phone_is_new(self, time_ms: int) -> bool:
        """Whether the user bought the phone within the last `PHONE_IS_NEW_MS`."""
        return self._phones > 0 and 0 <= time_ms - self._since_ms < PHONE_IS_NEW_MS


def _trip(user: User, start_ms: int, rng: Random) -> Journey:
    city = _destination(user.home.city, rng)
    journey_ms = int((AIRPORT_H + distance_km(user.home.city, city) / CRUISE_KMH) * HOUR_MS)
    depart_ms = start_ms + int(rng.uniform(8, 17) * HOUR_MS)
    leave_ms = depart_ms + journey_ms + int(rng.uniform(1.5, 5.0) * DAY_MS)
    place = place_in(city, rng)
    address = ip(token(user.user_id, depart_ms))
    return Journey(depart_ms, depart_ms + journey_ms, leave_ms, leave_ms + journey_ms, place, address)


def _destination(home: City, rng: Random) -> City:
    far = [city for city in CITIES if distance_km(home, city) > SHORTEST_TRIP_KM]
    return rng.choices(far, [city.visits for city in far])[0]
