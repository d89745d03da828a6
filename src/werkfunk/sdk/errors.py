"""What the client library raises.

SdkError
  NotAllowed      the server or a rule says no; `code` is its stable code
  NoConnection    the server cannot be reached now; what was to be sent waits in the outbox
  Unsafe          keys or history do not fit together: nothing is sent until a person has looked
  Usage           the caller named something that is not there or not unique
"""


class SdkError(Exception):
    """Base of all."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class NotAllowed(SdkError):
    """The server or a rule says no."""


class NoConnection(SdkError):
    """The server cannot be reached."""


class Unsafe(SdkError):
    """Something does not fit together; sending is blocked."""


class Usage(SdkError):
    """Something named is not there, or not unique."""
