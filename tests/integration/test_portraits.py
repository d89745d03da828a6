"""Profile pictures on a real server: for those who share a conversation, sealed for the server, named by the signed profile."""

import os

import pytest

from malicious.conftest import Firm
from werkfunk.domain.roles import Role
from werkfunk.protocol.identity import Profile
from werkfunk.protocol.kdf import sha256
from werkfunk.protocol.picture import JPEG, PICTURE_MAX
from werkfunk.sdk import account
from werkfunk.sdk.account import now
from werkfunk.sdk.client import Client
from werkfunk.sdk.errors import NotAllowed, Usage
from werkfunk.wire import api

FACE = JPEG + b"a face" * 200


async def sealed(client: Client, user: bytes) -> bytes:
    """As the server holds it."""
    return (await client.core.transport.call("picture", api.Picture, ids={"user": user})).picture


async def test_a_picture_is_seen_by_companions_and_not_by_the_server(firm: Firm) -> None:
    anna, bernd = await firm.people()
    user = anna.core.keys.user
    await anna.portraits.set(FACE)
    assert await bernd.portraits.of(user, firm.group) == FACE
    assert b"a face" not in await sealed(bernd, user)
    # Another name keeps it.
    profile = anna.core.chains.profile(user)
    assert profile is not None
    await anna.office.set_profile(Profile("Anna Maria", profile.picture))
    assert await bernd.portraits.of(user, firm.group) == FACE
    await anna.portraits.set(FACE + b"2")
    assert await bernd.portraits.of(user, firm.group) == FACE + b"2"
    await anna.portraits.set(None)
    assert await bernd.portraits.of(user, firm.group) is None
    with pytest.raises(NotAllowed) as refused:
        await sealed(bernd, user)
    assert refused.value.code == "not_found"


async def test_the_key_follows_into_new_generations_and_conversations(firm: Firm) -> None:
    anna, bernd = await firm.people()
    user = anna.core.keys.user
    await anna.portraits.set(FACE)
    generation = bernd.core.state(firm.group).generation
    await anna.remove(firm.group, [firm.clients["Clara"].core.keys.user])
    await bernd.connect()
    other = await bernd.create("Lager", [user])
    assert bernd.core.state(firm.group).generation > generation
    assert await bernd.portraits.of(user, firm.group) is None
    assert await bernd.portraits.of(user, other) is None
    await anna.connect()
    assert await bernd.portraits.of(user, firm.group) == FACE
    assert await bernd.portraits.of(user, other) == FACE
    # Another device of hers has taken it away since: this one does not bring it back.
    link = await anna.office.add_device()
    await account.join(link, firm.folder / "Zweites", "", "Zweites")
    second = firm.clients["Zweites"] = Client(firm.folder / "Zweites")
    await second.connect()
    await second.portraits.set(None)
    await anna.add(firm.group, [firm.clients["Clara"].core.keys.user])
    await anna.connect()
    assert await bernd.portraits.of(user, firm.group) is None


async def test_who_may_not_see_the_person_gets_no_picture(firm: Firm) -> None:
    anna, bernd = await firm.people()
    user = anna.core.keys.user
    await anna.portraits.set(FACE)
    link = await anna.office.invite(Role.GUEST, 1, now() + 60_000)
    await account.join(link, firm.folder / "Gast", "Gast", "Test")
    guest = firm.clients["Gast"] = Client(firm.folder / "Gast")
    await guest.connect()
    with pytest.raises(NotAllowed, match="not_found"):
        await sealed(guest, user)
    # A colleague without a common conversation holds no key.
    outsider = await firm.invite("Dora")
    assert FACE not in await sealed(outsider, user)
    await anna.core.chains.refresh()
    await anna.add(firm.group, [guest.core.keys.user])
    await guest.connect()
    assert await sealed(guest, user)
    await anna.office.remove_person(bernd.core.keys.user)
    with pytest.raises(NotAllowed):
        await sealed(bernd, user)
    link = await anna.office.add_device()
    await account.join(link, firm.folder / "Zweites", "", "Zweites")
    second = firm.clients["Zweites"] = Client(firm.folder / "Zweites")
    await second.connect()
    assert await sealed(second, user)
    await anna.core.chains.refresh()
    await anna.office.revoke_device(second.core.keys.device)
    with pytest.raises(NotAllowed):
        await sealed(second, user)


@pytest.mark.parametrize("jpeg", [b"", b"\x89PNG" + bytes(100), JPEG + bytes(PICTURE_MAX - 2)])
async def test_only_a_small_jpeg_is_a_picture(firm: Firm, jpeg: bytes) -> None:
    anna, _ = await firm.people()
    with pytest.raises(Usage):
        await anna.portraits.set(jpeg)


async def test_the_server_holds_only_what_the_signed_profile_names(firm: Firm) -> None:
    anna, bernd = await firm.people()
    user = anna.core.keys.user
    digest, other = sha256(b"sealed"), os.urandom(32)
    for profile, picture, code in (
        (Profile("Anna", digest), b"other", "protocol_refused"),
        (Profile("Anna", digest), None, "protocol_refused"),
        (Profile("Anna"), b"sealed", "protocol_refused"),
        (Profile("Anna", other), bytes(18_433), "malformed"),
    ):
        with pytest.raises(NotAllowed) as refused:
            await anna.office.set_profile(profile, picture)
        assert refused.value.code == code
        await anna.core.chains.refresh()
    await anna.office.set_profile(Profile("Anna", digest), b"sealed")
    assert await sealed(bernd, user) == b"sealed"
    # What is stored is no picture under any key: nobody shows it.
    assert await bernd.portraits.of(user, firm.group) is None
