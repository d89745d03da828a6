"""Cases of what stands inside a seal: layers of a photo, pixels taken away, live places; and of profile pictures."""

import hashlib
from typing import Any

from p1_cases_forms import det, num

from werkfunk.protocol.cbor import encode, tagged
from werkfunk.protocol.cose import encrypt0
from werkfunk.protocol.identity import Profile, profile_commitment
from werkfunk.protocol.kdf import sha256
from werkfunk.protocol.labels import Label
from werkfunk.protocol.padding import pad
from werkfunk.protocol.picture import JPEG, PICTURE_MAX, seal_picture


def make(w: Any) -> None:
    """Add all of them."""
    _layers(w)
    _live_places(w)
    _profiles(w)
    _pictures(w)
    _redact(w)


def _layers(w: Any) -> None:
    two = [1000, 2000, 3000, -4000]
    shapes: list[dict[int, Any]] = [{0: shape, 1: two, 2: 0xE11D48, 3: 120} for shape in (1, 2, 3, 4)]
    shapes += [
        {0: 5, 1: [7, 8, 9, 10, 11, 12], 2: 0, 3: 1},
        {0: 6, 1: [0, 0], 2: 0xFFFFFF, 3: 700, 4: "Öffnung\nprüfen"},
        {0: 7, 1: [16_384, 12_288], 2: 0xE11D48, 3: 600, 5: 3},
        {0: 8, 1: two, 2: 0x1D4ED8, 3: 90, 4: "2,45 m"},
        {0: 11, 1: [], 2: 0xFFFFFF, 3: 400, 4: "24.11.2026 13:40"},
    ]
    frame = {0: 8_192, 1: 6_144, 2: 12_000, 3: 9_000, 4: 350}
    good = {0: 1, 1: 16_384, 2: 12_288, 3: frame, 4: 10, 5: -20, 6: shapes}

    def add(name: str, why: str, value: Any, error: str | None = "record_form") -> None:
        w.add("layers", name, "M38", why, {"data": encode(value)}, error)

    add("ok", "a layer of each shape that travels", good, None)
    add("ok-empty", "nothing drawn", {**good, 6: []}, None)
    add("ok-pen-longest", "a stroke of 2,000 points", {**good, 6: [{**shapes[4], 1: [5] * 4_000}]}, None)
    for shape, name in ((9, "black-out"), (10, "pixelate")):
        add(name, "what it covers would still be there", {**good, 6: [{0: shape, 1: two, 2: 0, 3: 1}]})
    one = shapes[0]
    wrong: dict[str, tuple[dict[int, Any], str]] = {
        "shape-unknown": ({**one, 0: 12}, "a shape that nobody knows"),
        "points-one": ({**one, 1: [1, 2]}, "an arrow with one end"),
        "points-odd": ({**one, 1: [1, 2, 3]}, "half a point"),
        "points-many": ({**shapes[4], 1: [5] * 4_002}, "a stroke of 2,001 points"),
        "pen-empty": ({**shapes[4], 1: []}, "a stroke without a point"),
        "point-far": ({**one, 1: [0, 0, 65_537, 0]}, "too far outside"),
        "colour-above": ({**one, 2: 0x1000000}, "no colour"),
        "size-zero": ({**one, 3: 0}, "no width"),
        "text-missing": ({0: 6, 1: [0, 0], 2: 0, 3: 700}, "a text without text"),
        "text-unasked": ({**one, 4: "x"}, "an arrow with a text"),
        "text-long": ({**shapes[5], 4: "x" * 501}, "501 characters"),
        "number-missing": ({0: 7, 1: [0, 0], 2: 0, 3: 600}, "a mark without a number"),
        "number-zero": ({**shapes[6], 5: 0}, "number 0"),
        "key-unknown": ({**one, 6: 0}, "a key that nobody knows"),
    }
    for name, (layer, why) in wrong.items():
        add(f"layer-{name}", why, {**good, 6: [layer]})
    add("version", "a later version", {**good, 0: 2})
    add("side-short", "the longer side is not 16,384", {**good, 1: 16_383})
    add("angle-full", "a whole turn", {**good, 3: {**frame, 4: 36_000}})
    add("frame-flat", "nothing seen", {**good, 3: {**frame, 3: 0}})
    add("brightness", "more than 100 %", {**good, 4: 101})
    add("many", "1,001 layers", {**good, 6: [one] * 1_001})
    w.add("layers", "trailing-byte", "M1", "a byte too many", {"data": encode(good) + b"\0"}, "cbor_form")


def _live_places(w: Any) -> None:
    now, hour = 1_790_000_000_000, 3_600_000
    good = {0: 513_000_000, 1: 94_900_000, 2: 1_200, 3: now + hour, 4: now}
    over = {3: 0, 4: now}

    def add(name: str, why: str, value: Any, error: str | None = "place_form") -> None:
        w.add("live-place", name, "M40", why, {"value": encode(value)}, error)

    add("ok", "a place for an hour", good, None)
    add("ok-over", "the end of it names no place", over, None)
    add("ok-longest", "sixteen hours", {**good, 3: now + 16 * hour}, None)
    add("ok-corner", "the south-western corner of the world", {**good, 0: -900_000_000, 1: -1_800_000_000}, None)
    add("endless", "further ahead than a working day", {**good, 3: now + 16 * hour + 1})
    add("end-first", "over before it was measured", {**good, 3: now - 1})
    add("end-now", "no time at all", {**good, 3: now})
    add("over-with-place", "ended, but still says where", {**good, 3: 0})
    add("over-with-accuracy", "ended, but still says how exactly", {**over, 2: 5})
    add("no-longitude", "half a place", {key: good[key] for key in (0, 2, 3, 4)})
    add("latitude", "north of the pole", {**good, 0: 900_000_001}, "record_form")
    add("no-end", "a place for ever", {key: good[key] for key in (0, 1, 4)}, "record_form")
    add("unknown-key", "a key that nobody knows", {**good, 5: 1}, "record_form")


