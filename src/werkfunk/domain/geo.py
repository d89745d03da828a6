"""Distance and direction on the earth as a sphere: right to half a per cent, which a building site does not notice."""

from math import asin, atan2, cos, degrees, radians, sin, sqrt

EARTH_M = 6_371_008.8
"""Mean radius (IUGG)."""


def distance(latitude: float, longitude: float, to_latitude: float, to_longitude: float) -> float:
    """Metres along the great circle (haversine); degrees in."""
    phi, theta = radians(latitude), radians(to_latitude)
    half = sin((theta - phi) / 2) ** 2 + cos(phi) * cos(theta) * sin(radians(to_longitude - longitude) / 2) ** 2
    return 2 * EARTH_M * asin(min(1.0, sqrt(half)))


def bearing(latitude: float, longitude: float, to_latitude: float, to_longitude: float) -> float:
    """Degrees clockwise from north in which to set out, 0 up to 360."""
    phi, theta, turn = radians(latitude), radians(to_latitude), radians(to_longitude - longitude)
    east = sin(turn) * cos(theta)
    north = cos(phi) * sin(theta) - sin(phi) * cos(theta) * cos(turn)
    return degrees(atan2(east, north)) % 360
