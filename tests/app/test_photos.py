"""Photos through the app's engine, between two people: what was covered is gone, what a camera says is gone. [M38] [M44]"""

import hashlib
import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image

from e2e.process import Serving

from .conftest import MakeEngine
from .engine import Engine, Refused, data_of, file
from .memory import MEBIBYTE, Growth
from .pictures import SIDE, big_photo, blob, covering, edit, greenest, opened, says_nothing, secret_photo, turned_photo

BLACK_OUT, PIXELATE, ARROW, MARK = 9, 10, 1, 7


async def pair(server: Serving, engine: MakeEngine) -> tuple[Engine, Engine, str]:
    """Anna and Ben in one site."""
    anna, ben = await engine(), await engine()
    await anna.join(server.setup, "Anna")
    await ben.join((await anna("people.invite", "member", 1, 1))["link"], "Ben")

    async def known() -> Any:
        return [one for one in await anna("people.list") if one["name"] == "Ben"]

    (person,) = await anna.until(known)
    return anna, ben, await anna("chats.create", "site", "Lindenweg", "Lindenweg 4", [person["user"]])


async def send(anna: Engine, site: str, data: bytes, kind: str = "image/jpeg", **more: Any) -> str:
    out = {"file": file(data, kind), "name": "IMG_0815.jpg", "photo": True, "original": False, **more}
    return await anna.say(site, "Riss", files=[out])


async def received(ben: Engine, site: str, message: str) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        found = [line for line in await ben.lines(site) if line["id"] == message]
        return found[0] if found else None

    line = await ben.until(look)
    assert line is not None
    return line


async def everything(ben: Engine, site: str, line: dict[str, Any]) -> dict[str, bytes]:
    """All that came of the first photo: as shown, its thumbnail, the original and its layers if they came along."""
    shown = line["files"][0]
    found = {"shown": await opening(ben, site, line, shown["blob"]), "thumbnail": blob(shown["thumbnail"])}
    for name in ("original", "layers"):
        if shown[name]:
            found[name] = await opening(ben, site, line, shown[name])
    return found


async def opening(ben: Engine, site: str, line: dict[str, Any], name: str) -> bytes:
    return data_of(await ben("files.open", site, line["id"], name))


