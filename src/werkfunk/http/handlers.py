"""The table's routes, each one call of one service. A handler gets who asks, path ids, query numbers and the body."""

from collections.abc import Awaitable, Callable
from typing import Any

from werkfunk.domain import limits
from werkfunk.domain.errors import Code, Failure
from werkfunk.domain.roles import Subject
from werkfunk.http import alarm_handlers, maps
from werkfunk.http.call import Call
from werkfunk.http.context import Services
from werkfunk.services.directory import can_see
from werkfunk.storage.store import StoreError
from werkfunk.wire import api

ID_SIZES = {"conversation": 16, "user": 32, "invite": 32, "handle": 16, "secret": 16, **alarm_handlers.ID_SIZES}


async def healthz(_: Call) -> api.Health:
    """The process lives."""
    return api.Health(status="ok")


async def readyz(call: Call) -> api.Health:
    """The store answers."""
    if call.services.stopping():
        raise Failure(Code.UNAVAILABLE, "stopping")
    try:
        await call.services.store.ping()
    except StoreError as error:
        raise Failure(Code.UNAVAILABLE, "store") from error
    return api.Health(status="ok")


async def session(call: Call) -> api.Session:
    """A token for the device that signed the proof."""
    token, expires = call.services.sessions.open(call.body.device, "POST", call.path, call.proof)
    return api.Session(token=token, expires=expires)


async def people(call: Call) -> api.People:
    """Everybody, or for guests those with whom they share a conversation."""
    return await call.services.directory.people(await visible_people(call.services, call.who))


async def user_chain(call: Call) -> api.Chain:
    """A person's chain, for those who may see the person."""
    user = call.ids["user"]
    # Whoever checks the organisation's history needs the keys of those who signed it, and whoever makes a generation
    # those of the archive's holders: ids and keys, no names.
    state = call.services.directory.founded()
    if (
        user not in state.anchors
        and user not in state.holders_at(state.length)
        and user not in await visible_people(call.services, call.who)
    ):
        raise Failure(Code.NOT_FOUND)
    return await call.services.directory.user_chain(user, call.query["after"])


async def picture(call: Call) -> api.Picture:
    """A person's sealed picture, for those who may see the person."""
    if call.ids["user"] not in await visible_people(call.services, call.who):
        raise Failure(Code.NOT_FOUND)
    return await call.services.directory.picture(call.ids["user"])


async def visible_people(services: Services, subject: Subject) -> list[bytes]:
    """The people whose names and roles the subject may see: everybody, or for a guest the companions."""
    state = services.directory.founded()
    if can_see(state, subject.user):
        return list(services.directory.users)
    return sorted({subject.user} | await services.conversations.companions(subject))


async def events(call: Call) -> api.EventPage:
    """A page of a log."""
    page, last = await call.services.conversations.page(
        call.who, call.ids["conversation"], call.query["after"], call.query["limit"] or limits.PAGE_EVENTS
    )
    logged = [api.LoggedEvent(seq=e.seq, time=e.time, event=e.event, hash=e.hash) for e in page]
    return api.EventPage(events=logged, last_seq=last)


async def make_offer(call: Call) -> api.Empty:
    """A new device shows its code."""
    return call.services.offers.put(call.ids["handle"], call.body)


async def offer(call: Call) -> api.Offer:
    """Somebody has scanned it."""
    return call.services.offers.offer(call.ids["handle"])


async def answer_offer(call: Call) -> api.Empty:
    """The person takes the device."""
    return call.services.offers.answer(call.ids["handle"], call.body)


async def offer_answer(call: Call) -> api.OfferAnswer:
    """The new device asks whether somebody has."""
    return call.services.offers.answered(call.ids["handle"])


Handler = Callable[[Call], Awaitable[Any]]
HANDLERS: dict[str, Handler] = {
    "healthz": healthz,
    "maps": maps.listing,
    "readyz": readyz,
    "session": session,
    "people": people,
    "user_chain": user_chain,
    "picture": picture,
    "events": events,
    "setup_info": lambda c: c.services.directory.setup_info(c.ids["secret"]),
    "setup": lambda c: c.services.directory.setup(c.body),
    "invitation": lambda c: c.services.directory.invitation(c.ids["invite"]),
    "join": lambda c: c.services.directory.join(c.body),
    "recovery": lambda c: c.services.directory.recovery(c.ids["handle"]),
    "recover": lambda c: c.services.directory.recover(c.ids["handle"], c.body),
    "make_offer": make_offer,
    "offer": offer,
    "answer_offer": answer_offer,
    "offer_answer": offer_answer,
    "organisation_chain": lambda c: c.services.directory.organisation_chain(c.query["after"]),
    "organisation_profile": lambda c: c.services.directory.organisation_profile(),
    "extend_organisation": lambda c: c.services.directory.extend_organisation(c.who, c.body),
    "extend_user": lambda c: c.services.directory.extend_user(c.who, c.body),
    "seals": lambda c: c.services.directory.seal(c.who),
    "conversations": lambda c: c.services.conversations.overview(c.who),
    "create_conversation": lambda c: c.services.conversations.create(c.who, c.body),
    "append_statement": lambda c: c.services.conversations.append(c.who, c.ids["conversation"], c.body),
    "statements": lambda c: c.services.conversations.statements(c.who, c.ids["conversation"], c.query["after"]),
    "boxes": lambda c: c.services.conversations.boxes(c.who, c.ids["conversation"], c.query["after"]),
    "slots": lambda c: c.services.conversations.slots(c.who, c.ids["conversation"]),
    "ask_repair": lambda c: c.services.conversations.ask_repair(c.who, c.ids["conversation"], c.body.generation),
    "answer_repair": lambda c: c.services.conversations.answer_repair(c.who, c.ids["conversation"], c.body),
    "repairs": lambda c: c.services.conversations.repairs(c.who),
    "push": lambda c: c.services.push.info(c.who),
    "push_subscribe": lambda c: c.services.push.subscribe(c.who, c.body),
    "push_unsubscribe": lambda c: c.services.push.unsubscribe(c.who),
    **alarm_handlers.HANDLERS,
}
