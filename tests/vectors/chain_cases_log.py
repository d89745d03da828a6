"""Vectors of conversations' logs (docs/protocol.md, 4.3)."""

from dataclasses import replace

from chain_world import LOG, ROOM, Firm, Room, case
from p1_operations import Bytes

from werkfunk.domain.roles import Role
from werkfunk.protocol import conversation as conv
from werkfunk.protocol import organisation as org
from werkfunk.protocol.cbor import encode
from werkfunk.protocol.conversation import MemberRole
from werkfunk.protocol.identity import device_id
from werkfunk.protocol.statements import Anchors, Empty


@case("conversation-log", "M20")
def created() -> Bytes:
    """A group of two."""
    return Room(Firm()).inputs()


@case("conversation-log", "M21")
def added_and_removed_in_one() -> Bytes:
    """Changes that come together are one statement and one generation."""
    room = Room(Firm())
    roles = {room.firm.clara.state.id: MemberRole.MEMBER}
    room.take(room.desk(room.firm.anna).change_members(room.state, LOG, roles, [room.firm.bernd.state.id]))
    return room.inputs()


@case("conversation-log", "M20", "recipients_mismatch")
def recipient_missing() -> Bytes:
    """A member is left without a key."""
    room = Room(Firm())
    body = conv.Rekeyed(room.generation(2, [room.firm.anna]))
    return room.inputs(room.forge(room.firm.anna, 4, body))


@case("conversation-log", "M20", "recipients_mismatch")
def recipient_extra() -> Bytes:
    """Somebody who is no member is given the key."""
    room = Room(Firm())
    body = conv.Rekeyed(room.generation(2, [room.firm.anna, room.firm.bernd, room.firm.clara]))
    return room.inputs(room.forge(room.firm.anna, 4, body))


@case("conversation-log", "M20", "recipients_mismatch")
def recipient_who_left() -> Bytes:
    """Who left is no recipient."""
    room = Room(Firm())
    room.take(room.desk(room.firm.bernd).leave(room.state, LOG))
    body = conv.Rekeyed(room.generation(2, [room.firm.anna, room.firm.bernd]))
    return room.inputs(room.forge(room.firm.anna, 4, body))


@case("conversation-log", "M20", "recipients_mismatch")
def recipient_removed_from_the_organisation() -> Bytes:
    """Who was removed from the organisation is no recipient."""
    room = Room(Firm())
    room.firm.do(room.firm.anna, org.Removed(room.firm.bernd.state.id))
    body = conv.Rekeyed(room.generation(2, [room.firm.anna, room.firm.bernd]))
    return room.inputs(room.forge(room.firm.anna, 4, body))


@case("conversation-log", "M20", "generation_not_next")
def generation_skipped() -> Bytes:
    """Generations are numbered without a gap."""
    room = Room(Firm())
    body = conv.Rekeyed(room.generation(3, [room.firm.anna, room.firm.bernd]))
    return room.inputs(room.forge(room.firm.anna, 4, body))


@case("conversation-log", "M20", "pin_stale")
def recipient_pinned_to_an_older_head() -> Bytes:
    """Bernd was pinned to a newer head before."""
    room = Room(Firm())
    old = room.firm.bernd.state
    room.firm.bernd.add("PC")
    room.take(room.desk(room.firm.anna).rekey(room.state, LOG))
    now, room.firm.bernd.state = room.firm.bernd.state, old
    body = conv.Rekeyed(room.generation(3, [room.firm.anna, room.firm.bernd]))
    room.firm.bernd.state = now
    return room.inputs(room.forge(room.firm.anna, 4, body))


@case("conversation-log", "M20", "pin_stale")
def box_generation_not_the_newest() -> Bytes:
    """The box generation is not the newest at the named head."""
    room = Room(Firm())
    device = room.firm.bernd.add("PC")
    room.firm.bernd.revoke(device_id(device.key.public))
    made = room.generation(2, [room.firm.anna, room.firm.bernd])
    stale = tuple(replace(r, box_generation=1) for r in made.recipients)
    return room.inputs(room.forge(room.firm.anna, 4, conv.Rekeyed(replace(made, recipients=stale))))


@case("conversation-log", "M20", "holders_mismatch")
def holders_left_out() -> Bytes:
    """The archive is on, and its holders are given nothing."""
    room = archived()
    body = conv.Rekeyed(room.generation(2, [room.firm.anna, room.firm.bernd]))
    return room.inputs(room.forge(room.firm.anna, 4, body))


@case("conversation-log", "M20")
def holders_given() -> Bytes:
    """The archive is on; its three holders are given their boxes."""
    room = archived()
    room.take(room.desk(room.firm.anna).rekey(room.state, LOG))
    return room.inputs()


