"""The composition root: configuration -> store -> services -> edges, and the server's life from start to stop."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from uvicorn.config import Config as UvicornConfig
from uvicorn.server import Server as UvicornServer

from werkfunk import __version__
from werkfunk.adapters.clock import Clock, system_clock
from werkfunk.adapters.config import Config
from werkfunk.adapters.files import BlobFiles
from werkfunk.adapters.logs import log, log_fault
from werkfunk.adapters.maps import MapFolder
from werkfunk.adapters.metrics import Metrics
from werkfunk.adapters.outgoing import Outside
from werkfunk.adapters.push_sender import Allowed, PushSender
from werkfunk.adapters.webpush import Vapid
from werkfunk.domain.errors import Code
from werkfunk.http.bare import bare
from werkfunk.http.context import Services
from werkfunk.http.edge import application
from werkfunk.http.protocol import http_protocol
from werkfunk.protocol.statements import ChainKind
from werkfunk.services.alarm_clock import AlarmClock
from werkfunk.services.alarm_sender import AlarmSender
from werkfunk.services.alarm_settings import AlarmSettings
from werkfunk.services.alarms import Alarms
from werkfunk.services.blobs import Blobs
from werkfunk.services.conversations import Conversations
from werkfunk.services.directory import Directory, can_see
from werkfunk.services.floors import Floors
from werkfunk.services.hub import Bus, Hub
from werkfunk.services.limiter import Limiter
from werkfunk.services.offers import Offers
from werkfunk.services.push import Push
from werkfunk.services.rooms import Rooms
from werkfunk.services.sessions import NONCE_S, Sessions
from werkfunk.storage.keys import Keys
from werkfunk.storage.sqlite.store import SqliteStore
from werkfunk.storage.store import Store
from werkfunk.wire.frames import ChainChanged
from werkfunk.ws.framing import frame
from werkfunk.ws.gateway import Gateway
from werkfunk.ws.upgrade import protocol_class

HOUSEKEEPING_S = 600
DAY_MS = 86_400_000


class Server:
    """One running Werkfunk."""

    def __init__(
        self,
        data: Path,
        config: Config,
        keys: Keys,
        clock: Clock = system_clock,
        store: Store | None = None,
        bus: Callable[[Hub], Bus] = lambda hub: hub,
    ) -> None:
        """`store` is one that several nodes share, which its opener closes; `bus` ties this node's hub to those of others."""
        self._config = config
        self._data = data
        self._keys = keys
        self._clock = clock
        self._stopping = False
        self._stop = asyncio.Event()
        self._days: dict[bytes, int] = {}
        self._metrics = Metrics()
        self._store: Store = store or SqliteStore(data, keys)
        self._shared = store is not None
        self._bus = bus
        self._files = BlobFiles(data / "blobs")
        self._port = config.port

    def _fault(self, error: BaseException) -> None:
        self._metrics.faults.inc()
        log_fault(error)

    def _seen(self, user: bytes) -> None:
        """Note that a person was here: the day, not the time. Written with the next housekeeping."""
        self._days[user] = self._clock() // DAY_MS

    async def serve(self, ready: Callable[[int], None] = lambda port: None) -> None:
        """Serve until a signal or `stop`; `ready` is told the port."""
        loop = asyncio.get_running_loop()
        config, clock = self._config, self._clock
        directory = Directory(self._store, clock)
        await directory.load()
        hub = Hub(frame)
        bus = self._bus(hub)
        rooms = Rooms(self._store, directory)
        conversations = Conversations(self._store, directory, rooms, bus, clock, self._fault)
        sessions = Sessions(
            directory,
            clock,
            loop.time,
            self._keys.derive("sessions"),
            lambda: config.origins(self._port),
            config.requests_burst + 2 * NONCE_S * config.requests_per_second,
        )
        blobs = Blobs(self._store, self._files, conversations, clock, config.blob_max_mb * 1_048_576)
        push = self.push = Push(
            self._store, directory, hub, _sender(config, self._keys, clock), self._keys.derive("push topic"),
            self._metrics, self._fault,
        )  # fmt: skip
        await push.load()
        conversations.told = push.logged
        outside = Outside(config.gateway_hosts.split(), private=config.gateway_private == "yes")
        alarm_settings = AlarmSettings(self._store.alarms, directory, conversations, outside, clock)
        raises = Limiter(config.alarms_per_minute / 60, config.alarms_per_minute * 2, loop.time)
        alarms = Alarms(
            self._store.alarms, directory, conversations, alarm_settings, bus, raises, push.notify, clock, self._fault
        )
        await alarms.load()
        alarm_clock = self.alarm_clock = AlarmClock(
            self._store.alarms, directory, alarms, alarm_settings, clock, self._fault
        )
        alarm_sender = self.alarm_sender = AlarmSender(self._store.alarms, alarm_settings, outside, clock, self._fault)
        alarms.wake, alarm_clock.sends = alarm_clock.pulse.wake, alarm_sender.pulse.wake
        alarm_sender.settled = lambda alarm: alarms.tell_watchers(alarm, [])
        services = Services(
            config,
            self._store,
            directory,
            conversations,
            Offers(clock),
            sessions,
            blobs,
            push,
            MapFolder(self._data),
            alarms,
            alarm_settings,
            self._metrics,
            Limiter(config.requests_per_second, config.requests_burst, loop.time),
            self._seen,
            self._fault,
            lambda: self._stopping,
        )
        events = Limiter(config.events_per_second, config.events_burst, loop.time)
        floors = Floors(self._store, directory, rooms, bus, self._metrics, clock, self._fault)
        gateway = Gateway(
            directory,
            conversations,
            sessions,
            alarms,
            hub,
            floors,
            self._metrics,
            events,
            clock,
            self._seen,
            self._fault,
            push.left,
            config.silence_seconds,
        )

        def told(kind: ChainKind, chain: bytes, length: int) -> None:
            _tell(directory, hub, kind, chain, length)
            push.chains_changed()

        directory.told = told
        https = any(origin.startswith("https://") for origin in config.origins(self._port))
        self._blobs = blobs
        self._server = _Uvicorn(
            UvicornConfig(
                application(services, https=https),
                http=http_protocol(2 * config.silence_seconds, https=https),
                ws=protocol_class(
                    gateway,
                    lambda origin: not self._stopping and _is_own(origin, sessions.origins()),
                    partial(bare, https=https),
                ),
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                ssl_certfile=config.tls_cert or None,
                ssl_keyfile=config.tls_key or None,
                timeout_graceful_shutdown=5,
                # Who does TLS itself has no proxy that writes these headers: they would be the client's own.
                proxy_headers=not config.tls_cert,
                forwarded_allow_ips=config.proxies.split(),
            )
        )
        listener = _bind(config)
        self._port = listener.getsockname()[1]
        chores = [
            loop.create_task(work) for work in (self._housekeeping(), alarm_clock.pulse.run(), alarm_sender.pulse.run())
        ]
        log.info("started", version=__version__, listen=config.listen)
        loop.call_soon(ready, self._port)
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            # Signals reach the main thread's loop only; elsewhere (in tests) `stop` is called.
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, self.stop)
        try:
            farewell = loop.create_task(self._farewell(gateway))
            await self._server.serve([listener])
        finally:
            self._stopping = True
            self._stop.set()
            await farewell
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)
            await alarms.close()
            await conversations.appender.close()
            await push.close()
            await self._write_days()
            if not self._shared:
                await self._store.close()
            log.info("stopped")

    def stop(self) -> None:
        """Stop gracefully: tell everybody to come back, finish what was taken, close."""
        self._stop.set()

    async def _farewell(self, gateway: Gateway) -> None:
        await self._stop.wait()
        self._stopping = True
        await gateway.close()
        self._server.should_exit = True

    async def _housekeeping(self) -> None:
        while True:
            try:
                await self._store.drop_expired_handles(self._clock())
                count = await self._blobs.collect_orphans()
                if count:
                    log.info("orphans collected", count=count)
                await self._store.alarms.drop_before(self._clock() - self._config.alarm_keep_days * DAY_MS)
                await self._write_days()
            except Exception as error:
                self._fault(error)
            await asyncio.sleep(HOUSEKEEPING_S)

    async def _write_days(self) -> None:
        days, self._days = self._days, {}
        if days:
            await self._store.touch(days)


