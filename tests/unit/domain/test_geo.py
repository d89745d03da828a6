"""Distance and bearing, against places that everybody can look up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from werkfunk.domain.geo import EARTH_M, bearing, distance

KASSEL, BERLIN, HAMBURG = (51.3127, 9.4797), (52.5200, 13.4050), (53.5511, 9.9937)
latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)


def test_known_distances() -> None:
    assert distance(*BERLIN, *HAMBURG) == pytest.approx(255_300, rel=0.005)
    assert distance(0, 0, 0, 1) == pytest.approx(111_195, abs=1)
    assert distance(*KASSEL, *KASSEL) == 0


def test_known_bearings() -> None:
    assert bearing(*KASSEL, 52.0, 9.4797) == pytest.approx(0, abs=0.01)
    assert bearing(0, 0, 0, 1) == pytest.approx(90)
    assert bearing(0, 0, -1, 0) == pytest.approx(180)
    assert bearing(0, 0, 0, -1) == pytest.approx(270)
    assert bearing(*HAMBURG, *BERLIN) == pytest.approx(115, abs=2)


@given(latitudes, longitudes, latitudes, longitudes)
def test_a_way_is_as_long_back_and_never_longer_than_half_around(a: float, b: float, c: float, d: float) -> None:
    there = distance(a, b, c, d)
    assert 0 <= there <= EARTH_M * 3.1416
    assert there == pytest.approx(distance(c, d, a, b), abs=1)
    assert 0 <= bearing(a, b, c, d) <= 360
