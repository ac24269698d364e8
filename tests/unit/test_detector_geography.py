import pytest

from detector.geography import EARTH_RADIUS_KM, distance_km


def test_paris_to_new_york():
    assert distance_km(48.8566, 2.3522, 40.7128, -74.0060) == pytest.approx(5837, abs=2)


def test_the_date_line_is_no_distance():
    assert distance_km(0, 179.999, 0, -179.999) < 1


def test_antipodes_are_half_the_circumference_apart():
    assert distance_km(0, 0, 0, 180) == pytest.approx(3.141592653589793 * EARTH_RADIUS_KM)
