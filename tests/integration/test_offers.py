"""A new device shows a code, an active one scans it (docs/protocol.md, 11.1)."""

import asyncio
import base64
from pathlib import Path

import pytest

from malicious.conftest import Firm, founded
from werkfunk.domain.limits import OFFERS_MAX, TICKET_MS
from werkfunk.protocol.boxes import BoxKey, seal
from werkfunk.protocol.cbor import tagged
from werkfunk.protocol.content import Text
from werkfunk.protocol.labels import Label
from werkfunk.protocol.links import DeviceLink, OfferLink, parse_url, to_bytes, to_url
from werkfunk.protocol.offers import make_offer, offer_handle
from werkfunk.protocol.signing import SigningKey
from werkfunk.sdk import account
from werkfunk.sdk.account import Joined
from werkfunk.sdk.client import Client
from werkfunk.sdk.errors import NotAllowed, SdkError, Unsafe, Usage
from werkfunk.wire import api

from .raw import ask, code

BOX = BoxKey(bytes(32)).public
KEY = SigningKey(bytes(32)).public
BODY = {"signing": base64.b64encode(KEY).decode(), "box": base64.b64encode(BOX).decode()}


class Waiting:
    """A new device that shows its code."""

    def __init__(self, firm: Firm, folder: Path) -> None:
        shown: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.code = shown
        self.joined: asyncio.Task[Joined] = asyncio.create_task(
            account.offer(firm.base, folder, "Büro", shown.set_result)
        )

    async def link(self) -> OfferLink:
        found = parse_url(await self.code)[1]
        assert isinstance(found, OfferLink)
        return found


async def test_m42_the_scanned_device_joins_and_reads_all_history(firm: Firm, tmp_path: Path) -> None:
    bernd = firm.clients["Bernd"]
    await firm.clients["Anna"].send(firm.group, "von früher")
    new = Waiting(firm, tmp_path / "bernd2")
    await bernd.office.take_device(await new.code)
    joined = await new.joined
    assert joined.user == bernd.core.keys.user
    async with Client(tmp_path / "bernd2") as second:
        await second.connect()
        messages = second.core.logs.messages(firm.group, 0)
        assert "von früher" in [m.content.text for m in messages if isinstance(m.content, Text)]
        assert [label for _, label, _ in second.office.devices()] == ["Test", "Büro"]


async def test_a_code_is_taken_once(firm: Firm, tmp_path: Path) -> None:
    new = Waiting(firm, tmp_path / "new")
    shown = await new.code
    await firm.clients["Bernd"].office.take_device(shown)
    # Who photographed the code is too late, and nothing of theirs reaches the device.
    with pytest.raises(NotAllowed) as refused:
        await firm.clients["Clara"].office.take_device(shown)
    assert refused.value.code == "conflict"
    assert (await new.joined).user == firm.clients["Bernd"].core.keys.user


async def test_m42_other_keys_than_the_code_says_get_nothing(firm: Firm) -> None:
    """A server that shows keys of its own in place of the device's."""
    offer = make_offer(SigningKey(b"n" * 32).public, BoxKey(b"n" * 32).public, b"x" * 32)
    path = f"/v1/offers/{offer_handle(offer).hex()}"
    assert (await ask(firm.base, "PUT", path, json=BODY)).status_code == 200
    bernd = firm.clients["Bernd"]
    before = len(bernd.office.devices())
    with pytest.raises(Unsafe) as refused:
        await bernd.office.take_device(to_url(firm.base, offer))
    assert refused.value.code == "offer_mismatch"
    assert (await ask(firm.base, "GET", path + "/answer")).json() == {"box": None}
    assert len(bernd.office.devices()) == before


