"""How commands print and end: text for people, one JSON object a line for programs, stable exit codes."""

import enum
import sys
from collections.abc import Mapping
from typing import Any

import msgspec

from werkfunk.adapters.config import ConfigError
from werkfunk.sdk.errors import NoConnection, NotAllowed, SdkError, Unsafe, Usage
from werkfunk.storage.store import StoreError


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


def exit_code(error: BaseException) -> Exit:
    """The exit code for an error."""
    match error:
        case Usage() | ConfigError():
            return Exit.USAGE
        case NotAllowed():
            return Exit.NOT_ALLOWED
        case NoConnection():
            return Exit.NO_CONNECTION
        case Unsafe():
            return Exit.UNSAFE
        case _:
            return Exit.FAILED


KNOWN = (SdkError, ConfigError, StoreError, OSError)
"""Errors with a text for people; anything else is a mistake of ours and shows its trace."""


def complain(error: BaseException, *, json: bool) -> None:
    """Say on stderr what went wrong."""
    code = getattr(error, "code", "") or type(error).__name__
    if json:
        sys.stderr.write(msgspec.json.encode({"error": code, "text": str(error)}).decode() + "\n")
    else:
        sys.stderr.write(f"werkfunk: {error}\n")
