"""Raw requests and sockets, for what an honest client never sends."""

from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from werkfunk.protocol.cbor import tagged
from werkfunk.protocol.labels import Label
from werkfunk.sdk.client import Client
from werkfunk.wire import frames


async def ask(base: str, method: str, path: str, **more: Any) -> httpx.Response:
    """A request without any signing."""
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.request(method, base + path, **more)


def code(response: httpx.Response) -> str:
    """The stable code of a problem answer."""
    assert response.headers["content-type"] == "application/problem+json"
    return str(response.json()["code"])


async def once(
    client: Client, method: str, path: str, headers: dict[str, str] | None = None, **more: Any
) -> httpx.Response:
    """One signed request, answered as it stands: repeated for a fresh nonce only."""
    transport = client.core.transport
    while True:
        answer = await transport._http.request(
            method, transport.base + path, headers={**(headers or {}), **signed(client, method, path)}, **more
        )
        transport._nonce = answer.headers.get("dpop-nonce", transport._nonce)
        if answer.status_code != 401 or code(answer) != "use_dpop_nonce":
            return answer


def signed(client: Client, method: str, path: str) -> dict[str, str]:
    """The headers of a signed request."""
    transport = client.core.transport
    return {"authorization": f"DPoP {transport._token}", "dpop": transport.proof(method, path, transport._token)}


class Wire:
    """A raw WebSocket that can sign in as a client's device."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    @classmethod
    async def open(cls, base: str) -> "Wire":
        return cls(await connect(base.replace("http", "ws") + "/v1/ws", compression=None, proxy=None, max_size=2**23))

    async def next(self) -> Any:
        frame = frames.decode_server(await self.socket.recv(decode=False))
        assert frame is not None
        return frame

    async def until(self, kind: type) -> Any:
        """The next frame of a kind; others are passed over."""
        while True:
            frame = await self.next()
            if isinstance(frame, kind):
                return frame

    async def send(self, frame: frames.Frame) -> None:
        await self.socket.send(frames.encode(frame))

    async def sign_in(self, client: Client, origin: str | None = None, nonce: bytes | None = None) -> Any:
        challenge = await self.next()
        keys = client.core.keys
        message = tagged(Label.CHANNEL, origin or client.core.transport.base, nonce or challenge.nonce, keys.device)
        await self.send(frames.Authenticate(keys.device, keys.signing.sign(message)))
        return await self.next()

    async def ended(self) -> None:
        """Wait until the server has closed."""
        await self.socket.wait_closed()


async def signed_in(client: Client, base: str = "") -> Wire:
    """A socket of the client's device; `base` where it is not the client's own server."""
    base = base or client.core.transport.base
    wire = await Wire.open(base)
    assert isinstance(await wire.sign_in(client, base), frames.Welcome)
    return wire
