"""Adding a device by scanning what the new one shows (docs/protocol.md, 11.1): no secret on a screen lets anybody in."""

import hmac

from werkfunk.protocol.boxes import BoxKey, seal
from werkfunk.protocol.cbor import tagged
from werkfunk.protocol.errors import EncodingRefused, KeyRefused
from werkfunk.protocol.kdf import derive, tagged_hash
from werkfunk.protocol.labels import Label
from werkfunk.protocol.links import DeviceLink, OfferLink, from_bytes, to_bytes


def make_offer(signing: bytes, box: bytes, nonce: bytes) -> OfferLink:
    """What a device with these public keys shows; `nonce` is 32 fresh random bytes that the server never gets."""
    return OfferLink(nonce, tagged_hash(Label.DEVICE_OFFER, signing, box, nonce))


def offer_handle(offer: OfferLink) -> bytes:
    """Where keys and answer lie at the server, 16 bytes."""
    return derive(offer.nonce, b"", tagged(Label.OFFER_HANDLE))[:16]


def check_offer(offer: OfferLink, signing: bytes, box: bytes) -> None:
    """The keys must be those of the device whose code was scanned. [M42]

    Raises:
        KeyRefused: `offer_mismatch`.
    """
    if not hmac.compare_digest(make_offer(signing, box, offer.nonce).hash, offer.hash):
        raise KeyRefused("offer_mismatch")


def seal_answer(offer: OfferLink, box: bytes, link: DeviceLink) -> bytes:
    """The device link for the offered box key. Raises KeyRefused."""
    return seal(box, _info(offer), to_bytes(link)[1])


def open_answer(offer: OfferLink, key: BoxKey, answer: bytes) -> DeviceLink:
    """The new device's way in. The nonce in the info is what a server lacks that would like to answer itself. [M42]

    Raises:
        SealRefused: `box_invalid`. EncodingRefused: `link_form`.
    """
    link = from_bytes("d", key.open(_info(offer), answer))
    if not isinstance(link, DeviceLink):
        raise EncodingRefused("link_form")
    return link


def _info(offer: OfferLink) -> bytes:
    return tagged(Label.OFFER_ANSWER, offer.nonce, offer.hash)
