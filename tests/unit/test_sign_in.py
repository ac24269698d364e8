"""Passes for the console."""

import pytest

from weir.sign_in import name_on, pass_for

KEY, NOW_MS = b"key", 1_000_000


def test_a_pass_says_whose_it_is_until_it_expires():
    given = pass_for("Ana Lyst.", NOW_MS + 1, KEY)
    assert name_on(given, NOW_MS, KEY) == "Ana Lyst."
    assert name_on(given, NOW_MS + 1, KEY) is None


def test_a_pass_of_another_deployment_is_refused():
    assert name_on(pass_for("ana", NOW_MS + 1, b"other"), NOW_MS, KEY) is None


def test_nobody_makes_a_pass_longer_or_another_ones():
    name, expires, signature = pass_for("ana", NOW_MS + 1, KEY).split(".")
    assert name_on(f"{name}.{int(expires) + 1}.{signature}", NOW_MS, KEY) is None
    assert name_on(f"Ym9i.{expires}.{signature}", NOW_MS, KEY) is None


@pytest.mark.parametrize(
    "presented",
    ["", ".", "..", "a.b.c", "é.9999999.x", "!.9999999.x", "YQ.٣٣٣٣٣٣٣.x", "gA.9999999.x", f"YQ.{'9' * 5000}.x"],
)
def test_what_is_no_pass_is_refused(presented):
    assert name_on(presented, NOW_MS, KEY) is None


def test_a_pass_fits_into_an_address():
    assert set(pass_for("Ünï/co de?", NOW_MS, KEY)) <= set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
    )
