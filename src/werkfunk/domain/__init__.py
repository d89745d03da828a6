"""Ids, roles, limits, errors: pure, no I/O, no clock, no randomness."""
