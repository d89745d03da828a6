"""What the vectors of each area ask of an implementation: named inputs in, named outputs out, or a ProtocolError.

The README describes the same in words, for other languages. Integers are 8 bytes, big-endian; text is UTF-8.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from werkfunk.domain import redaction
from werkfunk.protocol import (
    archive,
    attachments,
    cbor,
    codes,
    content,
    cose,
    generation,
    grants,
    identity,
    layers,
    links,
    messages,
    offers,
    padding,
    picture,
    places,
    signing,
    slots,
    statements,
    voice,
)
from werkfunk.protocol.boxes import BoxKey, check_box_public
from werkfunk.protocol.errors import SealRefused
from werkfunk.protocol.events import message_id as own_id
from werkfunk.protocol.events import next_head, parse_event
from werkfunk.protocol.kdf import derive, sha256, tagged_hash
from werkfunk.protocol.labels import Label

HERE = Path(__file__).parent
Bytes = dict[str, bytes]


@dataclass(frozen=True)
class Case:
    """One vector file."""

    area: str
    name: str
    header: dict[str, str]
    inputs: Bytes
    outputs: Bytes


def read(path: Path) -> Case:
    """Read a vector file: header lines, inputs and outputs, separated by empty lines."""
    blocks = path.read_text(encoding="utf-8").rstrip("\n").split("\n\n")
    header = dict(line.split(": ", 1) for line in blocks[0].splitlines())
    parts: list[Bytes] = []
    for block in [*blocks[1:], "", ""][:2]:
        pairs = [
            line.split(" = ", 1) if " = " in line else (line.removesuffix(" ="), "") for line in block.splitlines()
        ]
        parts.append({name: bytes.fromhex(value) for name, value in pairs})
    return Case(path.parent.name, path.stem, header, *parts)


def all_cases() -> Iterator[Case]:
    """The cases of all areas below, in a fixed order."""
    for area in OPERATIONS:
        for path in sorted((HERE / area).glob("*.txt")):
            yield read(path)


def number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def cbor_(v: Bytes) -> Bytes:
    return {"data": cbor.encode(cbor.decode(v["data"]))}


def layers_(v: Bytes) -> Bytes:
    return {"data": layers.write_layers(layers.read_layers(v["data"]))}


def profile_picture(v: Bytes) -> Bytes:
    return {"picture": picture.open_picture(v["key"], v["user"], v["hash"], v["sealed"])}


def profile(v: Bytes) -> Bytes:
    shown = identity.open_profile(v["profile"], v["commitment"])
    return {"shown": cbor.encode(shown.to_map() if shown else None)}


def picture_key(v: Bytes) -> Bytes:
    return {"value": picture.read_picture_key(cbor.decode(v["value"])).to_bytes()}


def live_place(v: Bytes) -> Bytes:
    return {"value": places.read_live_place(cbor.decode(v["value"])).to_bytes()}


def redact(v: Bytes) -> Bytes:
    width, height = number(v["width"]), number(v["height"])
    pixels = bytearray(v["pixels"])
    x, y, w, h = cbor.decode(v["rectangle"])
    covered = redaction.area(x, y, w, h, (width, height))
    if covered is None:
        return {"pixels": bytes(pixels)}
    pixelate = v["how"] == b"pixelate"
    parts = (
        redaction.blocks(covered.width, covered.height)
        if pixelate
        else [redaction.Area(0, 0, covered.width, covered.height)]
    )
    for index, part in enumerate(parts):
        rows = range(covered.y + part.y, covered.y + part.y + part.height)
        columns = range(covered.x + part.x, covered.x + part.x + part.width)
        places = [3 * (row * width + column) for row in rows for column in columns]
        for channel in range(3):
            total = sum(pixels[place + channel] for place in places)
            noise = v["noise"][3 * index + channel] if pixelate else 0
            value = redaction.block_value(total, len(places), noise) if pixelate else 0
            for place in places:
                pixels[place + channel] = value
    return {"pixels": bytes(pixels)}


def ed25519_public(v: Bytes) -> Bytes:
    signing.check_public(v["public"])
    return {}


def ed25519(v: Bytes) -> Bytes:
    signing.verify(v["public"], v["signature"], v["message"])
    return {}


def box_public(v: Bytes) -> Bytes:
    check_box_public(v["public"])
    return {}


def box(v: Bytes) -> Bytes:
    key = BoxKey(v["seed"])
    return {"public": key.public, "plaintext": key.open(v["info"], v["box"])}


def cose_sign1(v: Bytes) -> Bytes:
    return {"payload": cose.verify1(v["data"], v["public"], Label(v["label"].decode()))}


def cose_encrypt0(v: Bytes) -> Bytes:
    return {"plaintext": cose.decrypt0(v["key"], v["aad"], v["data"])}


def padding_(v: Bytes) -> Bytes:
    return {"data": padding.unpad(v["padded"])}


def kdf(v: Bytes) -> Bytes:
    return {"key": derive(v["ikm"], v["salt"], v["info"])}


def tagged(v: Bytes) -> Bytes:
    label, items = Label(v["label"].decode()), cbor.decode(v["items"])
    return {"tagged": cbor.tagged(label, *items), "hash": tagged_hash(label, *items)}


def ids(v: Bytes) -> Bytes:
    return {"device_id": identity.device_id(v["signing"]), "recipient_id": identity.recipient_id(v["signing"])}


def message_id(v: Bytes) -> Bytes:
    return {"id": own_id(v["device"], v["chosen"])}


def recipient(v: Bytes) -> Bytes:
    keys = identity.RecipientKeys(v["seed"])
    return {"signing": keys.key.public, "box": keys.box.public, "handle": keys.handle, "id": keys.id}


def event(v: Bytes) -> Bytes:
    opened = parse_event(v["event"])
    return {"header": opened.header.to_bytes(), "body": opened.body, "hash": sha256(v["event"])}


def message(v: Bytes) -> Bytes:
    opened = parse_event(v["event"])
    key = messages.message_key(v["secret"], opened.header)
    signed, data = messages.unseal_message(key, opened)
    cose.verify1(data, v["public"], Label.CONTENT)
    content.from_wire(signed.kind, signed.content)
    return {"key": key, "payload": cose.payload_of(data)}


def slot(v: Bytes) -> Bytes:
    opened = parse_event(v["event"])
    header = opened.header
    signed, data = slots.unseal_slot(v["secret"], opened)
    cose.verify1(data, v["public"], Label.SLOT_CONTENT)
    tag = slots.slot_tag(v["secret"], header.conversation, header.generation, v["user"], signed.type)
    if tag != header.slot_tag:
        raise SealRefused("slot_tag_mismatch")
    return {"payload": cose.payload_of(data)}


def attachment(v: Bytes) -> Bytes:
    pieces = attachments.decrypt(v["key"], number(v["size"]), [v["stored"]], v["hash"])
    return {"plaintext": b"".join(pieces)}


def attachment_chunks(v: Bytes) -> Bytes:
    size = number(v["size"])
    whole = list(attachments.encrypt(v["key"], size, [hashlib.shake_256(v["seed"]).digest(size)]))
    stored = b"".join(whole[i] for i in v["order"]) + v["append"]
    stored = stored[: len(stored) - number(v["cut"])]
    plain = b"".join(attachments.decrypt(v["key"], size, [stored], v["hash"] or sha256(stored)))
    return {"stored_hash": sha256(stored), "plaintext_hash": sha256(plain)}


def log_head(v: Bytes) -> Bytes:
    head = next_head(v["conversation"], number(v["seq"]), number(v["time"]), v["previous"], sha256(v["event"]))
    return {"head": head}


def verification(v: Bytes) -> Bytes:
    return {"number": codes.verification_number(v["organisation"], v["one"], v["other"]).encode()}


def recovery_code(v: Bytes) -> Bytes:
    seed = codes.decode_recovery(v["code"].decode())
    return {"seed": seed, "canonical": codes.encode_recovery(seed).encode()}


def link(v: Bytes) -> Bytes:
    base, found = links.parse_url(v["url"].decode())
    match found:
        case links.InviteLink():
            fields = {"organisation": found.organisation, "invite": found.invite, "seed": found.seed}
        case links.SetupLink():
            fields = {"secret": found.secret}
        case links.DeviceLink():
            fields = {
                "organisation": found.organisation,
                "organisation_head": cbor.encode(list(found.organisation_head)),
                "user": found.user,
                "user_head": cbor.encode(list(found.user_head)),
                "seed": found.seed,
            }
        case links.OfferLink():
            fields = {"nonce": found.nonce, "hash": found.hash}
    assert links.to_url(base, found) == v["url"].decode()
    return {"base": base.encode(), **fields}


def offer(v: Bytes) -> Bytes:
    shown = links.OfferLink(v["nonce"], v["hash"])
    offers.check_offer(shown, v["signing"], v["offered"])
    answered = offers.open_answer(shown, BoxKey(v["seed"]), v["box"])
    return {"handle": offers.offer_handle(shown), "link": links.to_bytes(answered)[1]}


def voice_(v: Bytes) -> Bytes:
    key = voice.burst_key(v["secret"], v["conversation"], number(v["generation"]), v["device"], v["salt"])
    return {"key": key, "frame": voice.open_frame(key, number(v["number"]), v["sealed"])}


def made(v: Bytes, g: int = 0) -> generation.Generation:
    """The part of a generation's record that opening needs."""
    c = v["commitments"][96 * g : 96 * g + 96]
    return generation.Generation(number(v["generation"]) + g, (c[:32], c[32:64], c[64:]), (), ())


