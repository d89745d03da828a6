"""Cases of encodings, keys, signatures, codes and links."""

import base64
import hashlib
from typing import Any

import cbor2

from werkfunk.protocol import codes, cose, links, padding
from werkfunk.protocol.boxes import BoxKey, seal
from werkfunk.protocol.cbor import encode, tagged
from werkfunk.protocol.labels import Label
from werkfunk.protocol.signing import SigningKey
from werkfunk.protocol.statements import Head

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Y8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022


def det(name: str, size: int) -> bytes:
    """Bytes that look random and are the same each time."""
    return hashlib.shake_256(f"werkfunk vector: {name}".encode()).digest(size)


def num(value: int) -> bytes:
    """An integer as the vectors write it."""
    return value.to_bytes(8, "big")


def flip(data: bytes, bit: int) -> bytes:
    """`data` with one bit changed; negative counts from the end."""
    at = bit % (8 * len(data))
    changed = bytearray(data)
    changed[at // 8] ^= 1 << at % 8
    return bytes(changed)


def make(w: Any) -> None:
    """Add all of them."""
    _cbor(w)
    _ed25519(w)
    _boxes(w)
    _cose(w)
    _small(w)
    _codes(w)
    _links(w)


def _cbor(w: Any) -> None:
    good = {
        "integers": [0, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**53 - 1],
        "negative": [-1, -24, -25, -256, -257, 1 - 2**53],
        "strings": [b"", b"\x00" * 23, b"\x01" * 24, b"\x02" * 256, "", "Grüße, 工 👷"],
        "map-keys": {23: 1, 0: 2, 10: 3, 9: 4},
        "text-keys": {0: {"b": 1, "aa": 2, "a": 3, "ä": 4}},
        "simple": [False, True, None],
        "depth-16": json_depth(16),
    }
    for name, value in good.items():
        w.add("cbor", name, "M1", "allowed and in order", {"data": encode(value)})
    bad = {
        "empty": ("", "no item"),
        "trailing-byte": ("0000", "a byte after the item"),
        "truncated": ("8201", "an array of two with one item"),
        "integer-too-long": ("1817", "23 in two bytes"),
        "integer-too-long-8": ("1b0000000000000001", "1 in nine bytes"),
        "length-too-long": ("580100", "a byte string of 1 with a two-byte length"),
        "text-length-too-long": ("780161", "text of 1 with a two-byte length"),
        "array-length-too-long": ("980100", "an array of 1 with a two-byte length"),
        "map-length-too-long": ("b8010000", "a map of 1 with a two-byte length"),
        "integer-2-53": ("1b0020000000000000", "2^53 is not exact in a JavaScript number"),
        "integer-minus-2-53": ("3b001fffffffffffff", "-2^53"),
        "integer-64-bit": ("1bffffffffffffffff", "the largest 64-bit integer"),
        "map-order": ("a201000000", "keys 1, 0"),
        "map-order-text": ("a1" + "00" + "a2626161006162" + "00", "keys aa, b: the shorter one comes first"),
        "map-duplicate": ("a200010001", "key 0 twice"),
        "map-duplicate-value-differs": ("a200010002", "key 0 twice with two values"),
        "map-key-24": ("a1181800", "keys end at 23"),
        "map-key-negative": ("a12000", "key -1"),
        "map-key-bytes": ("a1410000", "a byte string as key"),
        "map-key-true": ("a1f500", "true as key"),
        "map-key-array": ("a18000", "an array as key"),
        "map-keys-mixed": ("a20000616100", "integer and text keys in one map"),
        "float-16": ("f93c00", "1.0"),
        "float-32": ("fa3f800000", "1.0"),
        "float-64": ("fb3ff0000000000000", "1.0"),
        "float-nan": ("f97e00", "NaN"),
        "tag-date": ("c11a514b67b0", "a date"),
        "tag-bignum": ("c24101", "a big integer"),
        "tag-decimal": ("c4820102", "a decimal fraction"),
        "tag-set": ("d9010281" + "00", "a set"),
        "tag-self-described": ("d9d9f700", "the tag that means nothing"),
        "undefined": ("f7", "undefined"),
        "simple-16": ("f0", "an unassigned simple value"),
        "simple-false-two-bytes": ("f814", "false in two bytes"),
        "indefinite-array": ("9f00ff", "an array without a length"),
        "indefinite-map": ("bf0000ff", "a map without a length"),
        "indefinite-bytes": ("5f4100ff", "a byte string in pieces"),
        "indefinite-text": ("7f6161ff", "text in pieces"),
        "break": ("ff", "a break without a beginning"),
        "utf8-invalid": ("62c328", "text that is not UTF-8"),
        "utf8-surrogate": ("63eda080", "a surrogate in UTF-8"),
        "utf8-overlong": ("62c080", "NUL in two bytes"),
        "length-absurd": ("9b0000ffffffffffff", "an array of 2^48 items"),
        "bytes-absurd": ("5b0000ffffffffffff", "a byte string of 2^48 bytes"),
        "depth-17": ("81" * 17 + "00", "17 arrays in each other"),
        "reserved-length": ("1c", "additional information 28"),
    }
    for name, (data, why) in bad.items():
        w.add("cbor", name, "M1", why, {"data": bytes.fromhex(data)}, "cbor_form")


def json_depth(depth: int) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = [value]
    return value


Point = tuple[int, int]


def add_points(a: Point, b: Point) -> Point:
    """Edwards addition, affine: slow and plain."""
    t = D * a[0] * b[0] * a[1] * b[1] % P
    x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + t, -1, P) % P
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - t, -1, P) % P
    return x, y


