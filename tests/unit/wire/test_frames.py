"""What a client makes of the server's frames (docs/frames.md)."""

from typing import Any

import msgspec
import pytest

from werkfunk.wire import frames

pack = msgspec.msgpack.encode


def test_fields_that_a_newer_server_adds_are_ignored() -> None:
    assert frames.decode_server(pack(["pong", 7, "new"])) == frames.Pong(7)


@pytest.mark.parametrize("frame", [["weather", 1], ["weather"]])
def test_a_kind_that_a_newer_server_sends_is_passed_over(frame: list[Any]) -> None:
    assert frames.decode_server(pack(frame)) is None


@pytest.mark.parametrize("frame", [["ack", 1, 2, 3, 4], ["pong", "7"], ["challenge"], [7], [], "pong", {"tag": "pong"}])
def test_what_is_malformed_is_refused(frame: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        frames.decode_server(pack(frame))
