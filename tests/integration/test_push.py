"""Push the whole way on the server's side: subscribe, message, sealed knock at a real push service, and who gets none."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from malicious.conftest import Firm, founded
from werkfunk.domain.roles import Role
from werkfunk.sdk import account
from werkfunk.sdk.account import now
from werkfunk.sdk.client import Client
from werkfunk.sdk.errors import NotAllowed
from werkfunk.services.push import Notice
from werkfunk.wire import api, frames

from .push_service import Browser, PushService
from .raw import ask, code, signed_in

JSON = {"content-type": "application/json"}
PATH = "/v1/push/subscription"


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with PushService() as service:
        yield service


@pytest.fixture
async def pushing(tmp_path: Path, service: PushService) -> AsyncIterator[Firm]:
    async with founded(tmp_path, push_services=service.origin, push_contact="mailto:chefin@elektro-huber.de") as firm:
        yield firm


async def subscribe(client: Client, browser: Browser) -> None:
    await client.core.transport.request("PUT", PATH, headers=JSON, content=browser.body())


async def hide(client: Client, *, shown: bool = False) -> None:
    """Tell the server that the app went to the back, and wait until it knows."""
    channel = client.core.channel
    await channel.send(frames.Shown(shown))
    await channel.send(frames.Ping(7))
    while await channel.receive() != frames.Pong(7):
        pass


async def waiting(client: Client, service: PushService) -> Browser:
    """The client's device subscribes and its app goes to the back."""
    browser = service.browser()
    await subscribe(client, browser)
    await hide(client)
    return browser


async def notice(service: PushService, browser: Browser) -> Any:
    """The next push, which must be for this browser."""
    received = await service.next()
    assert browser.endpoint.endswith(received.path)
    return json.loads(browser.open(received.sealed))


async def info(client: Client) -> api.Push:
    return await client.core.transport.call("push", api.Push)


async def test_a_message_knocks_at_the_door_and_says_nothing_else(pushing: Firm, service: PushService) -> None:
    anna, bernd = await pushing.people()
    browser = service.browser()
    key = (await info(bernd)).key
    await subscribe(bernd, browser)
    assert (await info(bernd)).subscribed
    assert not (await info(anna)).subscribed
    await hide(bernd)
    ack = await anna.send(pushing.group, "Der Kran kommt um sieben")
    received = await service.next()
    assert json.loads(browser.open(received.sealed)) == {"c": pushing.group.hex(), "s": ack.seq}
    assert received.key == key
    assert received.claims["sub"] == "mailto:chefin@elektro-huber.de"
    assert received.headers["urgency"] == "high"
    assert received.headers["ttl"] == "172800"
    # The device finds and opens the message by what it was told.
    await bernd.core.catch_up(pushing.group)
    assert "Der Kran kommt um sieben" in str(bernd.core.logs.messages(pushing.group, ack.seq - 1))
    again = await anna.send(pushing.group, "x" * 20_000)
    second = await service.next()
    assert json.loads(browser.open(second.sealed))["s"] == again.seq
    assert len(second.sealed) == len(received.sealed), "a push has one length, whatever was written"
    assert second.headers["topic"] == received.headers["topic"]


async def test_nobody_is_woken_by_himself_nor_while_he_looks(pushing: Firm, service: PushService) -> None:
    anna, bernd = await pushing.people()
    his, hers = service.browser(), await waiting(anna, service)
    await subscribe(bernd, his)
    await anna.send(pushing.group, "Bernd schaut hin, Anna hat es selbst geschrieben: niemand wird geweckt")
    seq = (await bernd.send(pushing.group, "Anna schaut nicht hin")).seq
    assert (await notice(service, hers))["s"] == seq
    await hide(bernd)
    await hide(anna, shown=True)
    seq = (await anna.send(pushing.group, "jetzt schaut Bernd nicht hin")).seq
    assert (await notice(service, his))["s"] == seq
    assert service.received.empty()


async def test_an_urgent_notice_reaches_whoever_looks_as_well(pushing: Firm, service: PushService) -> None:
    bernd = pushing.clients["Bernd"]
    browser = service.browser()
    await subscribe(bernd, browser)
    user = bernd.core.keys.user
    pushing.server.push.notify([user], Notice(pushing.group, 1))
    pushing.server.push.notify([user], Notice(pushing.group, 2, urgent=True))
    assert await notice(service, browser) == {"c": pushing.group.hex(), "s": 2, "u": 1}
    assert service.received.empty()


