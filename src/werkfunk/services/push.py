"""Push: whose devices are told of what, while their app is not in front (docs/push.md).

A notice names a conversation and a place in its log, nothing more: the device fetches and opens the message itself.
Who reads is judged when the notice is made and again when it leaves: a device revoked in between hears nothing.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

from werkfunk.adapters.logs import log
from werkfunk.adapters.metrics import Metrics
from werkfunk.adapters.push_sender import Posting, PushSender, Target
from werkfunk.adapters.webpush import POINT_SIZE, b64, point
from werkfunk.domain.errors import Code, Failure
from werkfunk.domain.roles import Operation, Subject, permitted
from werkfunk.protocol.errors import ProtocolError
from werkfunk.protocol.events import EventKind, parse_event
from werkfunk.services.directory import Directory
from werkfunk.services.hub import Hub
from werkfunk.services.push_queue import PAUSES_S, PushQueue
from werkfunk.storage.store import PushRow, Store
from werkfunk.wire import api

TTL_S = 2 * 24 * 3_600
"""How long a push service keeps a notice for a device that it cannot reach; a later start catches up by itself."""
URGENT_TTL_S = 3_600
FAREWELL_S = 2.0


@dataclass(frozen=True, slots=True)
class Notice:
    """What a device is told: look at event `seq` of `conversation`.

    `urgent` notices (alarms) reach every device with a subscription, in front or not, and replace nothing.
    """

    conversation: bytes
    seq: int
    urgent: bool = False


class Push:
    """See the module. `sender` is None when the operator has switched push off."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        hub: Hub,
        sender: PushSender | None,
        topic_key: bytes,
        metrics: Metrics,
        fault: Callable[[BaseException], None],
        pauses: tuple[float, ...] = PAUSES_S,
    ) -> None:
        self._store = store
        self._directory = directory
        self._hub = hub
        self._sender = sender
        self._topic_key = topic_key
        self._metrics = metrics
        self._fault = fault
        self._targets: dict[bytes, Target] = {}
        self._devices: dict[bytes, set[bytes]] = {}
        self._logged: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._queue = PushQueue(sender.post, self._find, self._ended, pauses) if sender else None

    async def load(self) -> None:
        """Read the subscriptions; those that may no longer be used go."""
        stale = []
        for row in await self._store.push_subscriptions():
            if self._sender and self._is_active(row.device) and self._sender.allowed.permits(row.endpoint):
                self._keep(row)
            else:
                stale.append(row.device)
        if stale:
            await self._store.drop_push(stale)

    # -- a device's subscription

    async def info(self, subject: Subject) -> api.Push:
        """Whether and with which key this server pushes."""
        key = self._sender.public if self._sender else b""
        return api.Push(key=key, subscribed=subject.device in self._targets)

    async def subscribe(self, subject: Subject, body: api.PushSubscription) -> api.Empty:
        """Push to the asking device from now on. Raises Failure."""
        if self._sender is None:
            raise Failure(Code.PUSH_OFF)
        if not self._sender.allowed.permits(body.endpoint):
            raise Failure(Code.PUSH_SERVICE)
        try:
            point(body.p256dh)
        except ValueError as error:
            raise Failure(Code.MALFORMED, "p256dh") from error
        row = PushRow(subject.device, subject.user, body.endpoint, body.p256dh + body.auth)
        # One browser is one device: whoever joins anew in it leaves no second knock behind.
        others = [device for device, target in self._targets.items() if target.endpoint == body.endpoint]
        if self._targets.get(subject.device) != _target(row):
            await self._forget([device for device in others if device != subject.device])
            await self._store.put_push(row)
            # The store took a moment: a device revoked meanwhile stays out.
            if not self._is_active(subject.device):
                await self._store.drop_push([subject.device])
                raise Failure(Code.DEVICE_REVOKED)
            self._keep(row)
        return api.Empty()

    async def unsubscribe(self, subject: Subject) -> api.Empty:
        """Push no longer to the asking device."""
        await self._forget([subject.device])
        return api.Empty()

    def _keep(self, row: PushRow) -> None:
        self._targets[row.device] = _target(row)
        self._devices.setdefault(row.user, set()).add(row.device)

    async def _forget(self, devices: list[bytes]) -> None:
        if devices:
            self._drop(devices)
            await self._store.drop_push(devices)

    def _drop(self, devices: list[bytes]) -> None:
        for device in devices:
            self._targets.pop(device, None)
            if self._queue:
                self._queue.forget(device)
        for user, own in list(self._devices.items()):
            own.difference_update(devices)
            if not own:
                del self._devices[user]

    def _is_active(self, device: bytes) -> bool:
        try:
            return permitted(self._directory.subject(device), Operation.MANAGE_PUSH)
        except Failure:
            return False

    def chains_changed(self) -> None:
        """Somebody may be out: their devices' subscriptions go at once."""
        out = [device for device in self._targets if not self._is_active(device)]
        if out:
            self._drop(out)
            self._spawn(self._store.drop_push(out))

    # -- notices

    def logged(self, readers: frozenset[bytes], device: bytes, conversation: bytes, seq: int) -> None:
        """An event of `device` was logged: knock at its readers' devices, the sender's own aside."""
        if self._devices:
            sender = self._directory.subject(device).user
            self.notify(readers - {sender}, Notice(conversation, seq))

    def notify(self, users: Iterable[bytes], notice: Notice) -> None:
        """Knock at the devices of `users` that do not have the app in front. Never waits, never raises."""
        for user in self._devices.keys() & users:
            for device in self._devices[user]:
                if notice.urgent or not self._hub.is_shown(user, device):
                    self._put(device, notice)

    def _put(self, device: bytes, notice: Notice) -> None:
        if self._queue is None:
            return
        payload: dict[str, Any] = {"c": notice.conversation.hex(), "s": notice.seq}
        if notice.urgent:
            payload["u"] = 1
        posting = Posting(
            json.dumps(payload).encode(),
            "high",
            URGENT_TTL_S if notice.urgent else TTL_S,
            self._topic(device, notice),
        )
        if not self._queue.put(device, posting):
            self._metrics.push.labels("dropped").inc()

    def _topic(self, device: bytes, notice: Notice) -> str:
        """What newer notices replace (RFC 8030 5.4): opaque, and different for each device."""
        about = device + notice.conversation + (str(notice.seq).encode() if notice.urgent else b"")
        return b64(hashlib.blake2b(about, key=self._topic_key, digest_size=24).digest())

    def left(self, user: bytes, device: bytes, heard: int) -> None:
        """A connection with the app in front ended: what was sent since its last sign of life (ms) may not have been seen."""
        if device in self._targets and not self._hub.is_shown(user, device):
            self._spawn(self._catch_up(user, device, heard))

    async def _catch_up(self, user: bytes, device: bytes, heard: int) -> None:
        for row in await self._store.memberships(user):
            conversation = await self._store.conversation(row.conversation)
            if conversation is None or conversation.time < heard:
                break  # the newest come first
            (last,) = await self._store.events(conversation.id, conversation.last_seq - 1, 1, 1)
            try:
                header = parse_event(last.data).header
            except ProtocolError:
                continue
            own = self._directory.subject(header.device).user == user
            if header.kind is EventKind.MESSAGE and not own:
                self._put(device, Notice(conversation.id, last.seq))

    def _find(self, device: bytes) -> Target | None:
        return self._targets.get(device) if self._is_active(device) else None

    def _ended(self, device: bytes, target: Target, result: str, status: int) -> None:
        self._metrics.push.labels(result).inc()
        if result == "gone" and self._targets.get(device) == target:
            self._drop([device])
            self._spawn(self._store.drop_push([device]))
        elif result == "refused" and status not in self._logged:
            self._logged.add(status)
            log.warning("push refused", status=status)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        async def run() -> None:
            try:
                await work
            except Exception as error:
                self._fault(error)

        task = asyncio.get_running_loop().create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Let what is due leave, for a moment; then stop."""
        if self._queue:
            await self._queue.close(FAREWELL_S)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._sender:
            await self._sender.close()


def _target(row: PushRow) -> Target:
    return Target(row.endpoint, row.keys[:POINT_SIZE], row.keys[POINT_SIZE:])
