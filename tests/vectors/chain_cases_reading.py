"""Vectors of what a client does with what it is served: slots, and a whole log (docs/protocol.md, 6 and 7)."""

from dataclasses import replace

from chain_world import LOG, Firm, Person, Room, case
from p1_operations import Bytes

from werkfunk.domain.roles import Role
from werkfunk.protocol.content import Alarm, Delete, Details, Edit
from werkfunk.protocol.conversation import MemberRole
from werkfunk.protocol.events import Event, message_id, parse_event
from werkfunk.protocol.organisation import Removed, RoleChanged

ONE, TWO, THREE, FOUR, FIVE, SIX = (bytes([number]) * 8 for number in range(1, 7))


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


@case("log", "M28")
def the_id_of_another_device() -> Bytes:
    """Anna's message comes with the id that Bernd's is about to have: it takes it from nobody."""
    room = Room(Firm())
    name = message_id(room.firm.bernd.device, TWO)
    room.say(room.firm.anna, 1, "vorgedrängt", ONE, message_id=name)
    room.say(room.firm.bernd, 1, "da bin ich", TWO)
    room.say(room.firm.anna, 1, "nachgemacht", ONE, message_id=name)
    return room.read(room.firm.bernd)


@case("log", "M28")
def what_does_not_open_takes_no_id() -> Bytes:
    """The server logs rubbish under a message's clear header before it, so that it would count as a replay."""
    room = Room(Firm())
    event = parse_event(room.say(room.firm.anna, 1, "trotzdem da", ONE))
    room.events.insert(-1, Event(event.header, bytes(len(event.body))).to_bytes())
    return room.read(room.firm.bernd)


@case("log", "M28")
def of_two_with_an_id_the_earlier_opens_late() -> Bytes:
    """Anna's device gives two messages of two generations one id, and the earlier one's key comes last: it counts."""
    room = Room(Firm())
    room.say(room.firm.anna, 1, "zuerst", ONE)
    room.add(room.firm.clara)
    room.say(room.firm.anna, 2, "anders", ONE)
    return room.read(room.firm.bernd, late={1})


@case("log", "M28")
def a_replay_opens_late() -> Bytes:
    """The server logs an event twice while its key is lacking: it is shown once."""
    room = Room(Firm())
    room.events.append(room.say(room.firm.anna, 1, "einmal", ONE))
    return room.read(room.firm.bernd, late={1})


@case("log", "M45")
def of_a_removed_member_under_the_old_key() -> Bytes:
    """Bernd was removed, and the server logs what he still seals under the generation that he holds."""
    room = _without_bernd()
    room.say(room.firm.bernd, 2, "noch da?", ONE)
    room.say(room.firm.anna, 3, "nein", TWO)
    return room.read(room.firm.anna)


@case("log", "M45")
def under_a_generation_that_is_not_there_yet() -> Bytes:
    """A generation is used from its statement on, not before it in the log."""
    room = Room(Firm())
    room.add(room.firm.clara)
    room.say(room.firm.anna, 2, "zu früh", ONE)
    room.events[-2:] = reversed(room.events[-2:])
    return room.read(room.firm.bernd)


@case("log", "M45")
def of_who_has_left() -> Bytes:
    """Bernd has left, nobody has made a new generation yet, and he goes on writing."""
    room = Room(Firm())
    room.take(room.desk(room.firm.bernd).leave(room.state, LOG))
    room.say(room.firm.bernd, 1, "noch etwas", ONE)
    return room.read(room.firm.anna)


@case("log", "M43")
def the_title_is_a_leads() -> Bytes:
    """Bernd, a member, says another title: Anna's counts, who leads."""
    room = Room(Firm())
    room.say(room.firm.anna, 1, Details("Dachstuhl", None, None), ONE)
    room.say(room.firm.bernd, 1, Details("Unfug", None, None), TWO)
    return room.read(room.firm.clara)


@case("log", "M43")
def without_a_lead_every_member_says_the_title() -> Bytes:
    """Anna, the only lead, leaves: what Bernd called it before does not count, what he calls it then does."""
    room = Room(Firm())
    room.add(room.firm.clara)
    room.say(room.firm.bernd, 2, Details("zu früh", None, None), ONE)
    room.take(room.desk(room.firm.anna).leave(room.state, LOG))
    room.take(room.desk(room.firm.bernd).rekey(room.state, LOG))
    room.say(room.firm.bernd, 3, Details("Dachstuhl", None, None), TWO)
    return room.read(room.firm.clara)


@case("log", "M43")
def without_a_lead_a_guest_says_no_title() -> Bytes:
    """Anna, the only lead, leaves: Bernd counts as lead then, Georg is a guest and does not."""
    room = Room(Firm())
    room.add(room.firm.georg)
    room.take(room.desk(room.firm.anna).leave(room.state, LOG))
    room.take(room.desk(room.firm.bernd).rekey(room.state, LOG))
    room.say(room.firm.bernd, 3, Details("Dachstuhl", None, None), ONE)
    room.say(room.firm.georg, 3, Details("Gästezimmer", None, None), TWO)
    return room.read(room.firm.bernd)


