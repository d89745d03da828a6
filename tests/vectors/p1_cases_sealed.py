"""Cases of everything sealed: events, messages, slots, attachments, voice, generation, grant and archive boxes."""

from typing import Any

from p1_cases_forms import det, flip, num
from p1_contents import CONTENTS
from p1_operations import OPERATIONS

from werkfunk.protocol import attachments, cose, messages, slots, voice
from werkfunk.protocol.cbor import decode, encode, tagged
from werkfunk.protocol.events import Event, EventKind, Header, parse_event
from werkfunk.protocol.kdf import derive, sha256
from werkfunk.protocol.labels import Label
from werkfunk.protocol.padding import pad
from werkfunk.protocol.signing import SigningKey

CONVERSATION = det("conversation", 16)
DEVICE = det("device", 16)
USER = det("user", 32)
SECRET = det("secret", 32)
KEY = SigningKey(det("device key", 32))
TIME = 1_795_430_400_000


def make(w: Any) -> None:
    """Add all of them."""
    _events(w)
    _messages(w)
    _slots(w)
    _attachments(w)
    _voice_and_log(w)


def header_of(name: str, kind: EventKind = EventKind.MESSAGE, tag: bytes | None = None) -> Header:
    return Header(CONVERSATION, 3, DEVICE, det(f"message id {name}", 16), kind, tag)


def _events(w: Any) -> None:
    for name, header in {
        "ok-message": header_of("event"),
        "ok-slot": header_of("event", EventKind.SLOT, det("tag", 16)),
        "ok-statement": Header(CONVERSATION, 0, DEVICE, det("created", 16), EventKind.STATEMENT),
    }.items():
        w.add("event", name, "M1", "the body is not looked at", {"event": Event(header, b"body").to_bytes()})
    good = header_of("event").to_map()
    bad: dict[str, tuple[Any, str]] = {
        "kind-unknown": ([{**good, 4: 3}, b""], "kind 3"),
        "kind-true": ([{**good, 4: True}, b""], "true for 1"),
        "generation-true": ([{**good, 1: True}, b""], "true for 1"),
        "generation-negative": ([{**good, 1: -1}, b""], "generation -1"),
        "id-short": ([{**good, 3: bytes(15)}, b""], "a message id of 15 bytes"),
        "device-long": ([{**good, 2: bytes(17)}, b""], "a device id of 17 bytes"),
        "conversation-text": ([{**good, 0: "x" * 16}, b""], "text for an id"),
        "key-missing": ([{k: v for k, v in good.items() if k != 3}, b""], "no message id"),
        "key-unknown": ([{**good, 6: 0}, b""], "a key that nobody knows"),
        "tag-in-message": ([{**good, 5: bytes(16)}, b""], "a slot tag in a message"),
        "tag-missing": ([{**good, 4: 2}, b""], "a slot without a tag"),
        "tag-short": ([{**good, 4: 2, 5: bytes(15)}, b""], "a tag of 15 bytes"),
        "tag-null": ([{**good, 4: 2, 5: None}, b""], "null for a tag"),
        "body-text": ([good, "body"], "a body of text"),
        "body-missing": ([good], "no body"),
        "three-items": ([good, b"", b""], "one item too many"),
        "not-an-array": ({0: good, 1: b""}, "a map"),
    }
    for name, (value, why) in bad.items():
        w.add("event", name, "M1", why, {"event": encode(value)}, "event_form")
    trailing = Event(header_of("event"), b"body").to_bytes() + b"\0"
    w.add("event", "trailing-byte", "M1", "a byte too many", {"event": trailing}, "cbor_form")


def _content(kind: int, raw: dict[int, Any]) -> tuple[int, dict[int, Any]]:
    record = {0: det("blob", 16), 1: det("file key", 32), 2: det("file hash", 32), 3: "Plan.pdf", 4: "application/pdf"}
    record |= {5: 12_345, 6: attachments.stored_size(12_345)}
    if raw.get(1) == "files":
        return kind, {**raw, 1: [record]}
    if raw.get(1) == "files with thumbnail":
        shown = {**raw, 1: [{**record, 7: det("thumbnail", 900), 8: 4000, 9: 3000}]}
        return kind, {**shown, 2: [{0: 0, 1: record, 2: record}, {0: 9, 1: record}]} if 2 in raw else shown
    return kind, raw


