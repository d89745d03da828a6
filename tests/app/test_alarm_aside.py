"""Whom only a later step of an alarm calls can read what it is about, and is not woken by that."""

from e2e.process import Serving
from integration.push_service import PushService
from integration.test_push import notice, waiting

from .conftest import MakeEngine
from .people import Library
from .pushed import server, service

__all__ = ["server", "service"]


async def test_nobody_is_woken_before_his_step(server: Serving, service: PushService, engine: MakeEngine) -> None:
    folder = server.cli.folder
    owner = await Library(folder / "olga", "Olga").join(server.setup)
    later = await Library(folder / "bernd", "Bernd").join(await owner.invite())
    anna = await engine()
    await anna.join(await owner.invite(), "Anna")
    settings = owner.client.alarm_settings
    step = {"after": 3_600, "to": {"people": ["Bernd"]}, "via": ["app"]}
    await settings.put_policy({"name": "Notfall", "steps": [step], "stop": {"coming": 1}})
    policy = (await settings.policy_named("Notfall")).hex()
    hall = str(await anna("chats.create", "group", "Halle 2", "", [owner.user]))
    # They have talked before: a new conversation would be news of its own.
    direct = str(await anna("chats.direct", later.user))
    browser = await waiting(later.client, service)

    out = {"conversations": [hall], "text": "Gasgeruch", "level": 3, "drill": False, "policy": policy, "place": None}
    await anna("alarms.raise", out)

    async def logged() -> bool:
        return any(line["kind"] == "alarm" and line["seq"] > 0 for line in await anna.lines(direct))

    await anna.until(logged)
    said = await anna.say(direct, "Schaust du nach dem Hahn?")

    async def seq() -> int:
        return next((line["seq"] for line in await anna.lines(direct) if line["id"] == said), 0)

    # What wakes him is the message, and nothing had before.
    assert await notice(service, browser) == {"c": direct, "s": await anna.until(seq)}
    assert service.received.empty()
    await later.client.connect()
    assert "Gasgeruch" in str(later.client.core.logs.messages(bytes.fromhex(direct), 0))
    for one in (owner, later):
        await one.close()
