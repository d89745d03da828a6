"""Vectors of organisation chains (docs/protocol.md, 4.1)."""

from dataclasses import replace

from chain_world import Firm, Person, case
from p1_operations import Bytes

from werkfunk.domain.roles import Role
from werkfunk.protocol import author
from werkfunk.protocol import organisation as org
from werkfunk.protocol.identity import device_id
from werkfunk.protocol.signing import SigningKey
from werkfunk.protocol.statements import Empty, Head, SignerRef, parse, sign


@case("organisation-chain", "M13")
def four_people() -> Bytes:
    """Founded, three invited and enrolled."""
    return Firm().inputs()


@case("organisation-chain", "M13", "invite_overused")
def invite_overused() -> Bytes:
    """An invite for one lets one in."""
    firm = Firm()
    invite, seed = firm.invite()
    second = Person("Emil", firm.state.id)
    firm.take(author.enrol(firm.state, firm.dora.author, invite, seed, 3))
    firm.people.append(second)
    return firm.inputs(firm.forge(second, 3, firm.enrolment(second, invite, seed)))


@case("organisation-chain", "M13", "invite_revoked")
def invite_revoked() -> Bytes:
    """A revoked invite lets nobody in."""
    firm = Firm()
    invite, seed = firm.invite()
    firm.do(firm.clara, org.InviteRevoked(invite))
    return firm.inputs(firm.forge(firm.dora, 3, firm.enrolment(firm.dora, invite, seed)))


@case("organisation-chain", "M13", "invite_expired")
def invite_expired() -> Bytes:
    """An earlier statement's time is past the expiry."""
    firm = Firm()
    invite, seed = firm.invite(expires=3)
    firm.do(firm.clara, Empty())
    return firm.inputs(firm.forge(firm.dora, 3, firm.enrolment(firm.dora, invite, seed)))


@case("organisation-chain", "M13")
def newcomers_own_clock_is_late() -> Bytes:
    """Only earlier statements' times count: a newcomer's wrong clock does not lock out."""
    firm = Firm()
    invite, seed = firm.invite(expires=100)
    return firm.inputs(firm.forge(firm.dora, 3, firm.enrolment(firm.dora, invite, seed), time=10**9))


@case("organisation-chain", "M13", "enrolment_proof_invalid")
def proof_for_another_genesis() -> Bytes:
    """The invite key proved another person."""
    firm = Firm()
    invite, seed = firm.invite()
    body = firm.enrolment(firm.dora, invite, seed, user=firm.bernd.state.id)
    return firm.inputs(firm.forge(firm.dora, 3, body))


@case("organisation-chain", "M13", "enrolment_proof_invalid")
def proof_for_an_earlier_place() -> Bytes:
    """Who loses a race signs again."""
    firm = Firm()
    invite, seed = firm.invite()
    body = firm.enrolment(firm.dora, invite, seed, previous=firm.state.hashes[-2])
    return firm.inputs(firm.forge(firm.dora, 3, body))


@case("organisation-chain", "M13", "invite_unknown")
def invite_of_the_server() -> Bytes:
    """An invite that nobody signed."""
    firm = Firm()
    return firm.inputs(firm.forge(firm.dora, 3, firm.enrolment(firm.dora, b"i" * 32, b"s" * 32)))


@case("organisation-chain", "M13", "id_reused")
def enrolled_twice() -> Bytes:
    """A person is enrolled once."""
    firm = Firm()
    invite, seed = firm.invite()
    return firm.inputs(firm.forge(firm.bernd, 3, firm.enrolment(firm.bernd, invite, seed)))


@case("organisation-chain", "M12", "invite_uses")
def admin_invite_for_two() -> Bytes:
    """A role above member is invited once."""
    firm = Firm()
    body = org.Invite(SigningKey(b"k" * 32).public, Role.ADMIN, 2, 10**12)
    return firm.inputs(firm.forge(firm.anna, 1, body))


