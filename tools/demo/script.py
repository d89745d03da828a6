"""The demonstration's story (story/*.txt): who says what, when, where. Pure: text in, lines out.

A file is one conversation: a head (`title:`, `kind:` site, group or direct, `place:` its address, `at:` where that is,
`who:` whose first creates it, `unread:` who has not read the last so many), then days (`== -3`: three working days
before the last) and lines:

    07:02 murat Text                    07:03 ali > answers the line before        07:04 ali >tag answers the one marked {tag}
    07:05 jana +👍                      a reaction to the line before              07:06 ali = the last own line, edited
    07:07 ali [dosen] a photo; [x.pdf]  07:08 murat @ 51.3 9.4 a place             07:09 sabine ! a drill, which all answer
    07:10 murat ~ kran                  a voice message of story/kran.ogg
    07:11 murat *1 place | who | days | a defect on the last photo                 07:12 lukas *1 done
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Berlin")
LINE = re.compile(r"(\d\d):(\d\d) (\w+) ([+>=\[@!~*]?)(.*)")
TAG = re.compile(r" \{(\w+)\}$")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `sign` says what kind it is ("" for a plain text), `tag` what others call it."""

    chat: str
    day: int
    minutes: int
    who: str
    sign: str
    text: str
    tag: str = ""


@dataclass(slots=True)
class Chat:
    """A conversation and its lines; `unread` how many of the last ones a person has not read."""

    key: str
    title: str = ""
    kind: str = "group"
    place: str | None = None
    at: tuple[float, float] | None = None
    who: list[str] = field(default_factory=list)
    unread: dict[str, int] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)


def read(key: str, text: str) -> Chat:
    """A conversation. Raises ValueError for a line that it does not understand."""
    chat, day = Chat(key), 0
    for row in filter(None, text.splitlines()):
        head, _, value = row.partition(": ")
        if row.startswith("== "):
            day = int(row[3:])
        elif head in ("title", "kind", "place"):
            setattr(chat, head, value)
        elif head == "at":
            latitude, longitude = map(float, value.split())
            chat.at = (latitude, longitude)
        elif head == "who":
            chat.who = value.split()
        elif head == "unread":
            chat.unread = {name: int(count) for name, count in (part.split() for part in value.split(", "))}
        elif found := LINE.fullmatch(row):
            hour, minute, who, sign, said = found.groups()
            tag, said = TAG.search(said), TAG.sub("", said)
            minutes = int(hour) * 60 + int(minute)
            # `>tag words` and `> words` differ by the space.
            words = said if sign == ">" else said.strip()
            chat.lines.append(Line(key, day, minutes, who, sign, words, tag[1] if tag else ""))
        else:
            raise ValueError(f"{key}: {row}")
    return chat


def in_order(chats: Iterable[Chat]) -> list[Line]:
    """All lines as they were said."""
    return sorted((line for chat in chats for line in chat.lines), key=lambda line: (line.day, line.minutes))


class Calendar:
    """Working days counted back from the last on which everything that was said lies before `now`."""

    def __init__(self, now: datetime, last: int) -> None:
        """`now`: any time zone; `last`: minutes of the last line's time on the last day."""
        here = now.astimezone(ZONE)
        self._day = here.date()
        if here.hour * 60 + here.minute <= last or self._day.weekday() > 4:
            self._day = _before(self._day)

    def at(self, day: int, minutes: int) -> int:
        """Milliseconds since 1970 UTC."""
        found = self._day
        for _ in range(-day):
            found = _before(found)
        moment = datetime(found.year, found.month, found.day, minutes // 60, minutes % 60, tzinfo=ZONE)
        return int(moment.timestamp() * 1000)


def _before(day: date) -> date:
    """The working day before."""
    day -= timedelta(days=1)
    while day.weekday() > 4:
        day -= timedelta(days=1)
    return day