def payload_of(header: Header, kind: int, raw: Any) -> dict[int, Any]:
    seen = [7, det("log head", 32)]
    return {0: header.to_map(), 1: det("generation", 32), 2: [4, det("head", 32)], 3: seen, 4: TIME, 5: kind, 6: raw}


def seal_raw(header: Header, plaintext: bytes, *, key: bytes | None = None, aad: bytes | None = None) -> bytes:
    """Encrypt whatever is given, also what `seal_message` would never make."""
    key = key or messages.message_key(SECRET, header)
    aad = aad or tagged(Label.MESSAGE, header.to_map())
    return Event(header, cose.encrypt0(key, det("iv", 12), aad, plaintext)).to_bytes()


def signed(payload: Any, key: SigningKey = KEY, label: Label = Label.CONTENT) -> bytes:
    return pad(cose.sign1(key, label, encode(payload)))


def _messages(w: Any) -> None:
    base = {"secret": SECRET, "public": KEY.public}

    def add(name: str, must: str, why: str, event: bytes, error: str | None = None, **changed: bytes) -> None:
        w.add("message", name, must, why, {**base, **changed, "event": event}, error)

    for name, (kind, raw) in CONTENTS.items():
        must = "M32" if name == "unknown-kind" else "M43" if name.startswith("details-place") else "M30"
        header = header_of(name)
        add(f"ok-{name}", must, "a content kind", seal_raw(header, signed(payload_of(header, *_content(kind, raw)))))
    header = header_of("text")
    good = payload_of(header, *CONTENTS["text"])
    plaintext = signed(good)
    event = seal_raw(header, plaintext)
    other = header_of("another")
    body = Event(header, b"").header
    changed_headers = {
        "conversation": Header(det("other", 16), 3, DEVICE, header.message_id, EventKind.MESSAGE),
        "generation": Header(CONVERSATION, 4, DEVICE, header.message_id, EventKind.MESSAGE),
        "device": Header(CONVERSATION, 3, det("other", 16), header.message_id, EventKind.MESSAGE),
        "id": Header(CONVERSATION, 3, DEVICE, det("other", 16), EventKind.MESSAGE),
    }
    sealed = _body(event)
    for name, outer in changed_headers.items():
        moved = Event(outer, sealed).to_bytes()
        add(f"outer-{name}", "M30", "the server changed the header", moved, "seal_invalid")
        crafted = seal_raw(outer, plaintext)
        add(f"inner-{name}", "M30", "the inner header is another message's", crafted, "header_mismatch")
    as_slot = Event(header_of("text", EventKind.SLOT, det("tag", 16)), sealed).to_bytes()
    add("as-slot", "M30", "a message under a slot's header", as_slot, "header_mismatch")
    as_statement = Event(header_of("text", EventKind.STATEMENT), sealed).to_bytes()
    add("as-statement", "M30", "a message under a statement's header", as_statement, "header_mismatch")
    add("wrong-secret", "M30", "another generation's secret", event, "seal_invalid", secret=det("another", 32))
    wrong_key = messages.message_key(SECRET, other)
    add("wrong-key", "M30", "another message's key", seal_raw(header, plaintext, key=wrong_key), "seal_invalid")
    slot_aad = tagged(Label.SLOT, body.to_map())
    add("slot-aad", "M2", "sealed as a slot", seal_raw(header, plaintext, aad=slot_aad), "seal_invalid")
    for name, bit in {"first": 8 * 12, "tag": -1}.items():
        changed = Event(header, _flip_ciphertext(sealed, bit)).to_bytes()
        add(f"flip-{name}", "M30", "a changed bit of the ciphertext", changed, "seal_invalid")
    anna = SigningKey(det("another device", 32))
    add("other-signer", "M30", "signed by another device", seal_raw(header, signed(good, anna)), "signature_invalid")
    as_statement = signed(good, label=Label.STATEMENT)
    add("other-label", "M2", "signed as a statement", seal_raw(header, as_statement), "signature_invalid")
    add(
        "not-padded",
        "M4",
        "no padding inside",
        seal_raw(header, cose.sign1(KEY, Label.CONTENT, b"")),
        "padding_invalid",
    )
    dirty = plaintext[:-1] + b"\1"
    add("padding-not-zero", "M4", "a padding byte is 1", seal_raw(header, dirty), "padding_invalid")
    add("empty", "M4", "nothing inside", seal_raw(header, b""), "padding_invalid")
    add("not-signed", "M3", "plain CBOR inside", seal_raw(header, pad(encode(good))), "cose_form")
    forms: dict[str, tuple[Any, str]] = {
        "payload-key-unknown": ({**good, 7: 0}, "a key that nobody knows"),
        "payload-key-missing": ({k: v for k, v in good.items() if k != 3}, "no log seen"),
        "payload-time-negative": ({**good, 4: -1}, "before 1970"),
        "payload-time-true": ({**good, 4: True}, "true for a number"),
        "payload-head-short": ({**good, 2: [4, bytes(31)]}, "a head of 31 bytes"),
        "payload-array": ([good], "an array"),
        "content-array": ({**good, 6: []}, "the content is no map"),
        "content-text-missing": ({**good, 6: {}}, "a text without text"),
        "content-key-unknown": ({**good, 6: {0: "x", 3: 0}}, "a text with a key that nobody knows"),
        "content-text-bytes": ({**good, 6: {0: b"x"}}, "bytes for text"),
        "content-target-short": ({**good, 5: 3, 6: {0: bytes(15)}}, "a message id of 15 bytes"),
        "content-place-beyond": ({**good, 5: 8, 6: {0: 900_000_001, 1: 0}}, "north of the pole"),
        "content-alarm-level": ({**good, 5: 9, 6: {**CONTENTS["alarm"][1], 1: 4}}, "a level that nobody knows"),
        "content-alarm-answer-code": (
            {**good, 5: 9, 6: {**CONTENTS["alarm"][1], 4: [[2_441, "x"]]}},
            "a code too large",
        ),
        "content-alarm-answer-words": (
            {**good, 5: 9, 6: {**CONTENTS["alarm"][1], 4: [[1, "x" * 81]]}},
            "too many words",
        ),
        "content-alarm-drill": ({**good, 5: 9, 6: {**CONTENTS["alarm"][1], 7: 1}}, "a number for true"),
        "content-template-title": (
            {**good, 5: 14, 6: {**CONTENTS["alarm-template"][1], 1: "x" * 81}},
            "a title too long",
        ),
        "content-defect-number": ({**good, 5: 13, 6: {**CONTENTS["defect"][1], 3: 0}}, "a defect without a number"),
        "content-defect-state": ({**good, 5: 13, 6: {**CONTENTS["defect"][1], 7: 3}}, "a state that nobody knows"),
        "content-details-place-beyond": (_details(good, {0: 0, 1: 1_800_000_001}), "east of the date line"),
        "content-details-place-half": (_details(good, {0: 513_127_000}), "a place without a longitude"),
        "content-details-place-exact": (_details(good, {0: 0, 1: 0, 2: 500}), "a site's place has no accuracy"),
        "content-details-key-unknown": ({**good, 5: 12, 6: {0: "Hof", 3: 0}}, "details with a key that nobody knows"),
        "content-thumbnail-long": (_with_thumbnail(good, 16_385), "a thumbnail of more than 16 KiB"),
    }
    for name, (payload, why) in forms.items():
        must = "M43" if name.startswith("content-details-place") else "M30"
        add(name, must, why, seal_raw(header, signed(payload)), "record_form")


