"""What people read, type and scan (docs/protocol.md, 10 and 11)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from werkfunk.protocol import codes, links
from werkfunk.protocol.cbor import encode
from werkfunk.protocol.errors import EncodingRefused
from werkfunk.protocol.identity import RecipientKeys
from werkfunk.protocol.kdf import sha256
from werkfunk.protocol.statements import Head

IDS = st.binary(min_size=32, max_size=32)
SEEDS = st.binary(min_size=16, max_size=16)


@given(IDS, IDS, IDS)
def test_verification_number_is_the_same_for_both(organisation: bytes, one: bytes, other: bytes) -> None:
    number = codes.verification_number(organisation, one, other)
    assert number == codes.verification_number(organisation, other, one)
    assert [len(group) for group in number.split(" ")] == [5] * 12
    digest = sha256(encode([1, "verification", organisation, sorted([one, other])]))
    assert int(number.replace(" ", "")) == int.from_bytes(digest, "big") % 10**60


def test_verification_number_depends_on_people_and_organisation() -> None:
    a, b, c = (bytes([i]) * 32 for i in range(3))
    assert len({codes.verification_number(*ids) for ids in ((a, b, c), (b, a, c), (c, a, b), (a, b, b))}) == 4


@given(SEEDS)
def test_m35_recovery_code_is_read_as_it_was_printed(seed: bytes) -> None:
    code = codes.encode_recovery(seed)
    assert [len(group) for group in code.split("-")] == [4] * 7
    assert codes.decode_recovery(code) == seed


@given(SEEDS)
def test_m35_reading_is_case_blind_and_kind(seed: bytes) -> None:
    code = codes.encode_recovery(seed)
    typed = code.lower().replace("-", "  ").replace("0", "o").replace("1", "l")
    assert codes.decode_recovery(f" {typed}\n") == seed
    assert codes.decode_recovery(code.replace("0", "O").replace("1", "I").replace("-", "")) == seed


def test_m35_every_single_typo_is_found() -> None:
    """A wrong symbol changes 5 bits in a row; the 12-bit checksum misses one in 4096, and here none."""
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    code = codes.encode_recovery(bytes(range(16)))
    for i, right in enumerate(code):
        for wrong in alphabet if right != "-" else "":
            if wrong != right:
                with pytest.raises(EncodingRefused, match="recovery_code_checksum"):
                    codes.decode_recovery(code[:i] + wrong + code[i + 1 :])


@pytest.mark.parametrize("typed", ["U", "ß", "ſ", "ı", "!", "\u0660"])
def test_m35_symbols_outside_of_the_alphabet_are_refused(typed: str) -> None:
    code = codes.encode_recovery(bytes(16))
    with pytest.raises(EncodingRefused, match="recovery_code_symbol"):
        codes.decode_recovery(typed + code[1:])


@given(st.text(max_size=50))
def test_m35_any_text_is_a_code_or_refused(text: str) -> None:
    try:
        seed = codes.decode_recovery(text)
    except EncodingRefused:
        return
    assert len(seed) == 16


def test_recipient_keys_follow_from_the_seed_alone() -> None:
    one, same, other = RecipientKeys(bytes(16)), RecipientKeys(bytes(16)), RecipientKeys(b"\1" * 16)
    assert (one.id, one.handle, one.key.public, one.box.public) == (
        same.id,
        same.handle,
        same.key.public,
        same.box.public,
    )
    assert len({one.id, one.handle, other.id, other.handle}) == 4


LINKS = st.one_of(
    st.builds(links.InviteLink, IDS, IDS, IDS),
    st.builds(links.SetupLink, SEEDS),
    st.builds(
        links.DeviceLink,
        IDS,
        st.builds(Head, st.integers(0, 2**53 - 1), IDS),
        IDS,
        st.builds(Head, st.integers(0, 9), IDS),
        SEEDS,
    ),
)


@given(LINKS)
def test_m36_link_comes_back_from_its_url(link: links.Link) -> None:
    url = links.to_url("https://funk.example/", link)
    assert url.startswith("https://funk.example/#")
    assert links.parse_url(f" {url}\n") == ("https://funk.example", link)


@given(LINKS)
def test_m36_secrets_stand_in_the_fragment_and_not_in_repr(link: links.Link) -> None:
    url = links.to_url("https://funk.example", link)
    assert url.partition("#")[0] == "https://funk.example/"
    secret = link.secret if isinstance(link, links.SetupLink) else link.seed
    if len(set(secret)) > 4:
        assert repr(secret)[2:-1] not in repr(link)
        assert secret.hex() not in repr(link)


@given(LINKS, st.data())
def test_m36_changed_or_cut_links_never_come_back_as_they_were(link: links.Link, data: st.DataObject) -> None:
    url = links.to_url("https://funk.example", link)
    at = data.draw(st.integers(22, len(url) - 1))
    letter = data.draw(st.sampled_from("ABCxyz019-_+/=#& ä"))
    for changed in (url[:at], url[:at] + letter + url[at + 1 :], url[:at] + letter + url[at:]):
        if changed.strip() == url:
            continue
        try:
            found = links.parse_url(changed)
        except EncodingRefused:
            continue
        assert found != ("https://funk.example", link)


@given(st.text(max_size=60))
def test_m36_any_text_is_refused(text: str) -> None:
    for url in (text, f"https://x/#i={text}", f"https://x/#d={text}"):
        with pytest.raises(EncodingRefused):
            links.parse_url(url)