def _redact(w: Any) -> None:
    width, height = 40, 24
    picture = hashlib.shake_256(b"picture").digest(3 * width * height)
    noise = det("noise", 32) * 6
    cases: dict[str, tuple[str, list[int], str]] = {
        "black-out": ("black-out", [10, 6, 8, 5], "two pixels more on each side"),
        "black-out-edge": ("black-out", [-5, 20, 12, 40], "over the edge"),
        "black-out-beside": ("black-out", [50, 0, 8, 8], "beside the picture: nothing"),
        "pixelate": ("pixelate", [2, 2, 34, 18], "two blocks, none smaller than 16 by 16"),
        "pixelate-small": ("pixelate", [30, 3, 3, 3], "one block"),
        "pixelate-all": ("pixelate", [0, 0, 40, 24], "the whole picture"),
    }
    for name, (how, rectangle, why) in cases.items():
        size = {"width": num(width), "height": num(height)}
        w.add(
            "redact",
            name,
            "M38",
            why,
            {**size, "rectangle": encode(rectangle), "how": how.encode(), "noise": noise, "pixels": picture},
        )


def _profiles(w: Any) -> None:
    salt = det("profile salt", 16)

    def add(name: str, why: str, profile: bytes, commitment: bytes | None = None) -> None:
        inputs = {"profile": profile, "commitment": commitment or profile_commitment(profile)}
        w.add("profile", name, "M19", why, inputs)

    good = Profile("Jürgen Şahin 👷").seal(salt)
    add("ok", "a name", good)
    add("ok-picture", "a name and the hash of a picture", Profile("Anna", det("picture hash", 32)).seal(salt))
    add("ok-longest", "120 characters", Profile("ä" * 120).seal(salt))
    add("not-signed", "another name than the signed one", Profile("Chef").seal(salt), profile_commitment(good))
    add("other-salt", "the salt is another", det("other salt", 16) + good[16:], profile_commitment(good))
    add("erased", "nothing is left of it", b"", profile_commitment(good))
    add("salt-alone", "no document", salt)
    add("long", "121 characters", salt + encode({0: "a" * 121}))
    add("key-unknown", "a key that nobody knows", salt + encode({0: "Anna", 2: 0}))
    add("name-missing", "no name", salt + encode({1: bytes(32)}))
    add("trailing-byte", "a byte too many", good + b"\0")


def _pictures(w: Any) -> None:
    key, iv, user = det("picture key", 32), det("picture iv", 12), det("user", 32)
    jpeg = JPEG + det("picture", 700)
    good = seal_picture(key, iv, user, jpeg)

    def sealed(inner: bytes, owner: bytes = user) -> bytes:
        return encrypt0(key, iv, tagged(Label.PROFILE_PICTURE, owner), inner)

    def add(name: str, why: str, data: bytes, error: str | None = None, **other: bytes) -> None:
        inputs = {"key": key, "user": user, "hash": sha256(data), "sealed": data} | other
        w.add("profile-picture", name, "M41", why, inputs, error)

    add("ok", "a picture", good)
    add("ok-largest", "16,384 bytes", seal_picture(key, iv, user, JPEG + bytes(PICTURE_MAX - 3)))
    add("hash", "not what the signed profile names", good, "picture_hash", hash=sha256(jpeg))
    add(
        "bit",
        "a bit flipped after the person signed",
        good[:-1] + bytes([good[-1] ^ 1]),
        "picture_hash",
        hash=sha256(good),
    )
    add("key", "another key", good, "seal_invalid", key=det("another key", 32))
    add("user", "another person's picture", sealed(pad(jpeg), det("another user", 32)), "seal_invalid")
    add("png", "not a JPEG", sealed(pad(b"\x89PNG" + bytes(60))), "picture_form")
    add("empty", "nothing", sealed(pad(b"")), "picture_form")
    add("large", "a byte too many", sealed(pad(JPEG + bytes(PICTURE_MAX - 2))), "picture_form")
    add("padding", "without padding", sealed(jpeg), "padding_invalid")
    for name, why, value, error in (
        ("ok", "key and hash", {0: key, 1: sha256(good)}, None),
        ("ok-none", "no picture", {}, None),
        ("no-hash", "a key for nothing", {0: key}, "picture_form"),
        ("no-key", "a hash without its key", {1: sha256(good)}, "picture_form"),
        ("short", "a key of 16 bytes", {0: key[:16], 1: sha256(good)}, "record_form"),
        ("unknown-key", "a key that nobody knows", {0: key, 1: sha256(good), 2: 0}, "record_form"),
    ):
        w.add("picture-key", name, "M41", why, {"value": encode(value)}, error)