def _details(good: dict[int, Any], place: dict[int, Any]) -> dict[int, Any]:
    return {**good, 5: 12, 6: {**CONTENTS["details"][1], 2: place}}


def _with_thumbnail(good: dict[int, Any], size: int) -> dict[int, Any]:
    _, raw = _content(*CONTENTS["photo"])
    return {**good, 5: 6, 6: {**raw, 1: [{**raw[1][0], 7: bytes(size)}]}}


def _body(event: bytes) -> bytes:
    return parse_event(event).body


def _flip_ciphertext(body: bytes, bit: int) -> bytes:
    header, unprotected, ciphertext = decode(body)
    return encode([header, unprotected, flip(ciphertext, bit)])


def _slots(w: Any) -> None:
    base = {"secret": SECRET, "public": KEY.public, "user": USER}

    def seal_slot(header: Header, payload: Any, label: Label = Label.SLOT_CONTENT) -> bytes:
        info = tagged(Label.SLOT_KEY, header.conversation, header.generation, header.device)
        key = derive(SECRET, header.message_id, info)
        plaintext = pad(cose.sign1(KEY, label, encode(payload)))
        return Event(
            header, cose.encrypt0(key, det("iv", 12), tagged(Label.SLOT, header.to_map()), plaintext)
        ).to_bytes()

    def header(slot_type: int, user: bytes = USER) -> Header:
        tag = slots.slot_tag(SECRET, CONVERSATION, 3, user, slot_type)
        return header_of(f"slot {slot_type}", EventKind.SLOT, tag)

    def payload(h: Header, slot_type: int, value: dict[int, Any]) -> dict[int, Any]:
        return {0: h.to_map(), 1: det("generation", 32), 2: [4, det("head", 32)], 3: 9, 4: slot_type, 5: value}

    values: dict[str, tuple[int, dict[int, Any]]] = {
        "read-marker": (1, {0: 41}),
        "live-place": (2, {0: 525_200_000, 1: 134_050_000, 2: 500, 3: TIME + 3_600_000}),
    }
    for name, (slot_type, value) in values.items():
        h = header(slot_type)
        event = seal_slot(h, payload(h, slot_type, value))
        w.add("slot", f"ok-{name}", "M33", "counter 9", {**base, "event": event})
    h = header(1)
    good = payload(h, 1, {0: 41})
    event = seal_slot(h, good)
    wrong_type, wrong_user = header(2), header(1, det("other user", 32))
    for name, changed, error in (
        ("tag-of-other-type", seal_slot(wrong_type, payload(wrong_type, 1, {0: 41})), "slot_tag_mismatch"),
        ("tag-of-other-user", seal_slot(wrong_user, payload(wrong_user, 1, {0: 41})), "slot_tag_mismatch"),
        ("tag-changed", Event(wrong_type, _body(event)).to_bytes(), "seal_invalid"),
        ("header-mismatch", seal_slot(wrong_user, good), "header_mismatch"),
        ("signed-as-message", seal_slot(h, good, Label.CONTENT), "signature_invalid"),
        ("counter-missing", seal_slot(h, {k: v for k, v in good.items() if k != 3}), "record_form"),
        ("counter-negative", seal_slot(h, {**good, 3: -1}), "record_form"),
        ("value-array", seal_slot(h, {**good, 5: []}), "record_form"),
    ):
        why = name.replace("-", " ")
        w.add("slot", name, "M33", why, {**base, "event": changed}, error)
    message = Event(header_of("slot 1"), _body(event)).to_bytes()
    w.add("slot", "as-message", "M33", "a slot under a message's header", {**base, "event": message}, "header_mismatch")
    other = {**base, "secret": det("old generation", 32), "event": event}
    w.add("slot", "wrong-secret", "M33", "another generation's secret", other, "seal_invalid")


