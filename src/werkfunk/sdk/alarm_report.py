"""An alarm's report, made on the device of whoever may watch it: the server's times and codes with the sealed words and names."""

from typing import Any

from werkfunk.domain.alarms import MINUTES, SEEN, Level, Stage, Status
from werkfunk.protocol.content import Alarm, AlarmTemplate, Answer
from werkfunk.sdk.alarms import Found
from werkfunk.sdk.client import Client
from werkfunk.sdk.errors import NotAllowed
from werkfunk.wire import alarms as bodies

WORDS = {0: "Gesehen", 1: "Komme", 2: "Komme nicht"}


def answer_words(code: int | None, content: Alarm | None) -> str:
    """An answer's words: as the alarm says, else the usual ones."""
    if code is None:
        return ""
    own = dict(content.answers) if content is not None and content.answers else {}
    if code in own:
        return own[code]
    if code >= MINUTES:
        return f"Komme in {code - MINUTES} min"
    return WORDS.get(code, f"Antwort {code}")


def state_of(person: bodies.AlarmPerson) -> str:
    """A person's state: sent, delivered, displayed, acknowledged or unreachable."""
    if person.unreachable:
        return "unreachable"
    for name in (Stage.ACKNOWLEDGED, Stage.DISPLAYED, Stage.DELIVERED):
        if getattr(person, name.name.lower()):
            return name.name.lower()
    return "sent"


def summary(client: Client, info: bodies.AlarmInfo) -> dict[str, Any]:
    """What an alarm is and how it stands, with names and words as far as this device can open them. Times in ms."""
    found = client.alarms.text(info.alarm)
    content = found.content if found is not None and isinstance(found.content, Alarm) else None
    template = client.alarms.templates().get(info.template)
    prepared = template.content.text if template and isinstance(template.content, AlarmTemplate) else ""
    name = client.core.chains.name
    return {
        "alarm": info.alarm.hex(),
        "level": Level(info.level).name.lower(),
        "status": Status(info.status).name.lower(),
        "drill": info.drill,
        "text": content.text if content else prepared,
        "signed": content is not None,
        "raiser": name(found.sender) if found else name(info.raiser) if info.raiser else "",
        "started": info.started,
        "ended": info.ended,
        "ended_by": name(info.ender) if info.ender else "",
        "conversations": [
            client.core.logs.title(c) for c in info.conversations if c in client.core.logs.conversations()
        ],
        "coming": info.coming,
        "seen": info.seen,
        "called": info.called,
        "my_answer": answer_words(info.me.code, content) if info.me else "",
    }


async def document(client: Client, alarm: bytes) -> dict[str, Any]:
    """The whole report: summary, timeline, each person, each message through a gateway.

    Raises:
        NotAllowed: only the raiser and the leads of the alarmed conversations have it.
    """
    info = await client.alarms.info(alarm)
    if not info.watching:
        raise NotAllowed("only who raised the alarm, or leads the conversation, has its report", "forbidden")
    found = client.alarms.text(alarm)
    content = found.content if found is not None and isinstance(found.content, Alarm) else None
    words: dict[bytes, list[Found]] = {}
    for said in client.alarms.answers(alarm):
        words.setdefault(said.sender, []).append(said)
    name = client.core.chains.name
    return {
        **summary(client, info),
        "policy": info.policy.name,
        "timeline": [{"at": m.time, "what": m.kind, "number": m.number} for m in info.marks],
        "people": [
            {
                "person": p.user.hex(),
                "name": name(p.user),
                "state": state_of(p),
                "step": p.step,
                "delivered": p.delivered,
                "displayed": p.displayed,
                "acknowledged": p.acknowledged,
                "code": p.code,
                "answer": answer_words(p.code, content),
                "words": [f.content.text for f in words.get(p.user, []) if isinstance(f.content, Answer)],
            }
            for p in sorted(info.people, key=lambda p: (p.step, name(p.user).casefold()))
        ],
        "messages": [
            {
                "at": s.time,
                "name": name(s.user),
                "step": s.step,
                "state": s.state,
                "attempts": s.attempts,
                "error": s.error,
            }
            for s in info.sends
        ],
        "missing": [name(p.user) for p in info.people if not p.acknowledged],
    }


__all__ = ["SEEN", "answer_words", "document", "state_of", "summary"]
