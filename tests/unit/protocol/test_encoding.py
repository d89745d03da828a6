"""CBOR, labels, COSE, padding and records (docs/protocol.md, 1)."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from protocol_world import flips

from werkfunk.protocol import cbor, cose, padding, records
from werkfunk.protocol.errors import EncodingRefused, ProtocolError, SealRefused
from werkfunk.protocol.kdf import derive, sha256, tagged_hash
from werkfunk.protocol.labels import Label
from werkfunk.protocol.signing import SigningKey

INTEGERS = st.integers(1 - 2**53, 2**53 - 1)
LEAVES = st.none() | st.booleans() | INTEGERS | st.binary(max_size=40) | st.text(max_size=40)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.integers(0, 23), inner, max_size=5)
        | st.dictionaries(st.text(max_size=9), inner, max_size=5)
    ),
    max_leaves=20,
)
SPECIFICATION = Path(__file__).parents[3] / "docs" / "protocol.md"


@given(VALUES)
def test_m1_what_is_encoded_decodes_to_the_same(value: cbor.Value) -> None:
    data = cbor.encode(value)
    assert cbor.decode(data) == value
    assert cbor.encode(cbor.decode(data)) == data


@given(st.binary(max_size=64))
def test_m1_bytes_decode_only_if_they_are_the_one_encoding(data: bytes) -> None:
    try:
        value = cbor.decode(data)
    except EncodingRefused:
        return
    assert cbor.encode(value) == data


@given(st.dictionaries(st.text(max_size=5), st.just(0), max_size=8))
def test_m1_text_keys_stand_in_the_order_of_rfc_8949(value: dict[str, int]) -> None:
    keys = sorted(cbor2.dumps(key) for key in value)
    assert cbor.encode(value)[1:] == b"".join(key + b"\0" for key in keys)


@pytest.mark.parametrize(
    "value",
    [1.0, 2**53, -(2**53), {24: 0}, {-1: 0}, {True: 0}, {0: 0, "a": 0}, {b"": 0}, {1}, (1,), bytearray(1), "\ud800"],
    ids=repr,
)
def test_m1_what_may_not_be_sent_is_not_encoded(value: cbor.Value) -> None:
    with pytest.raises(EncodingRefused):
        cbor.encode(value)


def test_m1_depth_16_is_allowed_and_17_is_not() -> None:
    assert cbor.decode(b"\x81" * 16 + b"\0")
    with pytest.raises(EncodingRefused):
        cbor.decode(b"\x81" * 17 + b"\0")
    with pytest.raises(EncodingRefused):
        cbor.decode(b"\x81" * 100_000 + b"\0")


def test_m2_tagged_array_starts_with_suite_and_label() -> None:
    assert cbor.tagged(Label.PART, b"x", 7) == bytes.fromhex("84 01 64 70617274 41 78 07")
    assert tagged_hash(Label.PART, 1) == hashlib.sha256(bytes.fromhex("83 01 64 70617274 01")).digest()


def test_m2_labels_are_those_of_the_specification() -> None:
    section = SPECIFICATION.read_text(encoding="utf-8").split("## 13. Labels")[1].split("`channel` is")[0]
    assert re.findall(r"`([a-z ]+)`", section) == [label.value for label in Label]


def test_kdf_is_hkdf_sha256() -> None:
    """RFC 5869: extract, then the first block of expand."""
    for salt in (b"", b"salt"):
        prk = hmac.digest(salt or bytes(32), b"ikm", "sha256")
        assert derive(b"ikm", salt, b"info") == hmac.digest(prk, b"info\x01", "sha256")
    assert sha256(b"abc").hex().startswith("ba7816bf")


KEY = SigningKey(bytes(range(32)))
SECRET, IV = bytes(32), bytes(12)


def test_m3_every_flipped_bit_of_a_signed_object_is_refused() -> None:
    data = cose.sign1(KEY, Label.STATEMENT, b"payload")
    assert cose.verify1(data, KEY.public, Label.STATEMENT) == b"payload" == cose.payload_of(data)
    for changed in flips(data):
        with pytest.raises(ProtocolError):
            cose.verify1(changed, KEY.public, Label.STATEMENT)


def test_m3_every_flipped_bit_of_an_encrypted_object_is_refused() -> None:
    data = cose.encrypt0(SECRET, IV, b"aad", b"plaintext")
    assert cose.decrypt0(SECRET, b"aad", data) == b"plaintext"
    for changed in flips(data):
        with pytest.raises(ProtocolError):
            cose.decrypt0(SECRET, b"aad", changed)


def test_m3_signature_covers_rfc_9052_sig_structure() -> None:
    """RFC 9052, 4.4: ["Signature1", protected, external_aad, payload]."""
    to_sign = cbor2.dumps(["Signature1", cbor2.dumps({1: -19}), cbor.tagged(Label.CONTENT), b"x"])
    header = cbor2.dumps({1: -19})
    assert cose.sign1(KEY, Label.CONTENT, b"x") == cbor2.dumps([header, {}, b"x", KEY.sign(to_sign)])


def test_m3_another_label_does_not_verify() -> None:
    data = cose.sign1(KEY, Label.STATEMENT, b"")
    with pytest.raises(ProtocolError, match="signature_invalid"):
        cose.verify1(data, KEY.public, Label.CONTENT)


def test_m3_another_aad_does_not_open() -> None:
    with pytest.raises(SealRefused, match="seal_invalid"):
        cose.decrypt0(SECRET, b"other", cose.encrypt0(SECRET, IV, b"aad", b""))


@given(st.binary(max_size=300))
def test_m4_padding_comes_off_as_it_went_on(data: bytes) -> None:
    padded = padding.pad(data)
    assert padding.unpad(padded) == data
    assert len(padded) >= 256


@given(st.integers(2, 2**48))
def test_m4_padme_wastes_at_most_twelve_percent(length: int) -> None:
    padded = padding.padme(length)
    assert length <= padded <= length * 1.12
    assert padding.padme(padded) == padded


def test_m4_padme_is_the_formula_of_the_specification() -> None:
    for length in range(2, 5000):
        e = length.bit_length() - 1
        step = 2 ** max(0, e - (e.bit_length()))
        assert padding.padme(length) == -(-length // step) * step


def test_m4_each_padding_byte_must_be_zero() -> None:
    padded = padding.pad(b"abc")
    for i in range(7, len(padded)):
        with pytest.raises(EncodingRefused, match="padding_invalid"):
            padding.unpad(padded[:i] + b"\1" + padded[i + 1 :])


@given(st.binary(max_size=600))
def test_m4_any_bytes_are_refused_or_padded_bytes(data: bytes) -> None:
    try:
        inner = padding.unpad(data)
    except EncodingRefused:
        return
    assert padding.pad(inner) == data


class Colour(IntEnum):
    RED = 1


@dataclass(frozen=True, slots=True)
class Inner(records.Record):
    id: bytes = records.at(0, records.ID16)


@dataclass(frozen=True, slots=True)
class Sample(records.Record):
    count: int = records.at(0, records.between(1, 3))
    colour: Colour = records.at(1, records.one_of(Colour))
    inner: tuple[Inner, ...] = records.at(2, records.each(records.record(Inner), 2))
    name: str | None = records.at(3, records.text(5), optional=True)


GOOD = {0: 1, 1: 1, 2: [{0: bytes(16)}], 3: "x"}


def test_m7_record_and_map_are_each_others_inverse() -> None:
    sample = Sample.from_map(GOOD)
    assert sample == Sample(1, Colour.RED, (Inner(bytes(16)),), "x")
    assert sample.to_map() == GOOD
    assert Sample.from_bytes(sample.to_bytes()) == sample
    without = {k: v for k, v in GOOD.items() if k != 3}
    assert Sample.from_map(without).to_map() == without


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({4: 0}, "unknown key"),
        ({0: None}, "count"),
        ({0: True}, "count"),
        ({0: 4}, "count"),
        ({1: 2}, "colour"),
        ({1: True}, "colour"),
        ({2: [{0: b""}]}, "id"),
        ({2: [{0: bytes(16)}] * 3}, "inner"),
        ({2: {}}, "inner"),
        ({3: None}, "name"),
        ({3: "xxxxxx"}, "name"),
    ],
)
def test_m7_wrong_fields_are_refused_and_named(change: dict[int, object], where: str) -> None:
    with pytest.raises(EncodingRefused, match=where) as caught:
        Sample.from_map({**GOOD, **change})
    assert caught.value.code == "record_form"


@pytest.mark.parametrize("key", [0, 1, 2])
def test_m7_missing_fields_are_refused(key: int) -> None:
    with pytest.raises(EncodingRefused, match="missing"):
        Sample.from_map({k: v for k, v in GOOD.items() if k != key})


@given(VALUES)
def test_m7_any_value_is_refused_or_comes_back_the_same(value: cbor.Value) -> None:
    try:
        sample = Sample.from_map(value)
    except EncodingRefused:
        return
    assert sample.to_map() == value