@case("organisation-chain", "M12", "not_permitted")
def member_invites() -> Bytes:
    """A member invites nobody."""
    firm = Firm()
    return firm.inputs(firm.forge(firm.bernd, 1, org.Invite(SigningKey(b"k" * 32).public, Role.MEMBER, 1, 10**12)))


@case("organisation-chain", "M12", "not_permitted")
def admin_invites_an_admin() -> Bytes:
    """An admin invites only below admin."""
    firm = Firm()
    return firm.inputs(firm.forge(firm.clara, 1, org.Invite(SigningKey(b"k" * 32).public, Role.ADMIN, 1, 10**12)))


@case("organisation-chain", "M9", "not_permitted")
def demoted_signer() -> Bytes:
    """Clara was admin when she began to write, and is a member now."""
    firm = Firm()
    firm.do(firm.anna, org.RoleChanged(firm.clara.state.id, Role.MEMBER))
    return firm.inputs(firm.forge(firm.clara, 4, org.RoleChanged(firm.bernd.state.id, Role.SITE_LEAD)))


@case("organisation-chain", "M9", "not_permitted")
def removed_person_signs() -> Bytes:
    """Who was removed signs no more."""
    firm = Firm()
    firm.do(firm.anna, org.Removed(firm.clara.state.id))
    return firm.inputs(firm.forge(firm.clara, 9, Empty()))


@case("organisation-chain", "M9", "last_owner")
def last_owner_leaves() -> Bytes:
    """An organisation has an owner."""
    firm = Firm()
    return firm.inputs(firm.forge(firm.anna, 5, org.Removed(firm.anna.state.id)))


@case("organisation-chain", "M10", "anchor_backwards")
def anchor_backwards() -> Bytes:
    """Anna named a newer head of hers before."""
    firm = Firm()
    old = firm.anna.state.head
    firm.anna.add("PC")
    firm.do(firm.anna, Empty())
    return firm.inputs(firm.forge(firm.anna, 9, Empty(), old))


@case("organisation-chain", "M9", "anchor_unknown")
def anchor_of_a_fork() -> Bytes:
    """A head that is not in the signer's chain."""
    firm = Firm()
    return firm.inputs(firm.forge(firm.anna, 9, Empty(), Head(0, b"h" * 32)))


@case("organisation-chain", "M9", "device_not_active")
def revoked_device_at_the_named_head() -> Bytes:
    """A device that is revoked at the head that it names."""
    firm = Firm()
    device = firm.anna.add("PC")
    firm.anna.revoke(device_id(device.key.public))
    ref = SignerRef(firm.anna.state.id, device_id(device.key.public))
    data = parse(firm.forge(firm.anna, 9, Empty()))
    return firm.inputs(sign(replace(data, signer=ref), device.key))


@case("organisation-chain", "M20", "holders_form")
def guest_as_holder() -> Bytes:
    """A holder is an active person who is not a guest."""
    firm = Firm()
    holders = (firm.anna.state.id, firm.bernd.state.id, firm.georg.state.id)
    return firm.inputs(firm.forge(firm.anna, 6, org.ArchiveSet(True, holders)))


@case("organisation-chain", "M13", "enrolment_other_organisation")
def newcomer_of_another_organisation() -> Bytes:
    """The newcomer's genesis names another organisation."""
    firm = Firm()
    invite, seed = firm.invite()
    stranger = Person("Emil", b"o" * 32)
    firm.people.append(stranger)
    return firm.inputs(firm.forge(stranger, 3, firm.enrolment(stranger, invite, seed)))


@case("organisation-chain", "M46", "record_form")
def a_policy_below_zero() -> Bytes:
    """A policy's value is an integer from 0, or a text."""
    firm = Firm()
    return firm.inputs(firm.forge(firm.anna, 7, {0: {"live_location": -1}}))


@case("organisation-chain", "M46", "record_form")
def a_policy_that_is_too_long() -> Bytes:
    """A policy's text has at most 200 characters."""
    firm = Firm()
    return firm.inputs(firm.forge(firm.anna, 7, {0: {"motto": "ü" * 201}}))
