"""uvicorn's HTTP protocol with the two limits that it lacks: how long and how large the head of a request may be; and
with an answer like all others to what is no HTTP.

Without the limits whoever connects and says nothing, or never ends its headers, holds a socket and memory for ever. Leans on
uvicorn's insides, which is pinned; tests hold all three.
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from werkfunk.domain import limits
from werkfunk.domain.errors import Code, Failure
from werkfunk.http.bare import bare, written


def http_protocol(head_s: float, *, https: bool) -> type[asyncio.Protocol]:
    """The class that uvicorn is given as `http`; a request's head must be complete after `head_s` seconds."""
    malformed = written(bare(Failure(Code.MALFORMED), https=https))

    class Http(HttpToolsProtocol):
        """See the module."""

        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            self._patience: asyncio.TimerHandle | None = None
            self._size = 0

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            """See asyncio."""
            super().connection_made(transport)
            self._await_head()

        def _await_head(self) -> None:
            if self._patience is None:
                self._size = 0
                self._patience = self.loop.call_later(head_s, self._end)

        def _have_head(self) -> None:
            if self._patience is not None:
                self._patience.cancel()
                self._patience = None

        def _end(self) -> None:
            if not self.transport.is_closing():
                self.transport.abort()

        def data_received(self, data: bytes) -> None:
            """See asyncio."""
            super().data_received(data)
            if self._patience is not None:
                self._size += len(data)
                if self._size > limits.HEAD_MAX:
                    self._end()

        def send_400_response(self, msg: str) -> None:
            """What came is no HTTP."""
            self.transport.write(malformed)
            self.transport.close()

        def on_message_begin(self) -> None:
            """The first bytes of a request, perhaps the second on this connection."""
            super().on_message_begin()
            self._await_head()

        def on_headers_complete(self) -> None:
            """The head is complete."""
            self._have_head()
            super().on_headers_complete()

        def connection_lost(self, exc: Exception | None) -> None:
            """See asyncio."""
            self._have_head()
            super().connection_lost(exc)

    return cast(type[asyncio.Protocol], Http)
