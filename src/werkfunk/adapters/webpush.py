"""Web Push messages: sealed for one browser (RFC 8291 over RFC 8188) and signed by this server (RFC 8292, VAPID).

Pure: keys, salts and times are arguments. The push service sees the address, the times and one constant length;
only the browser that made the subscription opens the payload.
"""

import base64
import json
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CURVE = ec.SECP256R1()
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
PAYLOAD_SIZE = 192
"""Every payload is padded to this many bytes, so that its length says nothing."""
RECORD_SIZE = 4096
TOKEN_S = 12 * 3_600
"""Life of a VAPID token; RFC 8292 allows 24 hours, clocks that disagree get the rest."""
SECRET_SIZE = 16
POINT_SIZE = 65


def b64(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def point(public: bytes) -> ec.EllipticCurvePublicKey:
    """A P-256 key from its uncompressed point. Raises ValueError."""
    if len(public) != POINT_SIZE:
        raise ValueError("not an uncompressed P-256 point")
    return ec.EllipticCurvePublicKey.from_encoded_point(CURVE, public)


def raw(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The uncompressed public point of a key (65 bytes)."""
    numbers = key.public_key().public_numbers()
    return b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


def seal(
    payload: bytes, public: bytes, auth: bytes, ephemeral: ec.EllipticCurvePrivateKey, salt: bytes, size: int
) -> bytes:
    """Seal `payload` for a subscription: one record of `aes128gcm` (RFC 8291 section 3, RFC 8188 section 2).

    Args:
        payload: what the service worker is to read.
        public: the subscription's `p256dh`, 65 bytes.
        auth: the subscription's `auth`, 16 bytes.
        ephemeral: a fresh P-256 key, used once.
        salt: 16 fresh random bytes, used once.
        size: pad to this many bytes before sealing (no padding if the payload is longer).

    Raises:
        ValueError: `public` is no point of the curve.
    """
    own = raw(ephemeral)
    shared = ephemeral.exchange(ec.ECDH(), point(public))
    secret = _hkdf(auth, shared, b"WebPush: info\0" + public + own, 32)
    key = _hkdf(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _hkdf(salt, secret, b"Content-Encoding: nonce\0", 12)
    # 2 is the delimiter of the last (here: only) record, followed by the padding.
    record = payload + b"\x02" + bytes(max(0, size - len(payload)))
    header = salt + struct.pack(">IB", RECORD_SIZE, len(own)) + own
    return header + AESGCM(key).encrypt(nonce, record, None)


class Vapid:
    """The server's identity towards push services."""

    def __init__(self, secret: bytes, contact: str) -> None:
        """Make the key from `secret` (64 bytes, so that no scalar is likelier); `contact` is a mailto: or https: URL."""
        number = int.from_bytes(secret, "big") % (ORDER - 1) + 1
        self._key = ec.derive_private_key(number, CURVE)
        self.public = raw(self._key)
        self._contact = contact
        self._tokens: dict[str, tuple[int, str]] = {}

    def authorization(self, origin: str, now: int) -> str:
        """The Authorization header for a push service's origin; `now` in ms. Tokens are used again for half their life."""
        seconds = now // 1000
        end, token = self._tokens.get(origin, (0, ""))
        if not seconds < end - TOKEN_S // 2 <= seconds + TOKEN_S:
            end = seconds + TOKEN_S
            claims = {"aud": origin, "exp": end} | ({"sub": self._contact} if self._contact else {})
            token = self._sign({"typ": "JWT", "alg": "ES256"}, claims)
            self._tokens[origin] = end, token
        return f"vapid t={token}, k={b64(self.public)}"

    def _sign(self, header: dict[str, str], claims: dict[str, object]) -> str:
        """A JWT with ES256 (RFC 7515, RFC 7518 section 3.4: r and s, 32 bytes each)."""
        signed = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
