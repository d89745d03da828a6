"""picows behind uvicorn: one port for HTTP and WebSocket (docs/decisions/0002).

uvicorn hands the upgraded transport and the replayed request head to its `ws` class; picows parses from there. Both
versions are pinned, for this leans on their insides; tests hold ordering, ping, oversize and graceful stop.
"""

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from picows import (
    WSAutoPingStrategy,
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
)
from picows.picows import WSProtocol  # type: ignore[attr-defined]

from werkfunk.domain import limits
from werkfunk.domain.errors import Code, Failure
from werkfunk.ws import framing
from werkfunk.ws.connection import Connection
from werkfunk.ws.gateway import Gateway

PATH = b"/v1/ws"
VERSION = "13"
"""RFC 6455, section 4.1."""
Refuse = Callable[[Failure], tuple[HTTPStatus, dict[str, str], bytes]]
"""Status, headers and body of the answer to an upgrade that is refused."""
READ_BUFFER = 2048
_quiet = logging.getLogger("werkfunk.ws.picows")


class Listener(WSListener):
    """picows' callbacks, handed on to a Connection."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__()
        self._gateway = gateway
        self._connection: Connection | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The handshake is done."""
        self._connection = Connection(self._gateway, transport.underlying_transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """A frame; fragments and text are not part of the protocol."""
        connection = self._connection
        if connection is None:
            return
        kind = frame.msg_type
        if kind == WSMsgType.BINARY and frame.fin:
            connection.received(frame.get_payload_as_bytes())
        elif kind == WSMsgType.PING:
            connection.push(framing.frame(frame.get_payload_as_bytes(), framing.PONG))
            connection.flush()
        elif kind == WSMsgType.CLOSE:
            transport.underlying_transport.write(framing.close(1000))
            transport.underlying_transport.close()
        elif kind != WSMsgType.PONG:
            connection.end("malformed")

    def is_user_specific_pong(self, frame: WSFrame) -> bool:
        """An answer to picows' own ping: a sign of life."""
        pong = frame.msg_type == WSMsgType.PONG
        if pong and self._connection is not None:
            self._connection.alive()
        return bool(pong)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """The socket is gone."""
        if self._connection is not None:
            self._connection.lost()


def protocol_class(gateway: Gateway, allowed: Callable[[bytes | None], bool], refuse: Refuse) -> type[asyncio.Protocol]:
    """The class that uvicorn is given as `ws`.

    Args:
        gateway: what connections share.
        allowed: whether a page of this Origin may connect (None: not a browser).
        refuse: the answer to all other upgrades.
    """

    def check(request: WSUpgradeRequest) -> None:
        origin = request.headers.get("Origin")
        if request.path.partition(b"?")[0] != PATH or not allowed(origin.encode() if origin else None):
            raise Failure(Code.NOT_FOUND)
        if request.headers.get("Sec-WebSocket-Version") != VERSION or "Sec-WebSocket-Key" not in request.headers:
            raise Failure(Code.MALFORMED)

    def factory(request: WSUpgradeRequest) -> Listener | WSUpgradeResponseWithListener:
        try:
            check(request)
        except Failure as failure:
            status, headers, body = refuse(failure)
            return WSUpgradeResponseWithListener(WSUpgradeResponse.create_error_response(status, body, headers), None)
        return Listener(gateway)

    class Upgrade(WSProtocol):  # type: ignore[misc]
        """Takes the transport over from uvicorn."""

        def __init__(self, config: Any, server_state: Any, app_state: Any, _loop: Any = None) -> None:
            super().__init__(
                None,
                None,
                False,
                factory,
                _quiet,
                True,
                limits.AUTHENTICATE_S,
                True,
                gateway.silence_s,
                gateway.silence_s,
                WSAutoPingStrategy.PING_WHEN_IDLE,
                False,
                limits.FRAME_MAX,
                None,
                READ_BUFFER,
            )
            self._connections = server_state.connections
            self._socket: Any = None

        def connection_made(self, transport: Any) -> None:
            """See asyncio."""
            self._socket = transport
            self._connections.add(self)
            super().connection_made(transport)

        def data_received(self, data: bytes) -> None:
            """The request head, as uvicorn read it; from then on picows reads for itself."""
            self._socket.pause_reading()
            self._socket.set_protocol(self)
            view = memoryview(data)
            while view:
                buffer = self.get_buffer(-1)
                size = min(len(buffer), len(view))
                buffer[:size] = view[:size]
                self.buffer_updated(size)
                view = view[size:]
            if not self._socket.is_closing():
                self._socket.resume_reading()

        def connection_lost(self, error: Exception | None) -> None:
            """See asyncio."""
            self._connections.discard(self)
            super().connection_lost(error)

        def shutdown(self) -> None:
            """uvicorn stops: the gateway has said goodbye already."""
            self._socket.close()

    return Upgrade
