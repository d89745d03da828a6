"""The WebSocket: signs in by the challenge, then gives and takes frames. Acks find their sender by message id."""

import asyncio
import contextlib
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from werkfunk.protocol.cbor import tagged
from werkfunk.protocol.labels import Label
from werkfunk.protocol.signing import Signer
from werkfunk.sdk.errors import NoConnection, SdkError
from werkfunk.sdk.transport import error_of
from werkfunk.wire import frames
from werkfunk.wire.frames import Frame

PAGE_MAX = 4 * 1_048_576
WAIT_S = 30
SILENCE_S = 20
"""The server is asked for a sign of life after this, and given up after as much again."""


VOICE = (frames.FloorGranted, frames.FloorQueued, frames.FloorTaken, frames.FloorReleased, frames.Voice)


class Channel:
    """One signed-in connection. `frames` that are not acks come out of `receive`."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._waiting: dict[bytes, asyncio.Future[frames.Ack]] = {}
        self._incoming: asyncio.Queue[Frame | None] = asyncio.Queue(1000)
        self._reader: asyncio.Task[None] | None = None
        self._goodbye = ""
        self.voice: Callable[[Frame], None] | None = None
        """Takes live voice and what is said about floors; without it they are dropped, for they are worthless later."""
        self.refused: dict[bytes, Callable[[SdkError], None]] = {}
        """Who is told of a refusal that answers no message, by its reference."""
        self.welcome = frames.Welcome(b"", 0, 0, 0)

    @classmethod
    async def open(cls, base: str, device: bytes, key: Signer) -> "Channel":
        """Connect and sign in. Raises NoConnection, NotAllowed."""
        url = "ws" + base.removeprefix("http") + "/v1/ws"
        try:
            socket = await connect(
                url,
                max_size=PAGE_MAX,
                compression=None,
                open_timeout=10,
                ping_interval=SILENCE_S,
                ping_timeout=SILENCE_S,
                proxy=None,
            )
        except (OSError, InvalidHandshake, InvalidURI, TimeoutError) as error:
            raise NoConnection(f"no connection to {base}", type(error).__name__) from error
        channel = cls(socket)
        try:
            await channel._sign_in(base, device, key)
        except BaseException:
            await channel.close()
            raise
        channel._reader = asyncio.create_task(channel._read())
        return channel

    async def _sign_in(self, base: str, device: bytes, key: Signer) -> None:
        challenge = await self._next()
        if not isinstance(challenge, frames.Challenge):
            raise SdkError("the server did not begin with a challenge")
        parts = urlsplit(base)
        message = tagged(Label.CHANNEL, f"{parts.scheme}://{parts.netloc}", challenge.nonce, device)
        await self._write(frames.Authenticate(device, key.sign(message)))
        answer = await self._next()
        if isinstance(answer, frames.Refused):
            raise error_of(answer.code, "The server refuses this device", answer.detail)
        if not isinstance(answer, frames.Welcome):
            raise SdkError("the server did not answer the sign-in")
        self.welcome = answer

    async def _next(self) -> Frame:
        try:
            async with asyncio.timeout(WAIT_S):
                while True:
                    frame = frames.decode_server(await self._socket.recv(decode=False))
                    if frame is not None:
                        return frame
        except (ConnectionClosed, TimeoutError, OSError) as error:
            raise NoConnection("the connection broke", type(error).__name__) from error
        except msgspec.MsgspecError as error:
            raise SdkError("the server sent a frame that is not Werkfunk's") from error

    async def _read(self) -> None:
        """Sort what comes: acks and refusals to whoever waits, the rest to `receive`."""
        try:
            while True:
                data = await self._socket.recv(decode=False)
                frame = frames.decode_server(data)
                match frame:
                    case None:
                        pass
                    case frames.Ack() if frame.message_id in self._waiting:
                        self._settle(frame.message_id, frame)
                    case frames.Refused() if frame.reference in self._waiting:
                        error = error_of(frame.code, "The server refuses the message", frame.detail)
                        self._settle(frame.reference, error)
                    case frames.Refused() if frame.reference in self.refused:
                        self.refused.pop(frame.reference)(error_of(frame.code, "The server refuses", frame.detail))
                    case _ if isinstance(frame, VOICE):
                        if self.voice is not None:
                            self.voice(frame)
                    case frames.Ping():
                        await self._write(frames.Pong(frame.value))
                    case frames.Goodbye():
                        self._goodbye = frame.code
                    case _:
                        await self._incoming.put(frame)
        except (ConnectionClosed, OSError, msgspec.MsgspecError, NoConnection):
            pass
        finally:
            for waiting in list(self._waiting):
                self._settle(waiting, self._broken())
            for told in list(self.refused.values()):
                told(self._broken())
            with contextlib.suppress(asyncio.QueueFull):
                self._incoming.put_nowait(None)

    def _settle(self, message_id: bytes, outcome: frames.Ack | SdkError) -> None:
        future = self._waiting.pop(message_id)
        if future.done():
            return
        if isinstance(outcome, SdkError):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)

    def _broken(self) -> SdkError:
        if self._goodbye in ("device_revoked", "person_removed"):
            return error_of(self._goodbye, "The server has cut this device off")
        return NoConnection("the connection broke", self._goodbye)

    async def _write(self, frame: Frame) -> None:
        try:
            await self._socket.send(frames.encode(frame))
        except (ConnectionClosed, OSError) as error:
            raise NoConnection("the connection broke") from error

    async def send(self, frame: Frame, message_id: bytes | None = None) -> frames.Ack | None:
        """Send a frame; with `message_id`, wait for its ack. Raises NotAllowed, NoConnection."""
        if message_id is None:
            await self._write(frame)
            return None
        future: asyncio.Future[frames.Ack] = asyncio.get_running_loop().create_future()
        self._waiting[message_id] = future
        try:
            await self._write(frame)
            async with asyncio.timeout(WAIT_S):
                return await future
        except TimeoutError as error:
            raise NoConnection("the server does not answer") from error
        finally:
            self._waiting.pop(message_id, None)

    async def receive(self) -> Frame:
        """The next frame. Raises NoConnection or NotAllowed when the connection has ended."""
        if self._reader is not None and self._reader.done() and self._incoming.empty():
            raise self._broken()
        frame = await self._incoming.get()
        if frame is None:
            raise self._broken()
        return frame

    async def close(self) -> None:
        """Close the connection."""
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
        await self._socket.close()