@case("conversation-log", "M20", "holders_mismatch")
def holders_in_another_order() -> Bytes:
    """The archive names Anna, Bernd, Clara: each of them has an index of their own."""
    room = archived()
    firm = room.firm
    body = conv.Rekeyed(room.generation(2, [firm.anna, firm.bernd], [firm.bernd, firm.anna, firm.clara]))
    return room.inputs(room.forge(firm.anna, 4, body))


@case("conversation-log", "M20", "holders_mismatch")
def holders_of_the_server() -> Bytes:
    """The archive is off, and somebody is given the parts all the same."""
    room = Room(Firm())
    firm = room.firm
    body = conv.Rekeyed(room.generation(2, [firm.anna, firm.bernd], [firm.anna, firm.bernd, firm.clara]))
    return room.inputs(room.forge(firm.anna, 4, body))


@case("conversation-log", "M20", "holders_mismatch")
def confidential_has_no_holders() -> Bytes:
    """A confidential conversation is outside of the archive for good."""
    room = archived(confidential=True)
    firm = room.firm
    body = conv.Rekeyed(room.generation(2, [firm.anna, firm.bernd], [firm.anna, firm.bernd, firm.clara]))
    return room.inputs(room.forge(firm.anna, 4, body))


def archived(**settings: bool) -> Room:
    room = Room(Firm(), **settings)
    firm = room.firm
    holders = (firm.anna.state.id, firm.bernd.state.id, firm.clara.state.id)
    firm.do(firm.anna, org.ArchiveSet(True, holders))
    return room


@case("conversation-log", "M46", "record_form")
def more_members_than_there_may_be() -> Bytes:
    """A conversation of 501."""
    firm = Firm()
    room = Room(firm)
    others = tuple((number.to_bytes(32), MemberRole.MEMBER) for number in range(500))
    members = ((firm.anna.state.id, MemberRole.LEAD), *others)
    body = conv.Created(conv.Kind.GROUP, False, True, members, room.generation(1, [firm.anna]))
    anchors = Anchors(firm.state.head, firm.anna.state.head)
    data = room.forge(firm.anna, 0, body, anchors, number=0, previous=b"")
    return {"users": firm.users(), "organisation": encode(firm.chain), "statements": encode([data])}


@case("conversation-log", "M21", "record_form")
def members_without_generation() -> Bytes:
    """A change of members without a new generation."""
    room = Room(Firm())
    return room.inputs(room.forge(room.firm.anna, 1, {0: [], 1: [room.firm.bernd.state.id]}))


@case("conversation-log", "M21", "not_permitted")
def member_removes_the_lead() -> Bytes:
    """A member who is not lead removes nobody."""
    room = Room(Firm())
    body = conv.MembersChanged((), (room.firm.anna.state.id,), room.generation(2, [room.firm.bernd]))
    return room.inputs(room.forge(room.firm.bernd, 1, body))


def _without_a_lead() -> Room:
    """Anna, the only lead, has left Bernd and Georg, a guest."""
    room = Room(Firm())
    room.add(room.firm.georg)
    room.take(room.desk(room.firm.anna).leave(room.state, LOG))
    return room


@case("conversation-log", "M21")
def without_a_lead_a_member_adds() -> Bytes:
    """No lead is left: every member counts as lead."""
    room = _without_a_lead()
    roles = {room.firm.clara.state.id: MemberRole.LEAD}
    room.take(room.desk(room.firm.bernd).change_members(room.state, LOG, roles))
    return room.inputs()


@case("conversation-log", "M21", "not_permitted")
def without_a_lead_a_guest_adds() -> Bytes:
    """No lead is left, and a guest counts as none."""
    room = _without_a_lead()
    people = [room.firm.bernd, room.firm.georg, room.firm.clara]
    added = ((room.firm.clara.state.id, MemberRole.MEMBER),)
    return room.inputs(room.forge(room.firm.georg, 1, conv.MembersChanged(added, (), room.generation(3, people))))


@case("conversation-log", "M21", "not_permitted")
def a_lead_who_has_become_a_guest_removes() -> Bytes:
    """Bernd leads too, then the organisation makes him a guest: he leads nothing more."""
    room = Room(Firm())
    bernd = room.firm.bernd.state.id
    room.take(room.desk(room.firm.anna).set_role(room.state, LOG, bernd, MemberRole.LEAD))
    room.firm.do(room.firm.anna, org.RoleChanged(bernd, Role.GUEST))
    body = conv.MembersChanged((), (room.firm.anna.state.id,), room.generation(2, [room.firm.bernd]))
    return room.inputs(room.forge(room.firm.bernd, 1, body))


@case("conversation-log", "M9", "not_permitted")
def a_member_changes_the_settings() -> Bytes:
    """Settings are a lead's."""
    room = Room(Firm())
    return room.inputs(room.forge(room.firm.bernd, 3, conv.SettingsChanged(False)))


@case("conversation-log", "M9", "not_permitted")
def a_member_makes_itself_lead() -> Bytes:
    """Roles are a lead's."""
    room = Room(Firm())
    return room.inputs(room.forge(room.firm.bernd, 2, conv.RoleChanged(room.firm.bernd.state.id, MemberRole.LEAD)))