def _sender(config: Config, keys: Keys, clock: Clock) -> PushSender | None:
    if not config.push:
        return None
    vapid = Vapid(keys.derive("vapid 1") + keys.derive("vapid 2"), config.contact)
    return PushSender(vapid, Allowed(config.push_services.split()), clock)


def _is_own(origin: bytes | None, origins: tuple[str, ...]) -> bool:
    """Whether a page of this Origin may connect; programs that are no browsers send none."""
    return origin is None or origin.decode("latin-1") in origins


class _Uvicorn(UvicornServer):
    """uvicorn without its signal handling, which would end the process before the store is closed."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """See uvicorn."""
        yield


def _bind(config: Config) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((config.host, config.port))
    listener.listen(1024)
    listener.setblocking(False)
    return listener


def _tell(directory: Directory, hub: Hub, kind: ChainKind, chain: bytes, length: int) -> None:
    """A chain has grown: tell those who may know, and cut off whom it shuts out."""
    state = directory.founded()
    for user in hub.everybody():
        if kind is ChainKind.ORGANISATION:
            if state.role(user) is None:
                hub.cut(user, Code.PERSON_REMOVED.value.code)
        elif user == chain:
            for device, known in directory.users[user].devices.items():
                if known.revoked is not None:
                    hub.cut(user, Code.DEVICE_REVOKED.value.code, device)
    told: list[Any] = [
        user for user in hub.everybody() if kind is ChainKind.ORGANISATION or user == chain or can_see(state, user)
    ]
    hub.publish(told, ChainChanged(int(kind), chain, length))
