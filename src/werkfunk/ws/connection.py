"""One WebSocket connection: sign in by a signed challenge, then frames in, one service call, frames out.

Back-pressure: what waits in the socket is bounded; a reader that is too slow gets no more, is told `resume` behind what
waits, and catches up by cursor. What a client may have in flight is bounded too.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any

import msgspec

from werkfunk.domain import limits
from werkfunk.domain.errors import Code, Failure
from werkfunk.domain.roles import Subject
from werkfunk.storage.store import Appended, StoreFull
from werkfunk.wire import frames
from werkfunk.wire.frames import Frame
from werkfunk.ws import framing
from werkfunk.ws.gateway import Gateway

CLOSE_CODES = {"resume": 4000, "device_revoked": 4001, "person_removed": 4001, "restart": 1012, "malformed": 4002}


class Connection:
    """See the module. `transport` is asyncio's; the socket's owner calls `received`, `pong` and `lost`."""

    __slots__ = ("__weakref__", "_alive", "_gateway", "_in_flight", "_nonce", "_out", "_signed_in", "_timer", "_transport", "device", "heard", "shown", "subject", "user")  # fmt: skip

    def __init__(self, gateway: Gateway, transport: Any) -> None:
        self._gateway = gateway
        self._transport = transport
        self._out: list[bytes] = []
        self._in_flight = 0
        self._signed_in = False
        self._alive = True
        self.shown = True
        self.heard = gateway.clock()
        """The last sign of life, in ms."""
        self.user = b""
        self.device = b""
        self.subject: Subject | None = None
        self._nonce = gateway.sessions.challenge()
        self.send(frames.Challenge(self._nonce, gateway.clock()))
        self._timer: asyncio.TimerHandle | None = gateway.loop.call_later(limits.AUTHENTICATE_S, self.end, "malformed")

    # -- out

    def push(self, prepared: bytes) -> None:
        """See hub.Peer."""
        if self._alive:
            self._out.append(prepared)

    def flush(self) -> None:
        """See hub.Peer."""
        out = self._out
        if not out or not self._alive:
            return
        transport = self._transport
        transport.write(out[0] if len(out) == 1 else b"".join(out))
        out.clear()
        if transport.get_write_buffer_size() > limits.OUTBOX_MAX:
            self._gateway.refused("resume")
            self.end("resume")

    def send(self, frame: Frame) -> None:
        """Send one frame now."""
        self._out.append(framing.frame(frames.encode(frame)))
        self.flush()

    def end(self, code: str) -> None:
        """See hub.Peer."""
        if not self._alive:
            return
        self._alive = False
        goodbye = framing.frame(frames.encode(frames.Goodbye(code)))
        self._transport.write(b"".join((*self._out, goodbye, framing.close(CLOSE_CODES.get(code, 4003)))))
        self._out.clear()
        self._transport.close()
        if self._timer is not None:
            self._timer.cancel()
        # It comes behind all that waits; whoever does not take it in time is cut without it.
        self._timer = self._gateway.loop.call_later(self._gateway.silence_s, self._transport.abort)

    @property
    def connected(self) -> bool:
        """See floors.Speaker."""
        return self._alive

    def relay(self, prepared: bytes) -> bool:
        """See floors.Speaker."""
        transport = self._transport
        if not self._alive or transport.get_write_buffer_size() > limits.VOICE_BACKLOG:
            return False
        transport.write(prepared)
        return True

    async def room(self) -> bool:
        """Wait until the socket has taken most of what waits; False when the connection is gone."""
        waited = 0.0
        while self._alive and self._transport.get_write_buffer_size() > limits.OUTBOX_MAX // 4:
            if waited > self._gateway.silence_s:
                self.end("resume")
                return False
            await asyncio.sleep(0.005)
            waited += 0.005
        return self._alive

    # -- in

    def alive(self) -> None:
        """The other end gave a sign of life."""
        self.heard = self._gateway.clock()

    def received(self, payload: bytes) -> None:
        """A binary message."""
        self.alive()
        try:
            frame = frames.decode_client(payload)
        except msgspec.MsgspecError:
            self._gateway.refused("malformed")
            self.end("malformed")
            return
        try:
            if isinstance(frame, frames.Voice) and self._signed_in:
                self._voice(frame, payload)
            elif self._signed_in:
                self._handle(frame)
            elif isinstance(frame, frames.Authenticate):
                self._authenticate(frame)
            else:
                raise Failure(Code.UNAUTHENTICATED)
        except Failure as failure:
            self._refuse(b"", failure)
            if not self._signed_in:
                self.end("malformed")

    def _authenticate(self, frame: frames.Authenticate) -> None:
        gateway = self._gateway
        try:
            if len(frame.device) != 16:
                raise Failure(Code.MALFORMED)
            self.subject = gateway.sessions.answer(self._nonce, frame.device, frame.signature)
        except Failure as failure:
            self._refuse(b"", failure)
            revoked = failure.code in (Code.DEVICE_REVOKED, Code.PERSON_REMOVED)
            self.end(failure.code.value.code if revoked else "malformed")
            return
        self.user, self.device = self.subject.user, self.subject.device
        self._signed_in = True
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        gateway.arrived(self)
        self.send(gateway.welcome(self.subject))
        gateway.alarms.greet(self)

    def _handle(self, frame: frames.ClientFrame) -> None:
        match frame:
            case frames.Send():
                self._send(frame)
            case frames.Ping():
                self.send(frames.Pong(frame.value))
            case frames.Pong():
                pass
            case frames.Shown():
                self.shown = frame.shown
            case frames.Sync():
                if len(frame.cursors) > limits.CURSORS_MAX:
                    raise Failure(Code.MALFORMED, "cursors")
                self._later(self._gateway.sync(self, frame), b"")
            case frames.Fetch():
                self._later(self._gateway.fetch(self, frame), frame.conversation)
            case frames.WriteSlot():
                self._later(self._gateway.write_slot(self, frame), b"")
            case frames.Tune():
                self._later(self._gateway.tune(self, frame), b"")
            case frames.FloorRequest():
                self._later(self._gateway.request_floor(self, frame), frame.burst[:16])
            case frames.FloorRelease():
                self._gateway.floors.release(self, frame)
            case frames.AlarmSeen():
                assert self.subject is not None
                self._gateway.alarms.seen(self.subject, frame.alarm, frame.stage)
            case frames.Authenticate():
                raise Failure(Code.MALFORMED, "signed in already")

    def _voice(self, frame: frames.Voice, payload: bytes) -> None:
        try:
            self._gateway.floors.voice(self, frame, payload)
        except Failure as failure:
            self._refuse(frame.burst, failure)

    def _send(self, frame: frames.Send) -> None:
        gateway = self._gateway
        assert self.subject is not None
        event = gateway.conversations.parse(frame.event)
        reference, conversation = event.header.message_id, event.header.conversation
        if self._in_flight >= limits.IN_FLIGHT_MAX:
            self._refuse(reference, Failure(Code.BUSY))
            return
        if not gateway.events.allow(self.device):
            self._refuse(reference, Failure(Code.RATE_LIMITED))
            return

        def done(result: Appended | Failure) -> None:
            self._in_flight -= 1
            if isinstance(result, Failure):
                self._refuse(reference, result)
                return
            gateway.metrics.events.inc()
            ack = frames.Ack(reference, conversation, result.seq, result.time, result.repeated)
            self._out.append(framing.frame(frames.encode(ack)))
            gateway.conversations.mark(self)

        self._in_flight += 1
        try:
            later = gateway.conversations.send(
                self.subject, event, frame.event, frame.blobs, done, self, knock=not frame.quiet
            )
        except Failure as failure:
            done(failure)
            return
        if later is not None:
            gateway.spawn(later)

    def _later(self, work: Awaitable[None], reference: bytes) -> None:
        """Run slower work beside the reading; one at a time would let a client queue without bound."""
        if self._in_flight >= limits.IN_FLIGHT_MAX:
            self._gateway.forget(work)
            raise Failure(Code.BUSY)
        self._in_flight += 1

        async def run() -> None:
            try:
                await work
            except Failure as failure:
                self._refuse(reference, failure)
            except StoreFull:
                self._refuse(reference, Failure(Code.STORAGE_FULL))
            finally:
                self._in_flight -= 1

        self._gateway.spawn(run())

    def _refuse(self, reference: bytes, failure: Failure) -> None:
        self._gateway.refused(failure.code.value.code)
        self.send(frames.Refused(reference, failure.code.value.code, failure.detail))

    def lost(self) -> None:
        """The socket is gone."""
        self._alive = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._signed_in:
            self._gateway.left(self)