def _attachments(w: Any) -> None:
    for size in (0, 1, 5, 256, 257):
        key, plain = det(f"file key {size}", 32), det(f"file {size}", size)
        stored = b"".join(attachments.encrypt(key, size, [plain]))
        inputs = {"key": key, "size": num(size), "hash": sha256(stored), "stored": stored}
        w.add("attachment", f"ok-{size}", "M34", f"a file of {size} bytes", inputs)
        if size != 5:
            continue
        for name, changed, error in (
            ("flip-first", flip(stored, 0), "chunk_invalid"),
            ("flip-tag", flip(stored, -1), "chunk_invalid"),
            ("truncated", stored[:-1], "attachment_truncated"),
            ("extended", stored + b"\0", "attachment_extended"),
            ("nothing", b"", "attachment_truncated"),
        ):
            w.add("attachment", name, "M34", name.replace("-", " "), {**inputs, "stored": changed}, error)
        w.add("attachment", "wrong-key", "M34", "another key", {**inputs, "key": det("other", 32)}, "chunk_invalid")
        wrong_hash = {**inputs, "hash": det("other", 32)}
        w.add("attachment", "wrong-hash", "M34", "another hash", wrong_hash, "attachment_hash_mismatch")
        shorter = {**inputs, "size": num(4)}
        w.add("attachment", "size-shorter", "M34", "the fifth byte is no padding", shorter, "attachment_padding")
    sizes = {"one-chunk-full": 65_536, "two-chunks": 70_000, "two-chunks-full": 131_072, "three-chunks": 150_000}
    for name, size in sizes.items():
        chunks = -(-attachments.padded_size(size) // attachments.CHUNK)
        inputs = _chunked(size, range(chunks))
        w.add("attachment-chunks", f"ok-{name}", "M34", f"{size} bytes in {chunks} chunks", inputs)
    size = 150_000
    for name, order, error in (
        ("reordered", [1, 0, 2], "chunk_invalid"),
        ("reordered-end", [0, 2, 1], "chunk_invalid"),
        ("repeated", [0, 0, 2], "chunk_invalid"),
        ("repeated-middle", [0, 1, 1, 2], "chunk_invalid"),
        ("repeated-end", [0, 1, 2, 2], "attachment_extended"),
        ("without-last", [0, 1], "attachment_truncated"),
        ("without-first", [1, 2], "chunk_invalid"),
        ("last-only", [2], "attachment_truncated"),
    ):
        why = f"chunks {order} of 0, 1, 2"
        w.add("attachment-chunks", name, "M34", why, _chunked(size, order), error)
    cut = {**_chunked(size, range(3)), "cut": num(1)}
    w.add("attachment-chunks", "cut", "M34", "the last byte is missing", cut, "attachment_truncated")
    more = {**_chunked(size, range(3)), "append": b"\0"}
    w.add("attachment-chunks", "extended", "M34", "one byte more", more, "attachment_extended")
    wrong = {**_chunked(size, range(3)), "hash": bytes(32)}
    w.add("attachment-chunks", "wrong-hash", "M34", "another hash", wrong, "attachment_hash_mismatch")


def _chunked(size: int, order: Any) -> dict[str, bytes]:
    seed = det(f"file {size}", 32)
    key = det(f"file key {size}", 32)
    return {
        "key": key,
        "size": num(size),
        "seed": seed,
        "order": bytes(order),
        "append": b"",
        "cut": num(0),
        "hash": b"",
    }


def _voice_and_log(w: Any) -> None:
    base = {"secret": SECRET, "conversation": CONVERSATION, "generation": num(3), "device": DEVICE}
    base |= {"salt": det("burst", 16)}
    key = voice.burst_key(SECRET, CONVERSATION, 3, DEVICE, det("burst", 16))
    for n in (0, 1, 49, 2**32 - 1):
        sealed = voice.seal_frame(key, n, det(f"opus {n}", 80))
        w.add("voice", f"ok-{n}", "M2", f"frame {n}", {**base, "number": num(n), "sealed": sealed})
    frame = {**base, "number": num(1), "sealed": voice.seal_frame(key, 1, det("opus 1", 80))}
    w.add("voice", "ok-empty", "M2", "silence", {**frame, "sealed": voice.seal_frame(key, 1, b"")})
    for name, changed in {
        "other-number": {**frame, "number": num(2)},
        "other-salt": {**frame, "salt": det("another burst", 16)},
        "other-device": {**frame, "device": det("another device", 16)},
        "other-generation": {**frame, "generation": num(4)},
        "flip-first": {**frame, "sealed": flip(frame["sealed"], 0)},
        "flip-tag": {**frame, "sealed": flip(frame["sealed"], -1)},
        "too-short": {**frame, "sealed": frame["sealed"][:15]},
        "number-too-big": {**frame, "number": num(2**32)},
    }.items():
        w.add("voice", name, "M2", name.replace("-", " "), changed, "frame_invalid")
    previous = bytes(32)
    for seq in (1, 2, 3):
        inputs = {"conversation": CONVERSATION, "seq": num(seq), "time": num(TIME + seq), "previous": previous}
        inputs["event"] = Event(header_of(f"log {seq}"), b"sealed").to_bytes()
        w.add("log-head", f"ok-{seq}", "M29", f"entry {seq}", inputs)
        previous = OPERATIONS["log-head"](inputs)["head"]