def times(k: int, point: Point) -> Point:
    result = (0, 1)
    while k:
        if k & 1:
            result = add_points(result, point)
        point = add_points(point, point)
        k >>= 1
    return result


def pack(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def lift(y: int) -> Point:
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    assert (x * x - x2) % P == 0
    return x, y


def small_points() -> dict[str, tuple[int, str]]:
    """All encodings of points of order 1, 2, 4 and 8, and of y >= p: name -> (number, the code's ending)."""
    out: dict[str, tuple[int, str]] = {}
    low = {"y-0": 0, "y-1": 1, "y-minus-1": P - 1, "y-order-8-a": Y8, "y-order-8-b": P - Y8}
    for name, y in low.items():
        out[name] = (y, "small_order")
        out[f"{name}-sign"] = (y | 1 << 255, "small_order")
    for name, y in {"y-p": P, "y-p-plus-1": P + 1, "y-p-plus-5": P + 5, "y-all-ones": 2**255 - 1}.items():
        out[name] = (y, "not_canonical")
        out[f"{name}-sign"] = (y | 1 << 255, "not_canonical")
    return out


def _ed25519(w: Any) -> None:
    key = SigningKey(det("ed25519 seed", 32))
    text = b"Werkfunk"
    signature = key.sign(text)
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    base = {"public": key.public, "signature": signature, "message": text}
    w.add("ed25519-public", "ok", "M5", "a usual key", {"public": key.public})
    w.add("ed25519", "ok", "M5", "a usual signature", base)
    empty = key.sign(b"")
    w.add("ed25519", "ok-empty-message", "M5", "of nothing", {**base, "signature": empty, "message": b""})
    for name, (value, ending) in small_points().items():
        point = value.to_bytes(32, "little")
        why = f"{name}: {ending.replace('_', ' ')}"
        w.add("ed25519-public", name, "M5", why, {"public": point}, f"signing_key_{ending}")
        w.add("ed25519", f"a-{name}", "M5", f"A is {why}", {**base, "public": point}, f"signing_key_{ending}")
        changed = {**base, "signature": point + signature[32:]}
        w.add("ed25519", f"r-{name}", "M5", f"R is {why}", changed, f"signature_r_{ending}")
    # The classic forgery: A and R of small order, S = 0, verifies for many messages in libraries that do not look.
    identity = (1).to_bytes(32, "little")
    forged = {"public": identity, "signature": identity + bytes(32), "message": text}
    w.add("ed25519", "forgery-small-order", "M5", "A = R = identity, S = 0", forged, "signing_key_small_order")
    off = next(y for y in range(2, 100) if pow((y * y - 1) * (D * y * y + 1), (P - 1) // 2, P) == P - 1)
    point = off.to_bytes(32, "little")
    w.add("ed25519-public", "not-on-curve", "M5", "no x for this y", {"public": point}, "signing_key_not_on_curve")
    w.add("ed25519-public", "short", "M5", "31 bytes", {"public": key.public[:31]}, "signing_key_length")
    w.add("ed25519-public", "long", "M5", "33 bytes", {"public": key.public + b"\0"}, "signing_key_length")
    for name, value in {"s-plus-l": s + L, "s-is-l": L, "s-all-ones": 2**256 - 1, "s-top-bit": s | 1 << 255}.items():
        changed = {**base, "signature": r + value.to_bytes(32, "little")}
        w.add("ed25519", name, "M5", "S is not below L", changed, "signature_s_range")
    for name, value in {"short": signature[:63], "long": signature + b"\0", "empty": b""}.items():
        w.add("ed25519", f"length-{name}", "M5", "not 64 bytes", {**base, "signature": value}, "signature_length")
    for name, changed in {
        "other-message": {**base, "message": b"werkfunk"},
        "other-key": {**base, "public": SigningKey(det("another", 32)).public},
        "flipped-s": {**base, "signature": flip(signature, 256)},
    }.items():
        w.add("ed25519", name, "M5", "does not hold", changed, "signature_invalid")
    # A with a component of order 8: holds only in verifiers that multiply by the cofactor.
    secret = hashlib.sha512(det("mixed", 32)).digest()
    a = int.from_bytes(secret[:32], "little") % L
    base_point = lift(4 * pow(5, -1, P) % P)
    base_point = base_point if base_point[0] % 2 == 0 else (P - base_point[0], base_point[1])
    mixed = pack(add_points(times(a, base_point), lift(Y8)))
    k = int.from_bytes(secret[32:], "little") % L
    packed_r = pack(times(k, base_point))
    h = int.from_bytes(hashlib.sha512(packed_r + mixed + text).digest(), "little")
    assert h % 8
    response = ((k + h * a) % L).to_bytes(32, "little")
    changed = {"public": mixed, "signature": packed_r + response, "message": text}
    w.add("ed25519", "cofactored-only", "M5", "holds only times the cofactor", changed, "signature_invalid")


def _boxes(w: Any) -> None:
    seed = det("box seed", 32)
    key = BoxKey(seed)
    public = key.public
    w.add("box-public", "ok", "M6", "a usual key", {"public": public})
    first = b"\x01" + bytes([public[1] & 0xF0 | 0x0D])
    last = bytes([public[1150] & 0x0F | 0x10, 0xD0])
    for name, changed in {
        "coefficient-3329-first": first + public[2:],
        "coefficient-3329-last": public[:1150] + last + public[1152:],
        "coefficient-4095": public[:600] + b"\xff\xff\xff" + public[603:],
    }.items():
        w.add("box-public", name, "M6", "an ML-KEM coefficient not below q", {"public": changed}, "box_key_coefficient")
    u8 = 325606250916557431795983626356110631294008115727848805560023387167927233504
    other = 39382357235489614581723060781553021112529911719440698176882885853963445705823
    low = {"0": 0, "1": 1, "minus-1": 2**255 - 20, "order-8-a": u8, "order-8-b": other, "p": P, "p-plus-1": P + 1}
    shares = {name: u.to_bytes(32, "little") for name, u in low.items()}
    shares["0-top-bit"] = (1 << 255).to_bytes(32, "little")
    for name, share in shares.items():
        changed = public[:1184] + share
        w.add(
            "box-public", f"x25519-{name}", "M6", "an X25519 key of low order", {"public": changed}, "box_key_low_order"
        )
    for name, changed in {"short": public[:-1], "long": public + b"\0", "empty": b""}.items():
        w.add("box-public", f"length-{name}", "M6", "not 1216 bytes", {"public": changed}, "box_key_length")
    info = tagged(Label.SEED_BOX, b"", 1, det("box recipient", 16))
    fixed = {"seed": seed, "info": info}
    opened = {**fixed, "box": w.kept("box", "ok", fixed, lambda: seal(public, info, det("box plaintext", 96)))}
    w.add("box", "ok", "M6", "96 bytes", opened)
    opened_empty = w.kept("box", "ok-empty", fixed, lambda: seal(public, info, b""))
    w.add("box", "ok-empty", "M6", "nothing inside", {**fixed, "box": opened_empty})
    box = opened["box"]
    for name, share in shares.items():
        changed = box[:1088] + share + box[1120:]
        w.add("box", f"share-{name}", "M6", "a share of low order", {**fixed, "box": changed}, "box_invalid")
    for name, changed in {
        "other-info": {**opened, "info": tagged(Label.SEED_BOX, b"", 2, det("box recipient", 16))},
        "other-key": {**opened, "seed": det("another box seed", 32)},
        "flip-first": {**opened, "box": flip(box, 0)},
        "flip-mlkem-last": {**opened, "box": flip(box, 8 * 1088 - 1)},
        "flip-share": {**opened, "box": flip(box, 8 * 1088)},
        "flip-ciphertext": {**opened, "box": flip(box, 8 * 1120)},
        "flip-tag": {**opened, "box": flip(box, -1)},
        "truncated": {**opened, "box": box[:-1]},
        "extended": {**opened, "box": box + b"\0"},
        "too-short": {**opened, "box": box[:1135]},
        "empty": {**opened, "box": b""},
    }.items():
        w.add("box", name, "M6", "does not open", changed, "box_invalid")


def _cose(w: Any) -> None:
    key = SigningKey(det("cose key", 32))
    payload = encode({0: 1, 1: b"payload"})
    data = cose.sign1(key, Label.STATEMENT, payload)
    header, _, _, signature = cbor2.loads(data)
    base = {"public": key.public, "label": b"statement", "data": data}
    w.add("cose-sign1", "ok", "M3", "the one form", base)
    w.add(
        "cose-sign1", "other-label", "M2", "signed for a statement", {**base, "label": b"content"}, "signature_invalid"
    )

    def pack_cose(*items: Any) -> bytes:
        return cbor2.dumps(list(items), canonical=True)

    alg8 = cbor2.dumps({1: -8}, canonical=True)
    kid = cbor2.dumps({1: -19, 4: b"kid"}, canonical=True)
    for name, changed, why in (
        ("alg-unprotected", pack_cose(b"", {1: -19}, payload, signature), "the algorithm is not protected"),
        ("alg-both", pack_cose(header, {1: -19}, payload, signature), "the unprotected map is not empty"),
        ("alg-eddsa", pack_cose(alg8, {}, payload, signature), "EdDSA (-8) instead of Ed25519 (-19)"),
        ("kid", pack_cose(kid, {}, payload, signature), "one more protected header"),
        ("kid-unprotected", pack_cose(header, {4: b"kid"}, payload, signature), "a kid"),
        ("header-empty", pack_cose(b"", {}, payload, signature), "no algorithm"),
        ("detached", pack_cose(header, {}, None, signature), "no payload"),
        ("payload-text", pack_cose(header, {}, "payload", signature), "a payload of text"),
        ("three-items", pack_cose(header, {}, payload), "no signature"),
        ("five-items", pack_cose(header, {}, payload, signature, b""), "one item too many"),
        ("signature-short", pack_cose(header, {}, payload, signature[:-1]), "63 bytes"),
    ):
        error = "signature_length" if name == "signature-short" else "cose_form"
        w.add("cose-sign1", name, "M3", why, {**base, "data": changed}, error)
    tag = b"\xd2" + data
    w.add("cose-sign1", "tagged", "M3", "the CBOR tag 18 in front", {**base, "data": tag}, "cbor_form")
    other = pack_cose(header, {}, encode({0: 2}), signature)
    w.add("cose-sign1", "other-payload", "M3", "another payload", {**base, "data": other}, "signature_invalid")

    secret, iv, aad = det("cose secret", 32), det("cose iv", 12), tagged(Label.MESSAGE, 1)
    data = cose.encrypt0(secret, iv, aad, b"plaintext")
    header, _, ciphertext = cbor2.loads(data)
    base = {"key": secret, "aad": aad, "data": data}
    w.add("cose-encrypt0", "ok", "M3", "the one form", base)
    forms: dict[str, tuple[Any, str]] = {
        "iv-missing": ([cbor2.dumps({1: 3}), {}, ciphertext], "no iv"),
        "iv-unprotected": ([cbor2.dumps({1: 3}), {5: iv}, ciphertext], "the iv is not protected"),
        "iv-short": ([cbor2.dumps({1: 3, 5: iv[:-1]}), {}, ciphertext], "11 bytes"),
        "iv-text": ([cbor2.dumps({1: 3, 5: "x" * 12}), {}, ciphertext], "text"),
        "alg-a128gcm": ([cbor2.dumps({1: 1, 5: iv}), {}, ciphertext], "A128GCM"),
        "alg-chacha": ([cbor2.dumps({1: 24, 5: iv}), {}, ciphertext], "ChaCha20/Poly1305"),
        "alg-unprotected": ([b"", {1: 3, 5: iv}, ciphertext], "nothing is protected"),
        "kid": ([cbor2.dumps({1: 3, 4: b"kid", 5: iv}, canonical=True), {}, ciphertext], "one more header"),
        "unprotected": ([header, {4: b"kid"}, ciphertext], "the unprotected map is not empty"),
        "detached": ([header, {}, None], "no ciphertext"),
        "two-items": ([header, {}], "no ciphertext"),
        "four-items": ([header, {}, ciphertext, []], "recipients: that is COSE_Encrypt"),
    }
    for name, (items, why) in forms.items():
        changed = {**base, "data": pack_cose(*items)}
        w.add("cose-encrypt0", name, "M3", why, changed, "cose_form")
    order = b"\xa2\x05\x4c" + iv + b"\x01\x03"
    changed = {**base, "data": pack_cose(order, {}, ciphertext)}
    w.add("cose-encrypt0", "header-order", "M1", "the protected map's keys are out of order", changed, "cbor_form")
    for name, changed in {
        "other-aad": {**base, "aad": tagged(Label.MESSAGE, 2)},
        "other-key": {**base, "key": det("another", 32)},
        "flip-iv": {**base, "data": pack_cose(flip(header, -1), {}, ciphertext)},
        "flip-ciphertext": {**base, "data": pack_cose(header, {}, flip(ciphertext, 0))},
        "flip-tag": {**base, "data": pack_cose(header, {}, flip(ciphertext, -1))},
        "too-short": {**base, "data": pack_cose(header, {}, ciphertext[:15])},
    }.items():
        w.add("cose-encrypt0", name, "M3", "does not open", changed, "seal_invalid")


def _small(w: Any) -> None:
    for size in (0, 1, 251, 252, 253, 260, 1000, 5000):
        padded = padding.pad(det(f"padding {size}", size))
        w.add("padding", f"ok-{size}", "M4", f"{size} bytes become {len(padded)}", {"padded": padded})
    good = padding.pad(b"abc")
    for name, changed in {
        "not-zero-first": good[:7] + b"\1" + good[8:],
        "not-zero-last": good[:-1] + b"\1",
        "one-short": good[:-1],
        "one-long": good + b"\0",
        "next-step": (3).to_bytes(4, "big") + b"abc" + bytes(264 - 7),
        "length-too-big": (253).to_bytes(4, "big") + good[4:],
        "length-absurd": b"\xff\xff\xff\xff" + good[4:],
        "not-padded": b"\0\0\0\3abc",
        "empty": b"",
    }.items():
        w.add(
            "padding", name, "M4", "a wrong length or a byte that is not zero", {"padded": changed}, "padding_invalid"
        )
    info = tagged(Label.VOICE, det("kdf conversation", 16), 1, det("kdf device", 16))
    for name, salt in {"ok": det("kdf salt", 16), "ok-no-salt": b""}.items():
        w.add("kdf", name, "M2", "HKDF-SHA256, 32 bytes", {"ikm": det("kdf ikm", 32), "salt": salt, "info": info})
    for label in Label:
        items = encode([1, b"\x02", "drei"])
        name = "label-" + label.value.replace(" ", "-")
        w.add("tagged", name, "M2", "T(label, 1, h'02', \"drei\")", {"label": label.value.encode(), "items": items})
    w.add("ids", "ok", "M17", "ids follow from the signing key", {"signing": SigningKey(det("id", 32)).public})
    for name, device in (("ok", "device"), ("of-another-device", "another")):
        chosen = {"device": det(device, 16), "chosen": det("chosen", 8)}
        w.add("message-id", name, "M28", f"what {device} has chosen, bound to {device}", chosen)
    w.add("recipient", "ok", "M17", "keys of a recovery code or ticket", {"seed": det("recipient seed", 16)})


def _codes(w: Any) -> None:
    org, one, other = det("org", 32), det("one", 32), det("other", 32)
    inputs = {"organisation": org, "one": one, "other": other}
    w.add("verification", "ok", "M2", "12 groups of 5 digits", inputs)
    w.add("verification", "ok-swapped", "M2", "the same for both", {**inputs, "one": other, "other": one})
    zero = next(f"{i}" for i in range(1000) if codes.verification_number(org, det(f"{i}", 32), one).startswith("0"))
    w.add(
        "verification", "ok-leading-zero", "M2", "a leading zero stays", {**inputs, "one": det(zero, 32), "other": one}
    )
    code = codes.encode_recovery(det("recovery", 16))
    zeros = codes.encode_recovery(bytes(16))
    for name, typed, why in (
        ("ok", code, "as printed"),
        ("ok-lowercase", code.lower(), "lower case"),
        ("ok-spaces", " " + code.replace("-", " ") + " ", "spaces instead of hyphens"),
        ("ok-plain", code.replace("-", ""), "no hyphens"),
        ("ok-zeros", zeros, "the seed of zeros"),
        ("ok-ones", codes.encode_recovery(b"\xff" * 16), "the seed of ones"),
        ("ok-o-for-0", zeros.replace("0", "O", 3).replace("0", "o", 3), "O is read as 0"),
    ):
        w.add("recovery-code", name, "M35", why, {"code": typed.encode()})
    with_one = next(c for i in range(99) if "1" in (c := codes.encode_recovery(det(f"recovery {i}", 16))))
    for letter in "IiLl":
        name = f"ok-{'lower' if letter.islower() else 'upper'}-{letter.lower()}-for-1"
        w.add("recovery-code", name, "M35", f"{letter} is read as 1", {"code": with_one.replace("1", letter).encode()})
    wrong = ("2" if code[0] != "2" else "3") + code[1:]
    i = next(i for i in range(3) if code[i] != code[i + 1])
    swapped = code[:i] + code[i + 1] + code[i] + code[i + 2 :]
    for name, typed, error in (
        ("typo", wrong, "recovery_code_checksum"),
        ("swapped", swapped, "recovery_code_checksum"),
        ("letter-u", "U" + code[1:], "recovery_code_symbol"),
        ("sharp-s", "ß" + code[2:], "recovery_code_symbol"),
        ("umlaut", "Ä" + code[1:], "recovery_code_symbol"),
        ("short", code[:-1], "recovery_code_length"),
        ("long", code + "0", "recovery_code_length"),
        ("empty", "", "recovery_code_length"),
    ):
        w.add("recovery-code", name, "M35", f"{name.replace('-', ' ')}", {"code": typed.encode()}, error)


def _links(w: Any) -> None:
    base = "https://funk.example"
    head, user_head = Head(5, det("head", 32)), Head(0, det("user head", 32))
    device = links.DeviceLink(det("org", 32), head, det("user", 32), user_head, det("ticket", 16))
    for name, link, at in (
        ("ok-invite", links.InviteLink(det("org", 32), det("invite", 32), det("invite seed", 32)), base),
        ("ok-setup", links.SetupLink(det("setup", 16)), base),
        ("ok-device", device, base),
        ("ok-offer", links.OfferLink(det("nonce", 32), det("offer", 32)), base),
        ("ok-path", links.SetupLink(det("setup", 16)), "http://localhost:8080/funk"),
    ):
        w.add("link", name, "M36", "one of the kinds", {"url": links.to_url(at, link).encode()})

    def url(letter: str, value: Any) -> bytes:
        data = cbor2.dumps(value, canonical=True)
        return f"{base}/#{letter}={base64.urlsafe_b64encode(data).decode().rstrip('=')}".encode()

    setup = links.to_url(base, links.SetupLink(det("setup", 16))).encode()
    invite = [1, "invite link", det("org", 32), det("invite", 32), det("invite seed", 32)]
    wrong_head = [1, "device link", det("org", 32), [-1, bytes(32)], det("user", 32), [0, bytes(32)], bytes(16)]
    # 116 bytes leave two bits over in the last of 155 characters; they must be zero.
    whole = links.to_url(base, links.InviteLink(det("org", 32), det("invite", 32), det("invite seed", 32)))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spare = (whole[:-1] + alphabet[alphabet.index(whole[-1]) + 1]).encode()
    for name, changed, why in (
        ("letter-differs", url("s", invite), "an invite under the letter of a set-up link"),
        ("letter-unknown", url("x", invite), "no such kind"),
        ("label-differs", url("s", [1, "invite link", bytes(16)]), "the label of another kind"),
        ("suite-2", url("s", [2, "setup link", bytes(16)]), "another suite"),
        ("suite-true", url("s", [True, "setup link", bytes(16)]), "true for 1"),
        ("secret-short", url("s", [1, "setup link", bytes(15)]), "15 bytes"),
        ("nonce-short", url("o", [1, "offer link", bytes(31), bytes(32)]), "31 bytes"),
        ("head-negative", url("d", wrong_head), "a head number below 0"),
        ("head-true", url("d", [*wrong_head[:3], [True, bytes(32)], *wrong_head[4:]]), "true for a number"),
        ("item-missing", url("i", invite[:-1]), "no seed"),
        ("item-extra", url("i", [*invite, 0]), "one too many"),
        ("padded", setup + b"==", "base64 padding"),
        ("base64-spare-bits", spare, "bits that base64 does not use"),
        ("base64-plus", setup.replace(b"#s=", b"#s=+"), "a character of the other alphabet"),
        ("cut", setup[:-4], "cut off"),
        ("no-fragment", base.encode() + b"/", "nothing"),
        ("no-value", base.encode() + b"/#s=", "nothing"),
        ("scheme", setup.replace(b"https", b"ftp"), "not http"),
    ):
        w.add("link", name, "M36", why, {"url": changed}, "link_form")