async def test_who_is_added_is_told(pushing: Firm, service: PushService) -> None:
    anna, bernd = await pushing.people()
    browser = await waiting(bernd, service)
    made = await anna.create("Baustelle Nord", [bernd.core.keys.user])
    assert (await notice(service, browser))["c"] == made.hex()


async def test_notices_of_one_conversation_are_one(pushing: Firm, service: PushService) -> None:
    anna, bernd = await pushing.people()
    browser = await waiting(bernd, service)
    service.gate.clear()
    first = await anna.send(pushing.group, "eins")
    assert (await notice(service, browser))["s"] == first.seq
    acks = [await anna.send(pushing.group, str(number)) for number in range(5)]
    service.gate.set()
    assert (await notice(service, browser))["s"] == acks[-1].seq
    last = await anna.send(pushing.group, "und noch eine")
    assert (await notice(service, browser))["s"] == last.seq
    assert service.received.empty()


@pytest.mark.parametrize("status", [404, 410])
async def test_a_subscription_that_is_gone_goes(pushing: Firm, service: PushService, status: int) -> None:
    anna, bernd = await pushing.people()
    clara = pushing.clients["Clara"]
    gone, other = await waiting(bernd, service), await waiting(clara, service)
    service.answers = [(status, {}), (status, {})]
    await anna.send(pushing.group, "eins")
    await service.next()
    await service.next()
    service.answers = []
    while (await info(bernd)).subscribed or (await info(clara)).subscribed:
        pass
    await subscribe(clara, other)
    seq = (await anna.send(pushing.group, "zwei")).seq
    assert (await notice(service, other))["s"] == seq
    assert service.received.empty()
    assert gone.endpoint != other.endpoint


@pytest.mark.parametrize(("status", "header"), [(429, {"Retry-After": "1"}), (503, {}), (500, {"Retry-After": "x"})])
async def test_it_is_tried_again(pushing: Firm, service: PushService, status: int, header: dict[str, str]) -> None:
    anna, bernd = await pushing.people()
    browser = await waiting(bernd, service)
    service.answers = [(status, header)]
    seq = (await anna.send(pushing.group, "eins")).seq
    assert (await notice(service, browser))["s"] == seq
    assert (await notice(service, browser))["s"] == seq


@pytest.mark.parametrize("status", [301, 400, 401, 403, 413])
async def test_a_refusal_is_not_repeated_and_takes_nothing_away(
    pushing: Firm, service: PushService, status: int
) -> None:
    anna, bernd = await pushing.people()
    browser = await waiting(bernd, service)
    service.answers = [(status, {"Location": service.origin + "/elsewhere"})]
    first = await anna.send(pushing.group, "eins")
    assert (await notice(service, browser))["s"] == first.seq
    second = await anna.send(pushing.group, "zwei")
    assert (await notice(service, browser))["s"] == second.seq
    assert (await info(bernd)).subscribed
    assert service.received.empty()


async def test_a_revoked_device_hears_nothing_more(pushing: Firm, service: PushService) -> None:
    anna, bernd = await pushing.people()
    await account.join(await bernd.office.add_device(), pushing.folder / "Tablet", "Bernd", "Tablet")
    tablet = pushing.clients["Tablet"] = Client(pushing.folder / "Tablet")
    await tablet.connect()
    his = await waiting(bernd, service)
    await subscribe(tablet, service.browser())
    await hide(tablet)
    await bernd.office.revoke_device(tablet.core.keys.device)
    seq = (await anna.send(pushing.group, "ohne Bernds Tablet")).seq
    assert (await notice(service, his))["s"] == seq
    with pytest.raises(NotAllowed) as no:
        await subscribe(tablet, service.browser())
    assert no.value.code == "device_revoked"
    assert tablet.core.keys.device not in await stored(pushing)
    assert service.received.empty()


async def stored(firm: Firm) -> set[bytes]:
    """The devices with a subscription in the store."""
    return {row.device for row in await firm.server.push._store.push_subscriptions()}


async def test_who_is_removed_hears_nothing_more(pushing: Firm, service: PushService) -> None:
    anna, bernd = await pushing.people()
    clara = pushing.clients["Clara"]
    await waiting(bernd, service)
    hers = await waiting(clara, service)
    await anna.remove(pushing.group, [bernd.core.keys.user])
    seq = (await anna.send(pushing.group, "ohne Bernd in der Gruppe")).seq
    assert (await notice(service, hers))["s"] == seq
    assert (await info(bernd)).subscribed, "he is still in the organisation"
    await anna.office.remove_person(bernd.core.keys.user)
    await anna.send(pushing.group, "ohne Bernd im Betrieb")
    await notice(service, hers)
    with pytest.raises(NotAllowed) as no:
        await info(bernd)
    assert no.value.code == "person_removed"
    assert bernd.core.keys.device not in await stored(pushing)
    assert service.received.empty()


