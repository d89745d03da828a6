"""Push-to-talk commands: a file spoken in real time, and what others say saved as files."""

import asyncio
import contextlib
import sys
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from werkfunk.cli.output import Printer
from werkfunk.cli.people import opened
from werkfunk.sdk import ogg, sound
from werkfunk.sdk.client import Client
from werkfunk.sdk.errors import NoConnection, SdkError, Usage
from werkfunk.sdk.files import safe_name
from werkfunk.sdk.voice import PACKET_MS, Packet, Silence, Speaking

RETRY_S = 1.0


async def send(printer: Printer, profile: Path, to: str, file: Path, *, urgent: bool) -> None:
    """Speak a file as one burst, at the pace of speech."""
    encoder = sound.Encoder()
    frames = sound.frames_of(file)
    first = next(frames, None)
    if first is None:
        raise Usage(f"there is no sound in {file.name}")
    async with opened(profile) as client:
        conversation = client.find_conversation(to)
        following = asyncio.create_task(_follow(client))
        try:
            talking = await client.voice.talk(conversation, urgent=urgent)
            loop = asyncio.get_running_loop()
            started = loop.time()
            frame: bytes | None = first
            while frame is not None:
                if not await client.voice.say(talking, encoder.encode(frame), sound.peak(frame)):
                    break
                frame = next(frames, None)
                # By the clock, not by pauses: a pause that is late must not make the next one late too.
                await asyncio.sleep(started + len(talking.packets) * PACKET_MS / 1000 - loop.time())
            lost = talking.lost
            ack = await client.voice.finish(talking)
        finally:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError, SdkError):
                await following
    if ack is None:
        raise SdkError(f"the floor was lost before anything was said ({lost})", lost)
    values = {
        "burst": talking.burst.hex(),
        "packets": len(talking.packets),
        "duration": len(talking.packets) * PACKET_MS,
        "id": ack.message_id.hex(),
        "seq": ack.seq,
        "lost": lost,
    }
    text = f"Gesprochen: {len(talking.packets) * PACKET_MS / 1000:.1f} s (Nr. {ack.seq})."
    printer.result(values, text + (f" Danach war der Kanal weg ({lost})." if lost else ""))


async def _follow(client: Client) -> None:
    """Take what comes meanwhile: new members and keys."""
    async for _ in client.listen():
        pass


@dataclass(slots=True)
class _Recording:
    """A burst that is being heard; an empty packet was lost."""

    speaking: Speaking
    began: datetime
    packets: list[bytes] = field(default_factory=list)
    first: int = -1

    def add(self, packet: Packet) -> None:
        """Take a packet; a gap before it was lost, but not what was said before we listened."""
        if self.first < 0:
            self.first = packet.number
        self.packets += [b""] * (packet.number - self.first - len(self.packets)) + [packet.opus]


async def record(printer: Printer, profile: Path, names: list[str], folder: Path, bursts: int) -> None:
    """Save what is said, burst by burst."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with opened(profile) as client:
        wanted = [client.find_conversation(name) for name in names]
        await client.voice.tune(wanted)
        if not printer.json:
            sys.stderr.write("hört zu\n")
        following = asyncio.create_task(_keep_tuned(client, wanted))
        try:
            await _record(printer, client, folder, bursts)
        finally:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following


async def _keep_tuned(client: Client, wanted: list[bytes]) -> None:
    while True:
        with contextlib.suppress(NoConnection):
            await _follow(client)
        with contextlib.suppress(NoConnection):
            await client.connect()
            await client.voice.tune(wanted)
            continue
        await asyncio.sleep(RETRY_S)


async def _record(printer: Printer, client: Client, folder: Path, bursts: int) -> None:
    running: dict[bytes, _Recording] = {}
    saved = 0
    async for heard in client.voice.heard():
        match heard:
            case Speaking() if heard.burst not in running:
                running[heard.burst] = _Recording(heard, datetime.now())
            case Packet() if heard.burst in running:
                running[heard.burst].add(heard)
            case Silence() if heard.burst in running:
                recording = running.pop(heard.burst)
                if recording.packets:
                    await _save(printer, client, folder, recording, heard.reason)
                    saved += 1
                    if saved == bursts:
                        return


async def _save(printer: Printer, client: Client, folder: Path, recording: _Recording, reason: str) -> None:
    speaking = recording.speaking
    name = client.core.chains.name(speaking.user)
    data = ogg.write(recording.packets, int.from_bytes(speaking.burst[:4], "big"))
    stem = f"{recording.began:%Y-%m-%d-%H-%M-%S}-{speaking.burst[:2].hex()}-{name}"
    path = folder / safe_name(f"{stem}.ogg")
    await asyncio.to_thread(path.write_bytes, data)
    values = {
        "conversation": speaking.conversation.hex(),
        "burst": speaking.burst.hex(),
        "sender": speaking.user.hex(),
        "name": name,
        "first": recording.first,
        "packets": len(recording.packets),
        "missing": recording.packets.count(b""),
        "duration": len(recording.packets) * PACKET_MS,
        "reason": reason,
        "path": str(path),
    }
    printer.result(values, f"{name}: {len(recording.packets) * PACKET_MS / 1000:.1f} s -> {path}")