async def test_m6_a_device_with_a_malformed_box_key_is_not_let_in(firm: Firm) -> None:
    """Its code stands for these very keys; they are refused before a ticket is opened."""
    broken = b"\xff" * len(BOX)
    offer = make_offer(KEY, broken, b"y" * 32)
    path = f"/v1/offers/{offer_handle(offer).hex()}"
    body = {**BODY, "box": base64.b64encode(broken).decode()}
    assert (await ask(firm.base, "PUT", path, json=body)).status_code == 200
    bernd = firm.clients["Bernd"]
    before = bernd.core.keys.author().user.head
    with pytest.raises(Usage) as refused:
        await bernd.office.take_device(to_url(firm.base, offer))
    assert refused.value.code == "box_key_coefficient"
    assert bernd.core.keys.author().user.head == before
    assert (await ask(firm.base, "GET", path + "/answer")).json() == {"box": None}


async def test_m42_an_answer_of_somebody_without_the_nonce_is_refused(firm: Firm, tmp_path: Path) -> None:
    """A server that would like the device in a world of its own: it knows the keys, the hash and the handle."""
    new = Waiting(firm, tmp_path / "new")
    offer = await new.link()
    anna = firm.clients["Anna"]
    handle = {"handle": offer_handle(offer)}
    offered = await anna.core.transport.call("offer", api.Offer, ids=handle)
    found = parse_url(await anna.office.add_device())[1]
    assert isinstance(found, DeviceLink)
    box = seal(offered.box, tagged(Label.OFFER_ANSWER, bytes(32), offer.hash), to_bytes(found)[1])
    await anna.core.transport.call("answer_offer", api.Empty, api.OfferAnswer(box=box), ids=handle)
    with pytest.raises(Unsafe):
        await new.joined
    assert list((tmp_path / "new").iterdir()) == []


async def test_a_code_ends(tmp_path: Path) -> None:
    time = [1_795_430_400_000]
    async with founded(tmp_path, lambda: time[0]) as firm:
        new = Waiting(firm, tmp_path / "new")
        shown = await new.code
        time[0] += TICKET_MS
        with pytest.raises(NotAllowed) as refused:
            await firm.clients["Bernd"].office.take_device(shown)
        assert refused.value.code == "not_found"
        with pytest.raises(NotAllowed) as expired:
            await new.joined
        assert expired.value.code == "expired"


async def test_who_may_ask_what(firm: Firm) -> None:
    path = f"/v1/offers/{'ab' * 16}"
    assert code(await ask(firm.base, "GET", path + "/answer")) == "not_found"
    assert (await ask(firm.base, "PUT", path, json=BODY)).status_code == 200
    assert (await ask(firm.base, "PUT", path, json=BODY)).status_code == 200, "the same again"
    other = {**BODY, "box": base64.b64encode(BoxKey(b"o" * 32).public).decode()}
    assert code(await ask(firm.base, "PUT", path, json=other)) == "conflict"
    assert code(await ask(firm.base, "GET", path)) == "unauthenticated"
    assert code(await ask(firm.base, "PUT", path + "/answer", json={"box": "AAAA"})) == "unauthenticated"
    assert code(await ask(firm.base, "PUT", path, json={**BODY, "box": "AAAA"})) == "malformed"
    assert (
        code(await ask(firm.base, "PUT", path, content=b"x" * 300_000, headers={"content-type": "application/json"}))
        == "body_too_large"
    )
    assert code(await ask(firm.base, "PUT", path[:-1], json=BODY)) == "not_found"


async def test_there_is_room_for_so_many(firm: Firm) -> None:
    for n in range(OFFERS_MAX):
        assert (await ask_put(firm, n)) == 200
    assert (await ask_put(firm, OFFERS_MAX)) == 503


async def ask_put(firm: Firm, n: int) -> int:
    return (await ask(firm.base, "PUT", f"/v1/offers/{n:032x}", json=BODY)).status_code


@pytest.mark.parametrize("what", ["", "https://elsewhere.example/#o=x", "setup"])
async def test_other_codes_are_not_taken(firm: Firm, what: str, tmp_path: Path) -> None:
    bernd = firm.clients["Bernd"]
    link = await bernd.office.add_device() if what == "setup" else what
    with pytest.raises(Usage):
        await bernd.office.take_device(link)
    offer = make_offer(KEY, BOX, bytes(32))
    with pytest.raises(SdkError):
        await account.join(to_url(firm.base, offer), tmp_path / "new", "", "Test")
    assert list((tmp_path / "new").iterdir()) == []
