"""Vectors of what a client does with what it is served: slots, and a whole log (docs/protocol.md, 6 and 7)."""

from dataclasses import replace

from chain_world import LOG, Firm, Room, case
from p1_operations import Bytes

from werkfunk.protocol.events import Event, parse_event

ONE, TWO, THREE = (bytes([number]) * 16 for number in (1, 2, 3))


def _without_bernd() -> Room:
    room = Room(Firm())
    room.add(room.firm.clara)
    room.take(room.desk(room.firm.anna).change_members(room.state, LOG, {}, [room.firm.bernd.state.id]))
    return room


@case("slot-sender", "M33")
def first_slot_of_a_member() -> Bytes:
    """Nothing was seen before, and counters may begin with 0."""
    room = Room(Firm())
    return room.slot(room.firm.bernd, 1, 0)


@case("slot-sender", "M33")
def counter_above_the_last() -> Bytes:
    """9 follows 8."""
    room = Room(Firm())
    return room.slot(room.firm.bernd, 1, 9, seen=8)


@case("slot-sender", "M33", "counter_not_growing")
def counter_as_the_last() -> Bytes:
    """The server brings the same slot again."""
    room = Room(Firm())
    return room.slot(room.firm.bernd, 1, 9, seen=9)


@case("slot-sender", "M33", "counter_not_growing")
def counter_below_the_last() -> Bytes:
    """The server brings an older slot."""
    room = Room(Firm())
    return room.slot(room.firm.bernd, 1, 8, seen=9)


@case("slot-sender", "M33", "slot_old_generation")
def of_the_generation_before_a_removal() -> Bytes:
    """Bernd was removed; what he, or anybody, still writes under the key that he holds is refused."""
    room = _without_bernd()
    return room.slot(room.firm.anna, 2, 9)


@case("slot-sender", "M33", "sender_not_recipient")
def of_a_removed_member() -> Bytes:
    """Bernd was removed and is handed the new key by somebody."""
    room = _without_bernd()
    return room.slot(room.firm.bernd, 3, 9)


@case("slot-sender", "M33", "slot_tag_mismatch")
def under_the_tag_of_another_member() -> Bytes:
    """Bernd writes where Anna's read marker lies."""
    room = Room(Firm())
    return room.slot(room.firm.bernd, 1, 9, owner=room.firm.anna)


@case("log", "M29")
def messages_of_two_generations() -> Bytes:
    """Anna and Bernd write, Clara comes, Clara writes."""
    room = Room(Firm())
    room.say(room.firm.anna, 1, "Moin", ONE)
    room.say(room.firm.bernd, 1, "Servus", TWO)
    room.add(room.firm.clara)
    room.say(room.firm.clara, 2, "Grüß Gott 👷", THREE)
    return room.read(room.firm.bernd)


@case("log", "M28")
def a_message_is_replayed() -> Bytes:
    """The server logs an event a second time: it counts for the head, and is not shown again."""
    room = Room(Firm())
    event = room.say(room.firm.anna, 1, "einmal", ONE)
    room.say(room.firm.bernd, 1, "Antwort", TWO)
    room.events.append(event)
    room.say(room.firm.anna, 1, "danach", THREE)
    return room.read(room.firm.bernd)


@case("log", "M28")
def an_id_is_used_twice() -> Bytes:
    """Anna's device gives two messages one id: the first counts."""
    room = Room(Firm())
    room.say(room.firm.anna, 1, "zuerst", ONE)
    room.say(room.firm.anna, 1, "anders", ONE)
    return room.read(room.firm.bernd)


@case("log", "M30")
def a_ghost_writes() -> Bytes:
    """A device that no chain has: its message is passed over, the log goes on."""
    room = Room(Firm())
    room.say(room.firm.bernd, 1, "buh", ONE, room.firm.bernd.new_device("Geist"))
    room.say(room.firm.anna, 1, "weiter", TWO)
    return room.read(room.firm.bernd)


@case("log", "M27")
def a_key_is_missing() -> Bytes:
    """The parts of generation 2 have not come yet: what is sealed under it waits, the rest is read."""
    room = Room(Firm())
    room.say(room.firm.anna, 1, "offen", ONE)
    room.add(room.firm.clara)
    room.say(room.firm.anna, 2, "noch zu", TWO)
    return room.read(room.firm.bernd, 2)


@case("log", "M7", "number_not_next")
def a_statement_is_replayed() -> Bytes:
    """A statement a second time stops the log."""
    room = Room(Firm())
    room.add(room.firm.clara)
    room.events.append(room.events[-1])
    return room.read(room.firm.bernd)


@case("log", "M30", "header_mismatch")
def an_event_of_another_conversation() -> Bytes:
    """The server puts a message of another conversation into this log, which stops."""
    room = Room(Firm())
    event = parse_event(room.say(room.firm.anna, 1, "nur dort", ONE))
    room.events[-1] = Event(replace(event.header, conversation=b"d" * 16), event.body).to_bytes()
    return room.read(room.firm.bernd)