async def test_m38_blacked_out_pixels_and_exif_are_in_nothing_that_arrives(server: Serving, engine: MakeEngine) -> None:
    anna, ben, site = await pair(server, engine)
    photo = secret_photo()
    assert greenest(opened(photo)) > 150
    arrow = {"shape": ARROW, "points": [0, 0, SIDE // 8, SIDE // 8], "colour": 0xE11D2A, "size": 110}
    layers = edit(1600, 1200, covering(BLACK_OUT, 1600, 1200), arrow)
    message = await send(anna, site, photo, edit=layers, original=True)
    came = await everything(ben, site, await received(ben, site, message))
    assert set(came) == {"shown", "thumbnail", "original", "layers"}
    for name in ("shown", "thumbnail", "original"):
        says_nothing(came[name])
        image = opened(came[name]).convert("RGB")
        assert greenest(image) < 40, name
        box = (image.width // 4, image.height // 4, image.width // 2, image.height // 2)
        assert max(max(part) for part in image.crop(box).getextrema()) < 40, name
    # The arrow travels, what was covered does not: neither as pixels nor as a place.
    assert b"\x01" in came["layers"]
    assert came["layers"].count(hashlib.sha256(photo).digest()) == 0
    # Nor does the sender's own device keep it: what it would send again is the same.
    own = await everything(anna, site, await received(anna, site, message))
    assert own["original"] == came["original"]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
async def test_m38_pixelated_pixels_are_gone(server: Serving, engine: MakeEngine, form: str) -> None:
    anna, ben, site = await pair(server, engine)
    photo = secret_photo(form=form)
    layers = edit(1600, 1200, covering(PIXELATE, 1600, 1200))
    message = await send(anna, site, photo, f"image/{form.lower()}", edit=layers)
    came = await everything(ben, site, await received(ben, site, message))
    assert set(came) == {"shown", "thumbnail"}
    image = opened(came["shown"]).convert("RGB")
    says_nothing(came["shown"])
    inside = image.crop((410, 310, 790, 590))
    colours = {tuple(round(value / 32) for value in pixel) for pixel in inside.get_flattened_data()}
    assert len(colours) <= 64
    assert (0, round(200 / 32), 0) not in colours or len(colours) > 1


@pytest.mark.parametrize("original", [False, True])
async def test_a_photo_says_nothing_about_place_and_camera(server: Serving, engine: MakeEngine, original: bool) -> None:
    anna, ben, site = await pair(server, engine)
    message = await send(anna, site, secret_photo(), original=original)
    came = await everything(ben, site, await received(ben, site, message))
    assert ("original" in came) is original
    for data in came.values():
        says_nothing(data)
    if original:
        # Only what it says was taken off: the pixels are the camera's.
        assert opened(came["original"]).tobytes() == opened(secret_photo()).tobytes()
    as_file = {"file": file(secret_photo(), "image/jpeg"), "name": "Plan.jpg", "photo": False, "original": False}
    line = await received(ben, site, await anna.say(site, "", files=[as_file]))
    assert line["kind"] == "file"
    says_nothing(await opening(ben, site, line, line["files"][0]["blob"]))


async def test_all_eight_orientations_arrive_upright(server: Serving, engine: MakeEngine) -> None:
    anna, ben, site = await pair(server, engine)
    for orientation in range(1, 9):
        message = await send(anna, site, turned_photo(orientation), original=True)
        came = await everything(ben, site, await received(ben, site, message))
        for name, data in came.items():
            image = opened(data).convert("RGB")
            assert abs(image.width / image.height - 2) < 0.02, (orientation, name)
            red = image.getpixel((image.width // 20, image.height // 20))
            blue = image.getpixel((image.width * 19 // 20, image.height * 19 // 20))
            assert isinstance(red, tuple)
            assert isinstance(blue, tuple)
            assert red[0] > 180 > red[2], (orientation, name)
            assert blue[2] > 180 > blue[0], (orientation, name)


async def test_crop_turn_and_tone_reach_the_other(server: Serving, engine: MakeEngine) -> None:
    anna, ben, site = await pair(server, engine)
    # The green patch alone, turned by a quarter, and darker.
    frame = {"x": 6144, "y": 4608, "width": 3000, "height": 4000, "angle": 27_000}
    message = await send(anna, site, secret_photo(), edit=edit(1600, 1200, frame=frame, brightness=-50))
    image = opened((await everything(ben, site, await received(ben, site, message)))["shown"]).convert("RGB")
    assert (image.width, image.height) == (293, 391)
    for place in ((10, 10), (280, 380)):
        pixel = image.getpixel(place)
        assert isinstance(pixel, tuple)
        assert pixel[0] < 30
        assert abs(pixel[1] - 136) < 12


async def test_m44_a_photo_leads_to_the_one_that_it_was_edited_from_and_does_nothing_else(
    server: Serving, engine: MakeEngine
) -> None:
    anna, ben, site = await pair(server, engine)
    elsewhere = await anna("chats.create", "group", "Anderswo", "", [await ben.me()])
    picture = {"file": file(secret_photo(), "image/jpeg"), "name": "a.jpg", "photo": True, "original": False}

    async def made(where: str, source: str | None) -> str:
        out = {"text": "", "replyTo": None, "files": [picture], **({"editedFrom": source} if source else {})}
        return str(await anna("messages.send", where, out))

    first = await made(site, None)
    others = [await anna.say(site, "Guten Morgen"), await made(elsewhere, None), "00" * 16]
    edited = [await made(site, source) for source in (first, *others)]

    async def arrived() -> Any:
        lines = {line["id"]: line for line in await ben.lines(site)}
        return lines if set(edited) <= set(lines) else None

    lines = await ben.until(arrived)
    names = [lines[one]["editedFrom"]["senderName"] for one in edited]
    assert names == [lines[first]["senderName"], "", "", ""], "a text, another conversation, nothing"
    assert (lines[first]["kind"], lines[first]["edited"], lines[first]["editedFrom"]) == ("photo", False, None)


async def test_ten_photos_fit_into_one_message(server: Serving, engine: MakeEngine) -> None:
    anna, ben, site = await pair(server, engine)
    noise = Image.effect_noise((900, 700), 90).convert("RGB")
    out = io.BytesIO()
    noise.save(out, "JPEG", quality=90)
    one = {"file": file(out.getvalue(), "image/jpeg"), "name": "x.jpg", "photo": True, "original": False}
    line = await received(ben, site, await anna.say(site, "", files=[one] * 10))
    assert len(line["files"]) == 10
    assert all(len(blob(each["thumbnail"])) <= 4_500 for each in line["files"] if each["thumbnail"])


def png(width: int, height: int) -> bytes:
    """A PNG that promises far more pixels than it has bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(10_000))) + chunk(b"IEND", b"")


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0\0\0\x14ispe\0\0\0\0\0\0\x0f\xc0\0\0\x0b\xd0" + bytes(500)


@pytest.mark.parametrize("as_photo", [True, False])
async def test_bombs_and_broken_pictures_are_refused_clearly(
    server: Serving, engine: MakeEngine, as_photo: bool
) -> None:
    anna, _, site = await pair(server, engine)
    refused = {
        "bomb": (png(60_000, 60_000), "picture_too_large"),
        "long": (png(31_000, 10), "picture_too_large"),
        "cut": (secret_photo()[:300], "picture_unreadable"),
        "empty": (b"\xff\xd8\xff", "picture_unreadable"),
        "heic": (HEIC, "picture_heic"),
    }
    for name, (data, code) in refused.items():
        out = {"file": file(data, "image/jpeg"), "name": name, "photo": as_photo, "original": False}
        with pytest.raises(Refused) as refusal:
            await anna.say(site, "", files=[out])
        assert refusal.value.code == code, name
    assert [line for line in await anna.lines(site) if line["kind"] in ("photo", "file")] == []


async def test_48_megapixels_stay_below_400_mb(server: Serving, engine: MakeEngine) -> None:
    big = big_photo()
    anna = await engine()
    await anna.join(server.setup, "Anna")
    site = await anna("chats.create", "site", "Lindenweg", "Lindenweg 4", [])
    await send(anna, site, secret_photo())
    growth = Growth()
    layers = edit(8_000, 6_000, covering(BLACK_OUT, 8_000, 6_000))
    message = await send(anna, site, big, edit=layers, original=True)
    grown = growth.most()
    assert 50 * MEBIBYTE < grown < 400 * MEBIBYTE, f"{grown / MEBIBYTE:.0f} MiB"
    came = await everything(anna, site, await received(anna, site, message))
    assert opened(came["original"]).size == (6_000, 4_500)
    assert greenest(opened(came["shown"])) < 40


async def test_a_defect_is_on_the_photo_and_the_newest_word_counts(server: Serving, engine: MakeEngine) -> None:
    anna, ben, site = await pair(server, engine)
    mark = {"shape": MARK, "points": [4_000, 4_000], "colour": 0xE11D2A, "size": 700, "number": 1}
    defect = {"number": 1, "note": "Riss im Sturz", "place": "2. OG", "who": "Öztürk", "due": 20_790, "state": "open"}
    message = await send(anna, site, secret_photo(), edit=edit(1600, 1200, mark), defects=[defect])

    async def listed(who: Engine, state: str) -> dict[str, Any]:
        async def look() -> dict[str, Any] | None:
            found = await who("defects.list", site)
            right = found and found[0]["state"] == state and not found[0]["waiting"] and found[0]["file"]
            return found[0] if right else None

        one = await who.until(look)
        assert one is not None
        return one

    seen = await listed(ben, "open")
    assert {name: seen[name] for name in defect} == defect
    assert (seen["photo"], seen["index"], seen["by"]) == (message, 0, "Anna")
    await ben("defects.change", site, seen["id"], {**defect, "state": "done"})
    assert (await listed(anna, "done"))["by"] == "Ben"
    notices = [line["notice"] for line in await anna.lines(site) if line["notice"]]
    assert {"event": "defect", "by": "Ben", "number": 1, "note": "Riss im Sturz", "state": "done"} in notices
    await anna("defects.change", site, seen["id"], {**defect, "state": "withdrawn"})

    async def empty() -> bool:
        return await ben("defects.list", site) == []

    await ben.until(empty)


async def test_without_network_photos_and_defects_wait(server: Serving, engine: MakeEngine) -> None:
    anna, ben, site = await pair(server, engine)
    await anna.device.offline()
    defect = {"number": 1, "note": "", "place": "", "who": "", "due": None, "state": "open"}
    message = await send(
        anna, site, secret_photo(), edit=edit(1600, 1200, covering(BLACK_OUT, 1600, 1200)), defects=[defect]
    )
    (waiting,) = await anna("defects.list", site)
    assert waiting["waiting"]
    await anna.device.online()
    line = await received(ben, site, message)
    assert greenest(opened((await everything(ben, site, line))["shown"])) < 40
