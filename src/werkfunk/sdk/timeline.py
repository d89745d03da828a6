"""A conversation as people see it: edits, deletions and reactions folded into the messages they are about. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from werkfunk.protocol.content import Defect, Delete, Edit, File, Photo, Reaction, Text
from werkfunk.sdk.log import Message


@dataclass(frozen=True, slots=True)
class Shown:
    """A message with what happened to it since."""

    message: Message
    edited: bool = False
    deleted: bool = False
    reactions: dict[bytes, str] = field(default_factory=dict)
    """user -> newest reaction; an empty one was taken back"""


def fold(messages: Iterable[Message]) -> list[Shown]:
    """Fold a conversation's messages, in log order.

    Edit and delete count only from the author of the target, an edit only of a text, a file's or a photo's [M31]; a
    change of something unknown, of somebody else's or of what was deleted is passed over.
    """
    shown: dict[bytes, Shown] = {}
    for message in messages:
        content = message.content
        match content:
            case Edit() | Delete():
                target = shown.get(content.target)
                if target is None or target.message.sender != message.sender or target.deleted:
                    continue
                shown[content.target] = _deleted(target) if isinstance(content, Delete) else _edited(target, content)
            case Reaction():
                target = shown.get(content.target)
                if target is not None and not target.deleted:
                    reactions = {**target.reactions, message.sender: content.text}
                    shown[content.target] = replace(target, reactions={u: r for u, r in reactions.items() if r})
            case Defect():
                continue
            case _:
                shown[message.id] = Shown(message)
    return list(shown.values())


def _edited(target: Shown, edit: Edit) -> Shown:
    content = target.message.content
    if not isinstance(content, Text | File | Photo):
        return target
    return replace(target, message=replace(target.message, content=replace(content, text=edit.text)), edited=True)


def _deleted(target: Shown) -> Shown:
    return replace(target, message=replace(target.message, content=Text("")), deleted=True, reactions={})


def fold_defects(messages: Iterable[Message]) -> list[Defect]:
    """A conversation's list of defects, by number: of each the newest in the log. Withdrawn ones stay, marked so."""
    newest = {m.content.defect: m.content for m in messages if isinstance(m.content, Defect)}
    return sorted(newest.values(), key=lambda defect: (defect.number, defect.defect))
