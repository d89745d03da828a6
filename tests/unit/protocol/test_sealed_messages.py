"""Events, messages and slots (docs/protocol.md, 6 and 7)."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protocol_world import LOG, World, flips, make_world, revoke_first_device

from werkfunk.protocol import content, messages, slots
from werkfunk.protocol.errors import EncodingRefused, ProtocolError, SealRefused
from werkfunk.protocol.events import Event, EventKind, Header, next_head, parse_event
from werkfunk.protocol.signing import SigningKey
from werkfunk.protocol.statements import Head

TEXT = content.Text("Wasser im Keller")


@pytest.fixture
def world() -> World:
    return make_world()


CONTENTS: list[content.Content] = [
    TEXT,
    content.Text("Ja", bytes(16), (bytes(32),)),
    content.Edit(bytes(16), "neu"),
    content.Delete(bytes(16)),
    content.Reaction(bytes(16), "👍"),
    content.Photo("", (content.Attachment(bytes(16), bytes(32), bytes(32), "a.jpg", "image/jpeg", 5, 272, b"", 4, 3),)),
    content.VoiceNote((content.Attachment(bytes(16), bytes(32), bytes(32), "", "audio/opus", 5, 272),), 4200),
    content.Place(525_200_000, -134_050_000),
    content.Alarm(bytes(16), 1, "Feuer"),
    content.Answer(bytes(16), 2),
    content.System("fertig"),
    content.Details("Neubau"),
    content.Details("Neubau", "Hauptstraße 1", content.Point(513_127_000, 94_797_000)),
    content.Unknown(99, {0: "later"}),
]


@pytest.mark.parametrize("said", CONTENTS, ids=lambda c: type(c).__name__)
def test_m30_everybody_in_the_conversation_reads_every_kind_of_content(world: World, said: content.Content) -> None:
    event = parse_event(world.message(world.joerg, said).to_bytes())
    opened = world.open(event)
    assert (opened.content, opened.user, opened.log) == (said, world.joerg.state.id, LOG)


def test_m30_charlie_outside_of_the_conversation_cannot_send(world: World) -> None:
    with pytest.raises(SealRefused, match="sender_not_recipient"):
        world.open(world.message(world.charlie, TEXT))


def test_m30_every_flipped_bit_of_an_event_is_refused(world: World) -> None:
    data = world.message(world.anna, TEXT).to_bytes()
    for changed in flips(data):
        with pytest.raises(ProtocolError):
            world.open(parse_event(changed), world.secret())


def test_m30_inner_header_must_be_the_outer_one(world: World) -> None:
    event = world.message(world.anna, TEXT)
    other = replace(event.header, message_id=bytes(16))
    with pytest.raises(SealRefused, match="seal_invalid"):
        world.open(Event(other, event.body))


def test_m30_another_generations_secret_does_not_open(world: World) -> None:
    with pytest.raises(SealRefused, match="seal_invalid"):
        world.open(world.message(world.anna, TEXT), bytes(32))


def test_m30_a_message_of_another_conversation_is_refused(world: World) -> None:
    header = world.header(world.anna, conversation=bytes(16))
    with pytest.raises(SealRefused, match="header_mismatch"):
        world.open(world.message(world.anna, TEXT, header))


def test_m30_device_of_somebody_unknown_is_refused(world: World) -> None:
    header = world.header(world.anna, device=bytes(16))
    with pytest.raises(SealRefused, match="sender_unknown"):
        world.open(world.message(world.anna, TEXT, header))


def test_m30_a_member_cannot_sign_for_another(world: World) -> None:
    forged = world.message(world.anna, TEXT, key=world.joerg.key)
    with pytest.raises(ProtocolError, match="signature_invalid"):
        world.open(forged)


def test_m30_generation_hash_must_be_right(world: World) -> None:
    with pytest.raises(SealRefused, match="generation_mismatch"):
        world.open(world.message(world.anna, TEXT, generation_hash=bytes(32)))


def test_m30_unknown_generation_is_refused(world: World) -> None:
    before, event = world.state, world.message(world.anna, TEXT)
    world.rekey()
    newer = world.message(world.anna, TEXT)
    with pytest.raises(SealRefused, match="generation_mismatch"):
        messages.open_message(world.secret(), newer, before, world.users)
    assert world.open(event).content == TEXT


def test_m30_unknown_user_head_is_refused(world: World) -> None:
    for head in (Head(0, bytes(32)), Head(1, world.anna.state.hashes[0]), Head(99, bytes(32))):
        with pytest.raises(SealRefused, match="anchor_unknown"):
            world.open(world.message(world.anna, TEXT, user_head=head))


def test_m30_revoked_device_cannot_send_at_the_new_head(world: World) -> None:
    old = world.joerg
    header = world.header(old)
    world.joerg, revoked_key = revoke_first_device(old)
    with pytest.raises(SealRefused, match="device_not_active"):
        world.open(world.message(world.joerg, TEXT, header, key=revoked_key))


def test_m30_user_head_must_not_be_older_than_the_pinned_one(world: World) -> None:
    old = world.joerg
    old_device = old.author.device
    world.joerg, revoked_key = revoke_first_device(old)
    world.rekey()
    header = world.header(world.joerg, device=old_device)
    with pytest.raises(SealRefused, match="pin_stale"):
        world.open(world.message(world.joerg, TEXT, header, key=revoked_key, user_head=old.state.head))


def test_m30_what_a_device_sent_before_its_revocation_still_opens(world: World) -> None:
    event = world.message(world.joerg, TEXT)
    world.joerg, _ = revoke_first_device(world.joerg)
    assert world.open(event).content == TEXT


def test_m30_known_kind_of_wrong_form_is_refused(world: World) -> None:
    with pytest.raises(EncodingRefused, match="record_form"):
        world.open(world.message(world.anna, content.Unknown(1, {0: 5})))


def test_m32_unknown_content_kind_is_kept_as_it_came(world: World) -> None:
    said = content.Unknown(4711, {0: [1, {23: b"x"}]})
    opened = world.open(world.message(world.anna, said))
    assert opened.content == said
    assert content.name_of(opened.content) == "unknown"


def test_auditor_opens_with_the_messages_own_key_only(world: World) -> None:
    event = world.message(world.anna, TEXT)
    key = messages.message_key(world.secret(), event.header)
    assert messages.open_with_key(key, event, world.state, world.users).content == TEXT
    other = world.message(world.anna, TEXT)
    with pytest.raises(SealRefused, match="seal_invalid"):
        messages.open_with_key(key, other, world.state, world.users)


def test_message_keys_differ_by_each_input(world: World) -> None:
    header = world.header(world.anna)
    changes: list[dict[str, Any]] = [
        {},
        {"conversation": bytes(16)},
        {"generation": 9},
        {"device": bytes(16)},
        {"message_id": bytes(16)},
    ]
    keys = {messages.message_key(world.secret(), replace(header, **change)) for change in changes}
    assert len(keys) == len(changes)


def test_m4_length_of_a_text_shows_in_steps_only(world: World) -> None:
    """The signed envelope alone has about 256 bytes, so between 256 and 512 the step is 16."""
    sizes = sorted({len(world.message(world.anna, content.Text("x" * n)).to_bytes()) for n in range(100)})
    assert len(sizes) <= 8
    assert all(b - a == 16 for a, b in pairwise(sizes))


def test_attachment_key_does_not_show_in_repr() -> None:
    record = content.Attachment(bytes(16), b"\xaa" * 32, bytes(32), "Plan", "text/plain", 1, 272)
    assert "xaa" not in repr(record)
    assert "Plan" not in repr(record)


# Slots


def open_slot(world: World, event: Event, seen: int = -1) -> tuple[bytes, slots.SignedSlot]:
    return slots.open_slot(world.secret(), event, world.state, world.users, seen)


def test_m33_slot_opens_with_a_growing_counter(world: World) -> None:
    user, value = open_slot(world, parse_event(world.slot(world.joerg, 5, {0: 41}).to_bytes()), seen=4)
    assert (user, value.value, value.counter) == (world.joerg.state.id, {0: 41}, 5)


@pytest.mark.parametrize("counter", [0, 4, 5])
def test_m33_counter_not_above_the_last_one_is_refused(world: World, counter: int) -> None:
    with pytest.raises(SealRefused, match="counter_not_growing"):
        open_slot(world, world.slot(world.joerg, counter, {0: 41}), seen=5)


def test_m33_slot_under_an_old_generation_is_refused(world: World) -> None:
    event, secret = world.slot(world.joerg, 5, {0: 41}), world.secret()
    world.rekey()
    with pytest.raises(SealRefused, match="slot_old_generation"):
        slots.open_slot(secret, event, world.state, world.users, -1)


def test_m33_every_flipped_bit_of_a_slot_is_refused(world: World) -> None:
    data = world.slot(world.anna, 1, {0: 41}).to_bytes()
    for changed in flips(data):
        with pytest.raises(ProtocolError):
            open_slot(world, parse_event(changed))


def test_m33_tag_must_be_the_senders_and_the_types(world: World) -> None:
    tag = slots.slot_tag(world.secret(), world.state.id, 1, world.anna.state.id, 1)
    for wrong in (world.slot(world.joerg, 1, {0: 1}, tag=tag), world.slot(world.anna, 1, {0: 1}, 2, tag=tag)):
        with pytest.raises(SealRefused, match="slot_tag_mismatch"):
            open_slot(world, wrong)


def test_m33_outsider_and_forger_cannot_write_slots(world: World) -> None:
    with pytest.raises(SealRefused, match="sender_not_recipient"):
        open_slot(world, world.slot(world.charlie, 1, {0: 1}))
    with pytest.raises(ProtocolError, match="signature_invalid"):
        open_slot(world, world.slot(world.anna, 1, {0: 1}, key=world.joerg.key))


def test_a_slot_is_no_message_and_a_message_no_slot(world: World) -> None:
    with pytest.raises(SealRefused, match="header_mismatch"):
        world.open(world.slot(world.anna, 1, {0: 1}), world.secret())
    with pytest.raises(SealRefused, match="header_mismatch"):
        open_slot(world, world.message(world.anna, TEXT))


def test_slot_tags_tell_nothing_alike(world: World) -> None:
    anna, joerg = world.anna.state.id, world.joerg.state.id
    tags = {slots.slot_tag(world.secret(), world.state.id, 1, user, t) for user in (anna, joerg) for t in (1, 2)}
    assert len(tags) == 4


# Events and the log


@given(st.binary(max_size=100))
def test_any_bytes_are_an_event_or_refused(data: bytes) -> None:
    try:
        event = parse_event(data)
    except EncodingRefused:
        return
    assert event.to_bytes() == data


@given(st.integers(0, 2**53 - 1), st.sampled_from(EventKind), st.binary(max_size=50), st.data())
def test_event_comes_back_the_same(generation: int, kind: EventKind, body: bytes, data: st.DataObject) -> None:
    ids = [data.draw(st.binary(min_size=16, max_size=16)) for _ in range(4)]
    tag = ids[3] if kind is EventKind.SLOT else None
    event = Event(Header(ids[0], generation, ids[1], ids[2], kind, tag), body)
    assert parse_event(event.to_bytes()) == event


def test_m29_head_depends_on_everything_before_and_in_the_entry() -> None:
    base: list[Any] = [bytes(16), 1, 1000, bytes(32), bytes(32)]
    changes: list[Any] = [b"\1" * 16, 2, 1001, b"\1" * 32, b"\1" * 32]
    heads = {next_head(*base)} | {next_head(*[*base[:i], change, *base[i + 1 :]]) for i, change in enumerate(changes)}
    assert len(heads) == 6


def test_m29_swapping_two_entries_changes_the_head() -> None:
    def head(*events: bytes) -> bytes:
        now = bytes(32)
        for seq, event in enumerate(events, 1):
            now = next_head(bytes(16), seq, 1, now, event)
        return now

    assert head(b"\1" * 32, b"\2" * 32) != head(b"\2" * 32, b"\1" * 32)


def test_a_signing_key_of_another_sort_fits_the_signer_protocol(world: World) -> None:
    class Elsewhere:
        """A key that cannot leave where it is."""

        def __init__(self, inner: SigningKey) -> None:
            self.public, self.sign = inner.public, inner.sign

    assert world.open(world.message(world.anna, TEXT, key=Elsewhere(world.anna.key))).content == TEXT