HEAD = statements.Head(0, bytes(32))


def generation_box(v: Bytes) -> Bytes:
    to = generation.Recipient(v["user"], HEAD, number(v["box_generation"]), v["box_hash"])
    parts = generation.open_box(BoxKey(v["seed"]), v["conversation"], made(v), to, v["box"])
    secret = parts.secret(v["conversation"], number(v["generation"]))
    return {"parts": parts.to_bytes(), "secret": secret}


def repair_box(v: Bytes) -> Bytes:
    parts = generation.open_repair(
        BoxKey(v["seed"]), v["conversation"], made(v), v["user"], number(v["box_generation"]), v["box"]
    )
    return {"parts": parts.to_bytes()}


def grant_box(v: Bytes) -> Bytes:
    first, last = number(v["generation"]), number(v["last"])
    known = {first + i: made(v, i) for i in range(len(v["commitments"]) // 96)}
    opened = grants.open_grant(
        BoxKey(v["seed"]),
        v["conversation"],
        known,
        (first, last),
        v["user"],
        number(v["box_generation"]),
        v["box"],
        v["box_hash"],
    )
    return {"parts": b"".join(opened[n].to_bytes() for n in sorted(opened))}


def holder_box(v: Bytes) -> Bytes:
    holder = generation.Holder(v["user"], HEAD, number(v["box_generation"]), v["box_hash"], number(v["index"]))
    held = archive.open_holder_box(BoxKey(v["seed"]), v["conversation"], made(v), holder, v["box"])
    return {"parts": b"".join(held[i] for i in sorted(held))}


def release(v: Bytes) -> Bytes:
    lacking = number(v["index"])
    first, second = (i for i in (1, 2, 3) if i != lacking)
    held = {first: v["held"][:32], second: v["held"][32:]}
    secret = archive.combine(
        BoxKey(v["seed"]), v["conversation"], made(v), held, v["user"], number(v["box_generation"]), v["box"]
    )
    return {"secret": secret}


def audit(v: Bytes) -> Bytes:
    keys = archive.open_audit(
        BoxKey(v["seed"]),
        v["case_id"],
        v["conversation"],
        number(v["generation"]),
        v["auditor"],
        number(v["box_generation"]),
        v["box"],
    )
    return {"keys": cbor.encode([[name, key] for name, key in keys.items()])}


OPERATIONS: dict[str, Callable[[Bytes], Bytes]] = {
    "cbor": cbor_,
    "ed25519-public": ed25519_public,
    "ed25519": ed25519,
    "box-public": box_public,
    "box": box,
    "cose-sign1": cose_sign1,
    "cose-encrypt0": cose_encrypt0,
    "padding": padding_,
    "kdf": kdf,
    "tagged": tagged,
    "ids": ids,
    "message-id": message_id,
    "recipient": recipient,
    "event": event,
    "message": message,
    "slot": slot,
    "attachment": attachment,
    "attachment-chunks": attachment_chunks,
    "log-head": log_head,
    "verification": verification,
    "recovery-code": recovery_code,
    "link": link,
    "offer": offer,
    "layers": layers_,
    "live-place": live_place,
    "picture-key": picture_key,
    "profile": profile,
    "profile-picture": profile_picture,
    "redact": redact,
    "voice": voice_,
    "generation-box": generation_box,
    "repair-box": repair_box,
    "grant-box": grant_box,
    "holder-box": holder_box,
    "release": release,
    "audit": audit,
}