@case("log", "M43")
def who_led_at_the_place_of_the_title() -> Bytes:
    """Bernd says the title as lead and is none any more when its key comes: it was a lead's, and counts."""
    room = Room(Firm())
    bernd = room.firm.bernd.state.id
    room.take(room.desk(room.firm.anna).set_role(room.state, LOG, bernd, MemberRole.LEAD))
    room.say(room.firm.bernd, 1, Details("Dachstuhl", None, None), ONE)
    room.take(room.desk(room.firm.anna).set_role(room.state, LOG, bernd, MemberRole.MEMBER))
    return room.read(room.firm.anna, late={1})


@case("log", "M43")
def a_lead_who_has_become_a_guest() -> Bytes:
    """Bernd leads too, and the organisation makes him a guest: from the next head on that the log names, he leads nothing."""
    room = Room(Firm())
    bernd = room.firm.bernd.state.id
    room.take(room.desk(room.firm.anna).set_role(room.state, LOG, bernd, MemberRole.LEAD))
    room.say(room.firm.bernd, 1, Details("Dachstuhl", None, None), ONE)
    room.firm.do(room.firm.anna, RoleChanged(bernd, Role.GUEST))
    room.take(room.desk(room.firm.anna).rekey(room.state, LOG))
    room.say(room.firm.bernd, 2, Details("Gästezimmer", None, None), TWO)
    return room.read(room.firm.anna)


@case("log", "M43")
def the_only_lead_is_removed_from_the_organisation() -> Bytes:
    """Anna makes Clara owner and goes from the organisation: with the next generation Bernd counts as lead."""
    room = Room(Firm())
    anna, clara = room.firm.anna.state.id, room.firm.clara.state.id
    room.firm.do(room.firm.anna, RoleChanged(clara, Role.OWNER))
    room.firm.do(room.firm.clara, Removed(anna))
    room.take(room.desk(room.firm.bernd).rekey(room.state, LOG))
    room.say(room.firm.bernd, 2, Details("Dachstuhl", None, None), ONE)
    return room.read(room.firm.bernd)


def _target(who: Person, chosen: bytes) -> bytes:
    return message_id(who.device, chosen)


@case("log", "M31")
def an_author_edits_and_deletes() -> Bytes:
    """Anna edits one text twice and deletes another, which stays deleted."""
    room = Room(Firm())
    anna = room.firm.anna
    room.say(anna, 1, "Mion", ONE)
    room.say(anna, 1, "weg damit", TWO)
    room.say(anna, 1, Edit(_target(anna, ONE), "Moin"), THREE)
    room.say(anna, 1, Delete(_target(anna, TWO)), FOUR)
    room.say(anna, 1, Edit(_target(anna, TWO), "doch nicht"), FIVE)
    room.say(anna, 1, Edit(_target(anna, ONE), "Moin, Bernd"), SIX)
    return room.read(room.firm.bernd)


@case("log", "M31")
def somebody_else_edits_and_deletes() -> Bytes:
    """Bernd edits and deletes what is Anna's: neither counts."""
    room = Room(Firm())
    room.say(room.firm.anna, 1, "von Anna", ONE)
    room.say(room.firm.bernd, 1, Edit(_target(room.firm.anna, ONE), "von Bernd"), TWO)
    room.say(room.firm.bernd, 1, Delete(_target(room.firm.anna, ONE)), THREE)
    return room.read(room.firm.bernd)


@case("log", "M31")
def an_alarm_is_edited() -> Bytes:
    """The words of an alarm stay as they were called out; its author may delete it."""
    room = Room(Firm())
    anna = room.firm.anna
    room.say(anna, 1, Alarm(b"a" * 16, 3, "Feuer in Halle 2"), ONE)
    room.say(anna, 1, Edit(_target(anna, ONE), "Probe"), TWO)
    return room.read(room.firm.bernd)


@case("log", "M31")
def an_older_edit_opens_late() -> Bytes:
    """Of two edits the newer one in the log counts, also where the older one's key comes last."""
    room = Room(Firm())
    anna = room.firm.anna
    room.say(anna, 1, "Mion", ONE)
    room.add(room.firm.clara)
    room.say(anna, 2, Edit(_target(anna, ONE), "Moinn"), TWO)
    room.take(room.desk(room.firm.bernd).rekey(room.state, LOG))
    room.say(anna, 3, Edit(_target(anna, ONE), "Moin"), THREE)
    return room.read(room.firm.bernd, late={2})


@case("log", "M31")
def what_is_edited_opens_late() -> Bytes:
    """The edits are open before what they are about."""
    room = Room(Firm())
    anna = room.firm.anna
    room.say(anna, 1, "Mion", ONE)
    room.add(room.firm.clara)
    room.say(anna, 2, Edit(_target(anna, ONE), "Moinn"), TWO)
    room.say(anna, 2, Edit(_target(anna, ONE), "Moin"), THREE)
    return room.read(room.firm.bernd, late={1})


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
    return room.read(room.firm.bernd, {2})


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
