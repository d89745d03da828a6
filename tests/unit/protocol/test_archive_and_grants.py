"""Generation boxes, grants, repairs and the archive (docs/protocol.md, 5 and 12)."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from protocol_world import Person, World, flips, make_world

from werkfunk.protocol import archive, generation, grants, messages
from werkfunk.protocol.boxes import BoxKey, seal
from werkfunk.protocol.cbor import encode, tagged
from werkfunk.protocol.content import Text
from werkfunk.protocol.errors import ProtocolError, SealRefused
from werkfunk.protocol.kdf import sha256
from werkfunk.protocol.labels import Label
from werkfunk.protocol.padding import pad


@pytest.fixture
def world() -> World:
    return make_world()


def key_of(person: Person) -> BoxKey:
    return BoxKey(person.seed)


def test_m25_each_member_opens_the_box_and_nobody_else(world: World) -> None:
    made = world.state.newest.record
    for person in (world.anna, world.joerg):
        box = next(b.box for b in world.boxes if b.recipient == person.state.id)
        to = world.state.newest.recipient(person.state.id)
        assert to
        assert (
            generation.open_box(key_of(person), world.state.id, made, to, box).to_bytes() == world.parts[1].to_bytes()
        )
        with pytest.raises(SealRefused, match="box_invalid"):
            generation.open_box(key_of(world.charlie), world.state.id, made, to, box)


def test_m25_box_of_another_hash_is_refused(world: World) -> None:
    to = world.state.newest.record.recipients[0]
    box = next(b.box for b in world.boxes if b.recipient == to.user)
    with pytest.raises(SealRefused, match="box_hash_mismatch"):
        generation.open_box(key_of(world.anna), world.state.id, world.state.newest.record, to, box + b"\0")


@pytest.mark.parametrize("index", [0, 1, 2])
def test_m25_each_commitment_is_checked(world: World, index: int) -> None:
    """A sender who seals other parts than it committed to is found by whoever opens the box."""
    made = world.state.newest.record
    wrong = list(world.parts[1].parts)
    wrong[index] = bytes(32)
    info = generation.box_info(Label.GENERATION_BOX, world.state.id, 1, made.commitments, world.anna.state.id, 1)
    box = seal(key_of(world.anna).public, info, b"".join(wrong))
    to = replace(made.recipients[0], user=world.anna.state.id, box=sha256(box))
    with pytest.raises(SealRefused, match="commitment_mismatch"):
        generation.open_box(key_of(world.anna), world.state.id, made, to, box)


def granted(world: World) -> tuple[bytes, dict[int, generation.Generation]]:
    world.rekey()
    world.rekey()
    held = {n: world.parts[n] for n in (1, 2, 3)}
    known = {n: made.record for n, made in world.state.generations.items()}
    return grants.seal_grant(world.state.id, held, world.charlie.state), known


def test_m26_joiner_opens_the_grant_and_reads_the_history(world: World) -> None:
    event = world.message(world.anna, Text("früher"))
    box, known = granted(world)
    charlie = world.charlie.state.id
    opened = grants.open_grant(key_of(world.charlie), world.state.id, known, (1, 3), charlie, 1, box, sha256(box))
    assert set(opened) == {1, 2, 3}
    assert world.open(event, opened[1].secret(world.state.id, 1)).content == Text("früher")


def test_m26_every_commitment_of_a_grant_is_checked(world: World) -> None:
    box, known = granted(world)
    charlie = world.charlie.state.id
    for number in (1, 2, 3):
        lie = {**known, number: replace(known[number], commitments=known[number % 3 + 1].commitments)}
        with pytest.raises(SealRefused, match="commitment_mismatch"):
            grants.open_grant(key_of(world.charlie), world.state.id, lie, (1, 3), charlie, 1, box, sha256(box))


def test_m26_grant_for_somebody_else_or_another_span_is_refused(world: World) -> None:
    box, known = granted(world)
    charlie, joerg = world.charlie.state.id, world.joerg.state.id
    for key, user, span in (
        (key_of(world.joerg), charlie, (1, 3)),
        (key_of(world.charlie), joerg, (1, 3)),
        (key_of(world.charlie), charlie, (1, 2)),
        (key_of(world.charlie), charlie, (2, 3)),
    ):
        with pytest.raises(SealRefused, match="box_invalid"):
            grants.open_grant(key, world.state.id, known, span, user, 1, box, sha256(box))


def test_m26_unknown_generation_in_a_grant_is_refused(world: World) -> None:
    box, known = granted(world)
    del known[2]
    with pytest.raises(SealRefused, match="grant_form"):
        grants.open_grant(
            key_of(world.charlie), world.state.id, known, (1, 3), world.charlie.state.id, 1, box, sha256(box)
        )


def test_m27_repair_opens_for_its_recipient_only(world: World) -> None:
    made = world.state.newest.record
    number, box = generation.seal_repair(world.state.id, made, world.parts[1], world.joerg.state)
    joerg = world.joerg.state.id
    parts = generation.open_repair(key_of(world.joerg), world.state.id, made, joerg, number, box)
    assert parts.to_bytes() == world.parts[1].to_bytes()
    with pytest.raises(SealRefused, match="box_invalid"):
        generation.open_repair(key_of(world.charlie), world.state.id, made, joerg, number, box)


def test_m27_repair_with_wrong_parts_gains_nothing(world: World) -> None:
    made = world.state.newest.record
    number, box = generation.seal_repair(world.state.id, made, generation.Parts((bytes(32),) * 3), world.joerg.state)
    with pytest.raises(SealRefused, match="commitment_mismatch"):
        generation.open_repair(key_of(world.joerg), world.state.id, made, world.joerg.state.id, number, box)


# The archive: three holders, any two open


def archived(world: World) -> tuple[generation.Generation, list[dict[int, bytes]]]:
    people = [world.anna, world.joerg, world.charlie]
    parts = world.parts[1]
    made, boxes = generation.make(world.state.id, 1, parts, [world.anna.state], [person.state for person in people])
    held = []
    for person, holder in zip(people, made.holders, strict=True):
        box = next(b.box for b in boxes if b.index == holder.index)
        held.append(archive.open_holder_box(key_of(person), world.state.id, made, holder, box))
    return made, held


def test_m37_each_holder_has_all_parts_but_one(world: World) -> None:
    _, held = archived(world)
    assert [set(h) for h in held] == [{2, 3}, {1, 3}, {1, 2}]


@pytest.mark.parametrize(("first", "second"), [(0, 1), (1, 2), (2, 0), (1, 0)])
def test_any_two_holders_open_the_generation(world: World, first: int, second: int) -> None:
    made, held = archived(world)
    people = [world.anna, world.joerg, world.charlie]
    lacking = first + 1
    box = archive.release(world.state.id, made, held[second], lacking, people[first].state)
    user = people[first].state.id
    assert archive.combine(key_of(people[first]), world.state.id, made, held[first], user, 1, box) == world.secret()
    with pytest.raises(SealRefused, match="box_invalid"):
        archive.combine(key_of(people[second]), world.state.id, made, held[first], user, 1, box)


def test_m37_holder_finds_a_wrong_part_on_arrival(world: World) -> None:
    made, _ = archived(world)
    holder = made.holders[0]
    info = generation.holder_info(world.state.id, 1, made.commitments, holder.user, 1, 1)
    for wrong, code in ((bytes(64), "commitment_mismatch"), (bytes(63), "parts_length"), (bytes(96), "parts_length")):
        box = seal(key_of(world.anna).public, info, wrong)
        lie = replace(holder, box=sha256(box))
        with pytest.raises(SealRefused, match=code):
            archive.open_holder_box(key_of(world.anna), world.state.id, made, lie, box)
    with pytest.raises(SealRefused, match="box_hash_mismatch"):
        archive.open_holder_box(key_of(world.anna), world.state.id, made, holder, bytes(2000))


def test_m37_released_part_is_checked(world: World) -> None:
    made, held = archived(world)
    box = archive.release(world.state.id, made, {1: bytes(32)}, 1, world.anna.state)
    with pytest.raises(SealRefused, match="commitment_mismatch"):
        archive.combine(key_of(world.anna), world.state.id, made, held[0], world.anna.state.id, 1, box)


def test_auditor_reads_exactly_the_scope(world: World) -> None:
    inside, outside = world.message(world.anna, Text("gesucht")), world.message(world.anna, Text("privat"))
    keys = {inside.header.message_id: messages.message_key(world.secret(), inside.header)}
    box = archive.seal_audit(bytes(16), world.state.id, 1, keys, world.charlie.state)
    charlie = world.charlie.state.id
    got = archive.open_audit(key_of(world.charlie), bytes(16), world.state.id, 1, charlie, 1, box)
    assert got == keys
    key = got[inside.header.message_id]
    assert messages.open_with_key(key, inside, world.state, world.users).content == Text("gesucht")
    with pytest.raises(SealRefused, match="seal_invalid"):
        messages.open_with_key(key, outside, world.state, world.users)
    for case, who in ((b"\1" * 16, world.charlie), (bytes(16), world.joerg)):
        with pytest.raises(SealRefused, match="box_invalid"):
            archive.open_audit(key_of(who), case, world.state.id, 1, charlie, 1, box)


@settings(max_examples=60)
@given(
    st.recursive(
        st.integers(0, 2**52) | st.binary(max_size=33) | st.none() | st.booleans(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.integers(0, 23), inner, max_size=3),
        max_leaves=8,
    )
)
def test_whatever_stands_in_a_box_only_protocol_errors_come_out(value: object) -> None:
    key = BoxKey(bytes(32))
    data = pad(encode(value))
    known = {1: generation.Generation(1, (bytes(32),) * 3, (), ())}
    box = seal(key.public, tagged(Label.GRANT_BOX, bytes(16), 1, 1, bytes(32), 1), data)
    with pytest.raises(ProtocolError):
        grants.open_grant(key, bytes(16), known, (1, 1), bytes(32), 1, box, sha256(box))
    box = seal(key.public, tagged(Label.AUDIT, bytes(16), bytes(16), 1, bytes(32), 1), data)
    try:
        keys = archive.open_audit(key, bytes(16), bytes(16), 1, bytes(32), 1, box)
    except ProtocolError:
        return
    assert keys == {}


def test_every_flipped_bit_of_a_grant_is_refused(world: World) -> None:
    box, known = granted(world)
    key = key_of(world.charlie)
    for changed in flips(box):
        with pytest.raises(SealRefused):
            grants.open_grant(
                key,
                world.state.id,
                known,
                (1, 3),
                world.charlie.state.id,
                1,
                changed,
                sha256(changed),
            )


def test_parts_do_not_show_in_repr(world: World) -> None:
    assert repr(world.parts[1]) == "Parts(***)"
