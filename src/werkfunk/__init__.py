"""Werkfunk: a sovereign, end-to-end-encrypted messenger for craft businesses."""

__version__ = "0.1.0"
