"""A push service for Firefox: RFC 8030 on one port (checked as in `integration.push_service`), Mozilla's autopush
WebSocket protocol on the other. What comes in at one leaves at the other; the browser opens it by itself.
"""

import asyncio
import contextlib
import json
import os
import uuid
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from integration.push_service import PushService, Received, b64


class Autopush(PushService):
    """See the module. `acked` has the browser's answers: code 100 is delivered, 101 did not open, 102 failed."""

    def __init__(self) -> None:
        super().__init__()
        self.acked: asyncio.Queue[int] = asyncio.Queue()
        self.ended: asyncio.Queue[str] = asyncio.Queue()
        """Channels of subscriptions that browsers have ended."""
        self.sockets: dict[str, ServerConnection] = {}
        """Channel -> the browser's connection."""
        self.url = ""
        self._socket_server: Server | None = None
        self._carrier: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Autopush":
        await super().__aenter__()
        self._socket_server = await serve(self._browser, "127.0.0.1", 0, compression=None)
        self.url = f"ws://localhost:{next(iter(self._socket_server.sockets)).getsockname()[1]}/"
        self._carrier = asyncio.create_task(self._carry())
        return self

    async def __aexit__(self, *given: object) -> None:
        assert self._socket_server is not None
        assert self._carrier is not None
        self._carrier.cancel()
        self._socket_server.close()
        await self._socket_server.wait_closed()
        await super().__aexit__(*given)

    async def _carry(self) -> None:
        while True:
            received: Received = await self.received.get()
            channel = received.path.rpartition("/")[2]
            notification = {
                "messageType": "notification",
                "channelID": channel,
                "version": uuid.uuid4().hex,
                "data": b64(received.sealed),
                "headers": {"encoding": received.headers["content-encoding"]},
            }
            await self.sockets[channel].send(json.dumps(notification))

    async def _browser(self, socket: ServerConnection) -> None:
        # A browser that is ended says no goodbye.
        with contextlib.suppress(ConnectionClosed):
            async for text in socket:
                message = json.loads(text)
                answer = self._answer(socket, message) if message else {}
                if answer is not None:
                    await socket.send(json.dumps(answer))

    def _answer(self, socket: ServerConnection, message: dict[str, Any]) -> dict[str, Any] | None:
        kind, channel = message["messageType"], message.get("channelID", "")
        match kind:
            case "hello":
                uaid = message.get("uaid") or os.urandom(16).hex()
                return {"messageType": kind, "uaid": uaid, "status": 200, "use_webpush": True, "broadcasts": {}}
            case "register":
                self.sockets[channel] = socket
                endpoint = f"{self.origin}/wpush/v2/{channel}"
                return {"messageType": kind, "channelID": channel, "status": 200, "pushEndpoint": endpoint}
            case "unregister":
                self.sockets.pop(channel, None)
                self.ended.put_nowait(channel)
                return {"messageType": kind, "channelID": channel, "status": 200}
            case "ack":
                for update in message["updates"]:
                    self.acked.put_nowait(update["code"])
        return None