async def test_a_guest_is_told_of_his_conversation_only(pushing: Firm, service: PushService) -> None:
    anna, _ = await pushing.people()
    link = await anna.office.invite(Role.GUEST, 1, now() + 60_000)
    await account.join(link, pushing.folder / "Gast", "Gast", "Test")
    guest = pushing.clients["Gast"] = Client(pushing.folder / "Gast")
    await guest.connect()
    browser = await waiting(guest, service)
    await anna.send(pushing.group, "nicht für den Gast")
    made = await anna.create("Mit Gast", [guest.core.keys.user])
    assert (await notice(service, browser))["c"] == made.hex()
    await guest.core.transport.request("DELETE", PATH)
    assert not (await info(guest)).subscribed


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"endpoint": "https://evil.example/x"}, "push_service"),
        ({"endpoint": "http://169.254.169.254/latest/meta-data"}, "push_service"),
        ({"endpoint": "http://127.0.0.1:1/x"}, "push_service"),
        ({"endpoint": "https://fcm.googleapis.com/x"}, "push_service"),
        ({"endpoint": ""}, "malformed"),
        ({"endpoint": "x" * 3000}, "malformed"),
        ({"endpoint": 5}, "malformed"),
        ({"auth": "AAAA"}, "malformed"),
        ({"p256dh": "AAAA"}, "malformed"),
        ({"p256dh": "BA" + "A" * 86}, "malformed"),
        ({"more": "x"}, "malformed"),
        ({"endpoint": "x" * 300_000}, "body_too_large"),
    ],
)
async def test_what_is_no_subscription_is_refused(
    pushing: Firm, service: PushService, changes: dict[str, Any], expected: str
) -> None:
    bernd = pushing.clients["Bernd"]
    with pytest.raises(NotAllowed) as no:
        await bernd.core.transport.request("PUT", PATH, headers=JSON, content=service.browser().body(**changes))
    assert no.value.code == expected
    assert not (await info(bernd)).subscribed


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_an_outsider_is_not_heard(pushing: Firm, service: PushService, method: str) -> None:
    content = service.browser().body() if method == "PUT" else None
    answer = await ask(pushing.base, method, PATH, headers=JSON, content=content)
    assert code(answer) == "unauthenticated"
    assert code(await ask(pushing.base, "GET", "/v1/push")) == "unauthenticated"


async def test_the_newest_device_of_a_browser_is_knocked_at_once(pushing: Firm, service: PushService) -> None:
    anna, bernd = await pushing.people()
    clara = pushing.clients["Clara"]
    browser = await waiting(bernd, service)
    await subscribe(clara, browser)
    await subscribe(clara, browser)
    await hide(clara)
    assert not (await info(bernd)).subscribed
    seq = (await anna.send(pushing.group, "einmal")).seq
    assert (await notice(service, browser))["s"] == seq
    assert service.received.empty()


async def test_a_connection_that_breaks_is_made_up_for(pushing: Firm, service: PushService) -> None:
    anna, bernd = await pushing.people()
    browser = service.browser()
    await subscribe(bernd, browser)
    await bernd.core.channel.close()
    wire = await signed_in(bernd)
    seq = (await anna.send(pushing.group, "ins Funkloch")).seq
    assert (await wire.until(frames.Event)).seq == seq
    wire.socket.transport.abort()
    assert (await notice(service, browser))["s"] == seq


async def test_who_went_to_the_back_before_closing_is_told_once(pushing: Firm, service: PushService) -> None:
    anna, bernd = await pushing.people()
    browser = await waiting(bernd, service)
    first = await anna.send(pushing.group, "im Hintergrund")
    assert (await notice(service, browser))["s"] == first.seq
    await bernd.core.channel.close()
    second = await anna.send(pushing.group, "nach dem Schließen")
    assert (await notice(service, browser))["s"] == second.seq
    assert service.received.empty()


async def test_the_operator_can_do_without(tmp_path: Path, service: PushService) -> None:
    async with founded(tmp_path, push=False, push_services=service.origin) as firm:
        anna, bernd = await firm.people()
        assert await info(bernd) == api.Push(key=b"", subscribed=False)
        with pytest.raises(NotAllowed) as no:
            await subscribe(bernd, service.browser())
        assert no.value.code == "push_off"
        await bernd.core.transport.request("DELETE", PATH)
        await hide(bernd)
        await anna.send(firm.group, "ohne Push")
    assert service.received.empty()
