"""One story through the whole protocol, without any server."""

import os

from werkfunk.domain.roles import Role
from werkfunk.protocol import author, author_user, conversation, messages, organisation
from werkfunk.protocol.boxes import BoxKey
from werkfunk.protocol.content import Text
from werkfunk.protocol.events import EventKind, Header, parse_event
from werkfunk.protocol.generation import open_box
from werkfunk.protocol.identity import Profile, RecipientKeys, open_profile
from werkfunk.protocol.seeds import all_seeds, open_label, open_seed
from werkfunk.protocol.signing import SigningKey
from werkfunk.protocol.statements import LogSeen, SignerRef


def person(org, name):
    device = author_user.NewDevice(SigningKey(os.urandom(32)), BoxKey(os.urandom(32)), "Handy")
    seed = os.urandom(32)
    profile = Profile(name).seal(os.urandom(16))
    made = author_user.genesis(org, device, RecipientKeys(os.urandom(16)), profile, seed, 1, os.urandom)
    assert open_profile(profile, made.state.profile).name == name
    return device, seed, made


def test_two_people_talk_and_a_second_device_reads_all():
    d1, _, m1 = person(b"", "Anna")
    me = author.Author(m1.state, next(iter(m1.state.devices)), d1.key)
    o = author.found_organisation(me, Profile("Elektro").seal(os.urandom(16)), 1, os.urandom)
    inv_seed = os.urandom(32)
    o2, inv = author.invite(o.state, me, inv_seed, Role.MEMBER, 1, 10_000, 2)
    d2, s2, m2 = person(o.state.id, "Jörg")
    you = author.Author(m2.state, next(iter(m2.state.devices)), d2.key)
    o3 = author.enrol(o2.state, you, inv, inv_seed, 3)
    replay = None
    for data in (o.data, o2.data, o3.data):
        replay = organisation.apply(replay, data, {m1.state.id: m1.state, m2.state.id: m2.state})
    assert replay == o3.state
    users = {m1.state.id: m1.state, m2.state.id: m2.state}
    c = os.urandom(16)
    desk = author.Desk(me, o3.state, users, 4, os.urandom)
    made = desk.create(
        c,
        conversation.Kind.GROUP,
        {m1.state.id: conversation.MemberRole.LEAD, m2.state.id: conversation.MemberRole.MEMBER},
    )
    state = conversation.apply(None, parse_event(made.event).body, o3.state, users)
    gen = state.newest
    box = next(b.box for b in made.boxes if b.recipient == m2.state.id)
    parts = open_box(BoxKey(s2), c, gen.record, gen.recipient(m2.state.id), box)
    secret = parts.secret(c, 1)
    h = Header(c, 1, me.device, os.urandom(16), EventKind.MESSAGE)
    ev = messages.seal_message(
        made.parts.secret(c, 1),
        h,
        d1.key,
        gen.statement,
        m1.state.head,
        LogSeen(1, os.urandom(32)),
        5,
        Text("Grüß Gott 👷"),
        os.urandom(12),
    )
    opened = messages.open_message(secret, parse_event(ev), state, users)
    assert opened.content == Text("Grüß Gott 👷")
    assert opened.user == m1.state.id
    # second device by ticket
    ticket = RecipientKeys(os.urandom(16))
    t = author_user.open_ticket(m2.state, SignerRef(m2.state.id, you.device), d2.key, ticket, s2, 1000, 6)
    seed = open_seed(ticket.box, t.state, ticket.id, t.boxes[0].box)
    assert seed == s2
    nd = author_user.NewDevice(SigningKey(os.urandom(32)), BoxKey(os.urandom(32)), "Büro-PC")
    a = author_user.add_device(
        t.state, SignerRef(m2.state.id, recipient=ticket.id), ticket.key, nd, seed, 7, os.urandom
    )
    dev = next(x for x in a.state.devices if x != you.device)
    assert open_seed(nd.box, a.state, dev, a.boxes[0].box) == s2
    assert open_label({1: seed}, a.state.devices[dev].record) == "Büro-PC"
    r = author_user.revoke_device(
        a.state, SignerRef(m2.state.id, dev), nd.key, you.device, (seed, os.urandom(32)), 8, os.urandom
    )
    new_seed = open_seed(nd.box, r.state, dev, next(b.box for b in r.boxes if b.recipient == dev))
    assert all_seeds(r.state, new_seed) == {1: s2, 2: new_seed}
    users2 = {**users, m2.state.id: r.state}
    assert conversation.rekey_due(state, o3.state, users2, 1, 9) == "device_revoked"
    rk = author.Desk(me, o3.state, users2, 9, os.urandom).rekey(state, LogSeen(2, bytes(32)))
    assert conversation.rekey_due(rk.state, o3.state, users2, 1, 9) is None
