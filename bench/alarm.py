"""An alarm to 2,000 people on sockets of the client library: until every device has it, and until the raiser's board says so."""

import asyncio
import os
import time
from dataclasses import dataclass, field
from typing import Any

from bench.harness import own_cpu, percentile
from bench.peers.base import Peer
from bench.peers.werkfunk import Werkfunk
from werkfunk.domain.alarms import Stage
from werkfunk.domain.roles import Role
from werkfunk.protocol import author, author_user
from werkfunk.protocol.author_user import NewDevice
from werkfunk.protocol.boxes import BoxKey
from werkfunk.protocol.content import Alarm
from werkfunk.protocol.identity import Profile, RecipientKeys, device_id
from werkfunk.protocol.links import InviteLink, parse_url
from werkfunk.protocol.organisation import OrganisationState
from werkfunk.protocol.signing import SigningKey
from werkfunk.sdk.account import now, sealed
from werkfunk.sdk.channel import Channel
from werkfunk.sdk.client import Client
from werkfunk.sdk.transport import Transport
from werkfunk.wire import api, frames

ROOM = 400
AT_ONCE = 25


@dataclass
class Board:
    """What the raiser's screen shows: who has it."""

    delivered: set[bytes] = field(default_factory=set)
    frames: int = 0


async def enrol(client: Client, count: int) -> list[tuple[bytes, bytes, SigningKey]]:
    """People with one device each: (user, device, key). The chain is kept here, so that each costs one statement."""
    base = client.core.transport.base
    transport = Transport(base)
    found: list[tuple[bytes, bytes, SigningKey]] = []
    try:
        while len(found) < count:
            _, link = parse_url(await client.office.invite(Role.MEMBER, 1000, now() + 3_600_000))
            assert isinstance(link, InviteLink)
            state: OrganisationState = client.core.chains.founded
            for _ in range(min(1000, count - len(found))):
                key = SigningKey(os.urandom(32))
                device = NewDevice(key, BoxKey(os.urandom(32)), "Bench")
                profile = Profile(f"P{len(found)}").seal(os.urandom(16))
                recovery = RecipientKeys(os.urandom(16))
                made = author_user.genesis(state.id, device, recovery, profile, os.urandom(32), now(), os.urandom)
                me = author.Author(made.state, device_id(key.public), key)
                enrolled = author.enrol(state, me, link.invite, link.seed, now())
                body = api.Join(
                    user_genesis=made.data, enrolment=enrolled.data, boxes=sealed(made.boxes), profile=profile
                )
                await transport.call("join", api.Joined, body)
                state = enrolled.state
                found.append((made.state.id, me.device, key))
            await client.core.chains.refresh()
    finally:
        await transport.close()
    return found


async def run(peer: Peer, people: int) -> dict[str, Any]:
    """One alarm: the time from its raising until each device has its frame, and until the board shows all of them."""
    assert isinstance(peer, Werkfunk)
    anna = peer.anna
    crowd = await enrol(anna, people)
    await anna.connect()
    rooms = [
        await anna.create(f"Halle {n}", [user for user, _, _ in crowd[n : n + ROOM]]) for n in range(0, people, ROOM)
    ]
    # What the enrolments and rooms have told this connection is past; the alarm begins with an idle one.
    await anna.core.disconnect()
    await anna.connect()
    gate = asyncio.Semaphore(AT_ONCE)

    async def connect(device: bytes, key: SigningKey) -> Channel:
        async with gate:
            return await Channel.open(peer.base, device, key)

    channels = await asyncio.gather(*(connect(device, key) for _, device, key in crowd))
    heard: list[float] = []
    board = Board()

    async def listen(channel: Channel) -> None:
        while True:
            frame = await channel.receive()
            if isinstance(frame, frames.Alarm):
                heard.append(time.perf_counter())
                await channel.send(frames.AlarmSeen(frame.alarm, int(Stage.DELIVERED)))
                return

    def watch(frame: frames.Alarm | frames.AlarmBoard) -> None:
        if isinstance(frame, frames.AlarmBoard):
            board.frames += 1
            board.delivered |= {one.user for one in frame.changes if one.stage >= Stage.DELIVERED}

    async def follow() -> None:
        async for _ in anna.listen():
            pass

    anna.alarms.heard = watch
    listeners = [asyncio.create_task(listen(channel)) for channel in channels]
    following = asyncio.create_task(follow())
    cpu, own, started = peer.cpu(), own_cpu(), time.perf_counter()
    raised = await anna.alarms.raise_(rooms, Alarm(os.urandom(16), 3, "Räumung"))
    answered = time.perf_counter() - started
    await asyncio.gather(*listeners)
    while len(board.delivered) < people:
        await asyncio.sleep(0.005)
    shown = time.perf_counter() - started
    used, used_own = peer.cpu() - cpu, own_cpu() - own
    info = await anna.alarms.info(raised.alarm)
    assert info.called == people
    assert all(person.delivered for person in info.people)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    await asyncio.gather(*(channel.close() for channel in channels))
    seconds = [at - started for at in heard]
    return {
        "peer": peer.name,
        "people": people,
        "raise_answered_s": round(answered, 3),
        "delivered_p50_s": round(percentile(seconds, 0.5), 3),
        "delivered_all_s": round(max(seconds), 3),
        "board_shows_all_s": round(shown, 3),
        "board_frames": board.frames,
        "server_cpu_s": round(used, 3),
        "client_cpu_s": round(used_own, 3),
    }
