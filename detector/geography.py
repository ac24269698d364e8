"""Distances on the earth."""

from math import asin, cos, radians, sin, sqrt

from weir.compiled import compiled

EARTH_RADIUS_KM = 6371.0088


@compiled
def distance_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """The great-circle distance between two positions in degrees, by the haversine formula.

    >>> round(distance_km(48.8566, 2.3522, 51.5074, -0.1278))  # Paris to London
    344
    """
    phi, other_phi = radians(latitude), radians(other_latitude)
    north, east = sin((other_phi - phi) / 2), sin(radians(other_longitude - longitude) / 2)
    chord = north * north + cos(phi) * cos(other_phi) * east * east
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(chord)))
