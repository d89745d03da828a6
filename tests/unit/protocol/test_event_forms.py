"""The quick ways of the server's hottest functions take and give exactly what the plain ones do."""

from hypothesis import given
from hypothesis import strategies as st

from werkfunk.protocol.cbor import encode
from werkfunk.protocol.errors import ProtocolError
from werkfunk.protocol.events import Event, EventKind, Header, _any_event, _message, next_head, parse_event
from werkfunk.protocol.kdf import tagged_hash
from werkfunk.protocol.labels import Label

ids = st.binary(min_size=16, max_size=16)
hashes = st.binary(min_size=32, max_size=32)
generations = st.one_of(st.integers(0, 70_000), st.sampled_from([23, 24, 255, 256, 65_535, 65_536, 2**32, 2**53 - 1]))
bodies = st.integers(0, 70_000).map(bytes) | st.binary(max_size=300)
events = st.builds(
    Event,
    st.builds(Header, ids, generations, ids, ids, st.just(EventKind.MESSAGE), st.none()),
    bodies,
)


def plain(data: bytes) -> Event | str:
    try:
        return _any_event(data)
    except ProtocolError as error:
        return error.code


def quick(data: bytes) -> Event | str:
    try:
        return parse_event(data)
    except ProtocolError as error:
        return error.code


@given(events)
def test_a_message_is_read_the_same_both_ways(event: Event) -> None:
    data = event.to_bytes()
    assert quick(data) == plain(data) == event


@given(events, st.data())
def test_spoilt_bytes_are_refused_or_read_the_same_both_ways(event: Event, data: st.DataObject) -> None:
    spoilt = bytearray(event.to_bytes()[:400])
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, min(len(spoilt) - 1, 80)))
        match data.draw(st.sampled_from(["change", "insert", "drop"])):
            case "change":
                spoilt[place] = data.draw(st.integers(0, 255))
            case "insert":
                spoilt.insert(place, data.draw(st.integers(0, 255)))
            case _:
                del spoilt[place]
    assert quick(bytes(spoilt)) == plain(bytes(spoilt))


def test_longer_lengths_than_needed_are_refused_by_both() -> None:
    event = Event(Header(bytes(16), 1, bytes(16), bytes(16), EventKind.MESSAGE), bytes(30)).to_bytes()
    long_generation = event.replace(b"\x01\x01\x02\x50", b"\x01\x18\x01\x02\x50", 1)
    long_body = event.replace(b"\x04\x00\x58\x1e", b"\x04\x00\x59\x00\x1e", 1)
    for data in (long_generation, long_body, event + b"\x00", event[:-1]):
        assert data != event
        assert _message(data) is None
        assert isinstance(plain(data), str)
        assert quick(data) == plain(data)


def test_an_ordinary_message_goes_the_quick_way() -> None:
    for generation in (1, 23, 24, 255, 256, 65_535):
        for size in (24, 255, 256, 65_000):
            event = Event(Header(b"c" * 16, generation, b"d" * 16, b"m" * 16, EventKind.MESSAGE), bytes(size))
            assert _message(event.to_bytes()) == event


@given(ids, generations, generations, hashes, hashes)
def test_the_logs_head_is_the_tagged_hash(room: bytes, seq: int, time: int, before: bytes, event: bytes) -> None:
    assert next_head(room, seq, time, before, event) == tagged_hash(Label.LOG_HEAD, room, seq, time, before, event)


def test_the_heads_prefix_is_what_the_encoder_makes() -> None:
    assert encode([1, "log head", bytes(16), 0, 0, bytes(32), bytes(32)]).startswith(b"\x87\x01\x68log head\x50")
