"""How commands print and end: text for people, one JSON object a line for programs, stable exit codes."""

import enum
import sys
from collections.abc import Mapping
from typing import Any

import msgspec


class Exit(enum.IntEnum):
    """Stable exit codes."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_ALLOWED = 3
    NO_CONNECTION = 4
    UNSAFE = 5


class Printer:
    """Prints results, as JSON or text."""

    def __init__(self, *, json: bool) -> None:
        self.json = json

    def result(self, values: Mapping[str, Any], text: str) -> None:
        """One result: the JSON object, or the text. Flushed, for whoever reads a pipe."""
        line = msgspec.json.encode(values).decode() if self.json else text
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    def code(self, link: str) -> None:
        """A link as a QR code, for people who hold a phone at the terminal."""
        if not self.json:
            import segno  # not at the top: a server's process prints no codes, and carries none

            segno.make(link, error="l").terminal(out=sys.stdout, compact=True)
            sys.stdout.flush()