@case("conversation-log", "M9", "not_permitted")
def a_guest_is_made_lead() -> Bytes:
    """A guest never leads."""
    room = Room(Firm())
    room.add(room.firm.georg)
    return room.inputs(room.forge(room.firm.anna, 2, conv.RoleChanged(room.firm.georg.state.id, MemberRole.LEAD)))


def _direct() -> Room:
    """Anna and Georg, a guest, by themselves: both lead."""
    firm = Firm()
    room = Room(firm)
    members = {firm.anna.state.id: MemberRole.LEAD, firm.georg.state.id: MemberRole.LEAD}
    room.log.clear()
    room.take(room.desk(firm.anna).create(ROOM, conv.Kind.DIRECT, members))
    return room


@case("conversation-log", "M20")
def a_guest_leads_a_direct_conversation() -> Bytes:
    """Both lead, a guest too: Georg says that who comes later sees no history."""
    room = _direct()
    room.take(room.desk(room.firm.georg).set_history(room.state, LOG, False))
    return room.inputs()


@case("conversation-log", "M21", "not_permitted")
def a_third_comes_to_a_direct_conversation() -> Bytes:
    """A direct conversation is two people's."""
    room = _direct()
    firm = room.firm
    added = ((firm.bernd.state.id, MemberRole.MEMBER),)
    record = room.generation(2, [firm.anna, firm.georg, firm.bernd])
    return room.inputs(room.forge(firm.anna, 1, conv.MembersChanged(added, (), record)))


@case("conversation-log", "M9", "not_permitted")
def one_leaves_a_direct_conversation() -> Bytes:
    """Nobody leaves a direct conversation."""
    room = _direct()
    return room.inputs(room.forge(room.firm.georg, 6, Empty()))


@case("conversation-log", "M9", "not_permitted")
def outsider_writes() -> Bytes:
    """Clara is no member, admin or not."""
    room = Room(Firm())
    return room.inputs(room.forge(room.firm.clara, 3, conv.SettingsChanged(False)))


@case("conversation-log", "M9", "not_permitted")
def guest_creates() -> Bytes:
    """A guest creates no conversation."""
    firm = Firm()
    room = Room(firm)
    record = room.generation(1, [firm.georg, firm.bernd])
    members = ((firm.georg.state.id, MemberRole.LEAD), (firm.bernd.state.id, MemberRole.MEMBER))
    body = conv.Created(conv.Kind.GROUP, False, True, members, record)
    anchors = Anchors(firm.state.head, firm.georg.state.head)
    data = room.forge(firm.georg, 0, body, anchors, number=0, previous=b"")
    return {"users": firm.users(), "organisation": encode(firm.chain), "statements": encode([data])}


@case("conversation-log", "M10", "anchor_backwards")
def organisation_anchor_backwards() -> Bytes:
    """The log has seen a newer organisation."""
    room = Room(Firm())
    old = room.firm.state.head
    room.firm.do(room.firm.clara, Empty())
    room.take(room.desk(room.firm.anna).rekey(room.state, LOG))
    anchors = Anchors(old, room.firm.anna.state.head, LOG)
    return room.inputs(room.forge(room.firm.anna, 3, conv.SettingsChanged(False), anchors))


@case("conversation-log", "M10", "anchor_backwards")
def signers_anchor_backwards() -> Bytes:
    """The signer was pinned to a newer head."""
    room = Room(Firm())
    old = room.firm.anna.state.head
    room.firm.anna.add("PC")
    room.take(room.desk(room.firm.anna).rekey(room.state, LOG))
    anchors = Anchors(room.firm.state.head, old, LOG)
    return room.inputs(room.forge(room.firm.anna, 3, conv.SettingsChanged(False), anchors))


@case("conversation-log", "M26")
def granted() -> Bytes:
    """The joiner is granted the earlier generation."""
    room = Room(Firm())
    room.add(room.firm.clara)
    room.take(room.desk(room.firm.anna).grant(room.state, LOG, room.firm.clara.state.id, {1: room.parts[1]}))
    return room.inputs()


@case("conversation-log", "M26", "not_permitted")
def granted_without_history() -> Bytes:
    """New members do not read the history here."""
    room = Room(Firm(), history=False)
    room.add(room.firm.clara)
    body = conv.Granted(room.firm.clara.state.id, 1, 1, 1, bytes(32))
    return room.inputs(room.forge(room.firm.anna, 5, body))


@case("conversation-log", "M26", "not_permitted")
def granted_by_who_does_not_hold_it() -> Bytes:
    """Clara joined late herself."""
    room = Room(Firm())
    room.add(room.firm.clara)
    room.add(room.firm.georg)
    body = conv.Granted(room.firm.georg.state.id, 1, 1, 1, bytes(32))
    return room.inputs(room.forge(room.firm.clara, 5, body))
