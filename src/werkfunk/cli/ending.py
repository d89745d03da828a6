"""What an error means for the command's end: a text for people (or a JSON object) on stderr, and a stable exit code."""

import sys

import msgspec

from werkfunk.adapters.config import ConfigError
from werkfunk.adapters.maps import MapRefused
from werkfunk.cli.output import Exit
from werkfunk.sdk.errors import NoConnection, NotAllowed, SdkError, Unsafe, Usage
from werkfunk.storage.store import StoreError

KNOWN = (SdkError, ConfigError, MapRefused, StoreError, OSError)
"""Errors with a text for people; anything else is a mistake of ours and shows its trace."""


def exit_code(error: BaseException) -> Exit:
    """The exit code for an error."""
    match error:
        case Usage() | ConfigError() | MapRefused():
            return Exit.USAGE
        case NotAllowed():
            return Exit.NOT_ALLOWED
        case NoConnection():
            return Exit.NO_CONNECTION
        case Unsafe():
            return Exit.UNSAFE
        case _:
            return Exit.FAILED


def ending(error: Exception, *, json: bool) -> Exit:
    """Say what went wrong, and give the exit code. Raises `error` itself if it is a mistake of ours."""
    if isinstance(error, KNOWN):
        _complain(getattr(error, "code", "") or type(error).__name__, str(error), json=json)
        return exit_code(error)
    message = getattr(error, "format_message", None)
    if message is None:
        raise error
    # typer's own errors of usage
    _complain("usage", message(), json=json)
    return Exit.USAGE


def _complain(code: str, text: str, *, json: bool) -> None:
    line = msgspec.json.encode({"error": code, "text": text}).decode() if json else f"werkfunk: {text}"
    sys.stderr.write(line + "\n")
