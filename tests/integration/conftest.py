"""The firm of the malicious-server tests, and bare hands: raw requests and raw WebSockets."""

from malicious.conftest import firm

__all__ = ["firm"]
